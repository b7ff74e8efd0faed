// The fixes of each label, the safest and most specific first.
import type { ErrorLabel } from '../verdict.ts';
import { fill } from './fill.ts';
import type { Fix } from './fix.ts';
import type { LogEntry } from '../reading/log-entry.ts';
import { placeholdersIn } from './placeholders.ts';

/** A fix, and which texts it is for; all if undefined. */
interface CatalogFix extends Fix { when?: RegExp }

/** May be done without asking, once a probe has confirmed the cause. */
const safe = { risk: 'low', reversible: true, needsRoot: true, automatic: true } as const;
/** Only shows something, or is for a person to do. */
const shows = { risk: 'none', reversible: true, needsRoot: false, automatic: false } as const;
const restartsUnit = { command: ['systemctl', 'restart', '{unit}'], probe: 'unit-failed', precheck: ['systemctl', 'cat', '{unit}'], verify: ['systemctl', 'is-active', '{unit}'] } satisfies Partial<Fix>;

export const catalog: Readonly<Partial<Record<ErrorLabel, readonly CatalogFix[]>>> = {
  DISK_FULL: [
    { id: 'disk/apt-cache', what: 'Delete downloaded package files', why: 'apt keeps the archives of what it has installed, and can download them again.', command: ['apt-get', 'clean'], probe: 'disk-full', ...safe },
    { id: 'disk/pip-cache', what: 'Delete cached Python packages', why: 'pip keeps what it has downloaded, and can download it again.', command: ['python3', '-m', 'pip', 'cache', 'purge'], probe: 'disk-full', ...safe },
    { id: 'disk/journal', what: 'Reduce the journal to 100 MB', why: 'Old log entries use space that programs need now.', command: ['journalctl', '--vacuum-size=100M'], risk: 'low', reversible: false, needsRoot: true, automatic: false },
    { id: 'disk/grow', what: 'Ask the host for a larger disk', why: 'What can be deleted without loss may not be enough.', ...shows, reversible: false },
  ],
  OUT_OF_MEMORY: [
    { id: 'memory/restart-unit', what: 'Restart {unit}', why: 'The kernel ended a process of {unit}; a restart frees what is left of it.', ...restartsUnit, ...safe, risk: 'medium' },
    { id: 'memory/profile', what: 'Ask the host for a profile with more memory', why: 'The programs need more memory than the VM has.', ...shows },
  ],
  NETWORK_FAILURE: [
    { id: 'network/bring-up', what: "Set this VM's address and route again", why: 'The network device is off, or has lost its route.', command: ['systemctl', 'restart', 'somnus-network.service'], probe: 'network-down', ...safe, when: /unreachable|resolv|no route|network is down|timed? ?out|name or service/i },
    { id: 'network/certificates', what: 'Build the list of trusted certificates again', why: 'The other side has a certificate that this VM does not trust. A certificate of your own belongs into /usr/local/share/ca-certificates first.', command: ['update-ca-certificates'], risk: 'low', reversible: true, needsRoot: true, automatic: false, when: /certificate|x509|\btls\b|\bssl\b/i },
    { id: 'network/name', what: 'Check that {host} resolves', why: 'The name of {host} could not be turned into an address, or nothing answers there.', command: ['getent', 'ahosts', '{host}'], verify: ['getent', 'ahosts', '{host}'], ...shows },
    { id: 'network/policy', what: 'Check the network policy of this environment', why: 'Under `packages` and `none` most hosts cannot be reached.', ...shows },
  ],
  DEPENDENCY_MISSING: [
    { id: 'dependency/pip', what: 'Install {distribution} for Python', why: 'The module {module} is not installed.', command: ['python3', '-m', 'pip', 'install', '{distribution}'], verify: ['python3', '-c', 'import importlib, sys; importlib.import_module(sys.argv[1])', '{module}'], risk: 'medium', reversible: true, needsRoot: true, automatic: false },
    { id: 'dependency/apt', what: 'Install the package {program}', why: 'The program {program} is not installed.', command: ['apt-get', 'install', '--yes', '{program}'], precheck: ['apt-cache', 'show', '{program}'], verify: ['dpkg', '--status', '{program}'], risk: 'medium', reversible: true, needsRoot: true, automatic: false },
    { id: 'dependency/apt-search', what: 'Look for a package called {package}', why: 'A program or module called {package} is not installed.', command: ['apt-cache', 'policy', '{package}'], ...shows },
    { id: 'dependency/by-hand', what: 'Install what the message names', why: 'A module, library or program is missing, or has a version that does not fit.', ...shows, risk: 'low' },
  ],
  PERMISSION_DENIED: [
    { id: 'permission/executable', what: 'Make {executable} executable', why: 'systemd or a shell may not run {executable}.', command: ['chmod', 'a+x', '{executable}'], precheck: ['test', '-f', '{executable}'], verify: ['test', '-x', '{executable}'], risk: 'medium', reversible: true, needsRoot: true, automatic: false },
    { id: 'permission/show', what: 'Show who may use {path}', why: 'The process has no right to {path}.', command: ['namei', '-l', '{path}'], ...shows },
    { id: 'permission/readable', what: 'Let everyone read {path}', why: 'The process may not read {path}. Do not do this to secrets.', command: ['chmod', 'a+rX', '{path}'], precheck: ['test', '-e', '{path}'], risk: 'high', reversible: true, needsRoot: true, automatic: false },
    { id: 'permission/by-hand', what: 'Run the program as a user who has the right, or grant it', why: 'Which of the two is right depends on what the program is for.', ...shows, risk: 'medium' },
  ],
  AUTH_ERROR: [{ id: 'auth/by-hand', what: 'Give the program a valid credential', why: 'The other side refused the key, password or token.', ...shows }],
  CONFIG_ERROR: [
    { id: 'config/port', what: 'Show which process listens on port {port}', why: 'Two programs want port {port}.', command: ['ss', '-ltnp', 'sport', '=', ':{port}'], ...shows },
    { id: 'config/verify-unit', what: 'Check the unit file of {unit}', why: 'systemd refuses {unit} or part of it.', command: ['systemd-analyze', 'verify', '{unit}'], ...shows },
    { id: 'config/revert-unit', what: "Return {unit} to its package's version", why: 'Changes to {unit} are not valid.', command: ['systemctl', 'revert', '{unit}'], precheck: ['systemctl', 'cat', '{unit}'], verify: ['systemd-analyze', 'verify', '{unit}'], risk: 'medium', reversible: false, needsRoot: true, automatic: false, when: /unknown (?:key|lvalue|section)|refusing|bad[ -](?:setting|unit)|invalid section|failed to parse/i },
    { id: 'config/by-hand', what: 'Correct the setting that the message names', why: 'The program does not accept its configuration.', ...shows },
  ],
  CUDA_ERROR: [{ id: 'gpu/state', what: 'Show the state of the GPU', why: 'The GPU, its driver or its memory refused the work.', command: ['nvidia-smi'], ...shows }],
  RUNTIME_ERROR: [
    { id: 'runtime/unit', what: 'Restart {unit}', why: '{unit} ended with an error of its own.', ...restartsUnit, ...safe },
    { id: 'runtime/by-hand', what: 'Read the trace', why: 'The program has a fault; its trace names the place.', ...shows },
  ],
};

/** The fixes that an entry's label has and whose placeholders its text fills, or its place if that is a unit. */
export function fixesFor(label: ErrorLabel, entry: LogEntry, place = ''): Fix[] {
  const found = placeholdersIn(entry);
  if (found.unit === undefined && place.endsWith('.service')) found.unit = place;
  return (catalog[label] ?? []).filter(({ when }) => when?.test(entry.text) !== false).map((each) => {
    const { when: _, ...fix } = each;
    return fill(fix, found);
  }).filter((fix) => fix !== undefined);
}
