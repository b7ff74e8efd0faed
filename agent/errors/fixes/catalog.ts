// The fixes of each label, the safest and most specific first.
import type { ErrorLabel } from '../verdict.ts';
import { fill } from './fill.ts';
import type { Fix } from './fix.ts';
import type { LogEntry } from '../reading/log-entry.ts';
import { mirrorFixes } from './package-mirrors.ts';
import { placeholdersIn } from './placeholders.ts';

/** A fix, and the texts that it applies to; all if undefined. */
interface CatalogFix extends Fix { when?: RegExp }

/** May be applied automatically, once a probe has confirmed the cause. */
const safe = { risk: 'low', reversible: true, needsRoot: true, automatic: true } as const;
/** Only shows something, or must be done by a person. */
const shows = { risk: 'none', reversible: true, needsRoot: false, automatic: false } as const;
const restartsUnit = { command: ['systemctl', 'restart', '{unit}'], probe: 'unit-failed', precheck: ['systemctl', 'cat', '{unit}'], verify: ['systemctl', 'is-active', '{unit}'] } satisfies Partial<Fix>;

export const catalog: Readonly<Partial<Record<ErrorLabel, readonly CatalogFix[]>>> = {
  DISK_FULL: [
    { id: 'disk/apt-cache', what: 'Delete downloaded package files', why: 'apt keeps the archives of packages that it has installed, and can download them again.', command: ['apt-get', 'clean'], probe: 'disk-full', ...safe },
    { id: 'disk/pip-cache', what: 'Delete cached Python packages', why: 'pip keeps the packages that it has downloaded, and can download them again.', command: ['python3', '-m', 'pip', 'cache', 'purge'], probe: 'disk-full', ...safe },
    { id: 'disk/journal', what: 'Reduce the journal to 100 MB', why: 'Old log entries use space that programs need now.', command: ['journalctl', '--vacuum-size=100M'], risk: 'low', reversible: false, needsRoot: true, automatic: false },
    { id: 'disk/grow', host: 'larger-disk', what: 'Ask the host for a profile with a larger disk', why: 'Deleting unneeded files may not free enough space.', ...shows, reversible: false },
  ],
  OUT_OF_MEMORY: [
    { id: 'memory/restart-unit', what: 'Restart {unit}', why: 'The kernel killed a process of {unit}; a restart also frees the rest of its memory.', ...restartsUnit, ...safe, risk: 'medium' },
    { id: 'memory/profile', host: 'more-memory', what: 'Ask the host for a profile with more memory', why: 'The programs need more memory than the VM has.', ...shows },
  ],
  NETWORK_FAILURE: [
    { id: 'network/bring-up', what: "Configure the network of this VM again", why: 'The network device is down, or has no default route.', command: ['systemctl', 'restart', 'somnus-network.service'], probe: 'network-down', ...safe, when: /unreachable|resolv|no route|network is down|timed? ?out|name or service/i },
    ...mirrorFixes,
    { id: 'network/certificates', what: 'Rebuild the list of trusted certificates', why: 'The server has a certificate that this VM does not trust. First put your own certificates into /usr/local/share/ca-certificates.', command: ['update-ca-certificates'], risk: 'low', reversible: true, needsRoot: true, automatic: false, when: /certificate|x509|\btls\b|\bssl\b/i },
    { id: 'network/apt-again', what: 'Download the package lists again, with retries', why: 'A package server did not answer. It may have recovered, or a mirror may have the same files.', command: ['apt-get', '-o', 'Acquire::Retries=5', '-o', 'APT::Update::Error-Mode=any', 'update'], risk: 'low', reversible: true, needsRoot: true, automatic: false, when: /index files failed|unable to fetch some archives|temporary failure resolving/i },
    { id: 'network/listener', what: 'Show which processes listen in this VM', why: 'The connection was refused: the host is reachable, but nothing listens on that port.', command: ['ss', '-ltnp'], ...shows, when: /refused/i },
    { id: 'network/name', what: 'Check that {host} resolves', why: 'The name {host} could not be resolved, or the host does not answer.', command: ['getent', 'ahosts', '{host}'], verify: ['getent', 'ahosts', '{host}'], ...shows },
    { id: 'network/policy', what: 'Check the network policy of this environment', why: 'Under `packages` and `none` most hosts cannot be reached.', ...shows },
  ],
  DEPENDENCY_MISSING: [
    { id: 'dependency/pip', what: 'Install the Python package {distribution}', why: 'The Python module {module} is not installed.', command: ['python3', '-m', 'pip', 'install', '{distribution}'], verify: ['python3', '-c', 'import importlib, sys; importlib.import_module(sys.argv[1])', '{module}'], risk: 'medium', reversible: true, needsRoot: true, automatic: false },
    { id: 'dependency/apt', what: 'Install the package {program}', why: 'The program {program} is not installed.', command: ['apt-get', 'install', '--yes', '{program}'], precheck: ['apt-cache', 'show', '{program}'], verify: ['dpkg', '--status', '{program}'], risk: 'medium', reversible: true, needsRoot: true, automatic: false },
    { id: 'dependency/apt-search', what: 'Look for a package called {package}', why: 'A program or module called {package} is not installed.', command: ['apt-cache', 'policy', '{package}'], ...shows },
    { id: 'dependency/by-hand', what: 'Install what the message names', why: 'A module, library or program is missing, or has an incompatible version.', ...shows, risk: 'low' },
  ],
  PERMISSION_DENIED: [
    { id: 'permission/executable', what: 'Make {executable} executable', why: '{executable} has no execute permission.', command: ['chmod', 'a+x', '{executable}'], precheck: ['test', '-f', '{executable}'], verify: ['test', '-x', '{executable}'], risk: 'medium', reversible: true, needsRoot: true, automatic: false },
    { id: 'permission/show', what: 'Show the permissions of {path}', why: 'The process does not have permission to use {path}.', command: ['namei', '-l', '{path}'], ...shows },
    { id: 'permission/readable', what: 'Make {path} readable for everyone', why: 'The process does not have permission to read {path}. Do not apply this to secrets.', command: ['chmod', 'a+rX', '{path}'], precheck: ['test', '-e', '{path}'], risk: 'high', reversible: true, needsRoot: true, automatic: false },
    { id: 'permission/by-hand', what: 'Run the program as a user who has permission, or grant the permission', why: 'Which of the two is right depends on the purpose of the program.', ...shows, risk: 'medium' },
  ],
  AUTH_ERROR: [{ id: 'auth/by-hand', what: 'Give the program a valid credential', why: 'The server refused the key, password or token.', ...shows }],
  CONFIG_ERROR: [
    { id: 'config/port', what: 'Show which process listens on port {port}', why: 'Two programs use port {port}.', command: ['ss', '-ltnp', 'sport', '=', ':{port}'], ...shows },
    { id: 'config/verify-unit', what: 'Check the unit file of {unit}', why: 'systemd rejects {unit} or a part of it.', command: ['systemd-analyze', 'verify', '--man=no', '{unit}'], ...shows },
    { id: 'config/revert-unit', what: "Revert {unit} to the version in its package", why: '{unit} has invalid changes.', command: ['systemctl', 'revert', '{unit}'], precheck: ['systemctl', 'cat', '{unit}'], verify: ['systemd-analyze', 'verify', '--man=no', '{unit}'], risk: 'medium', reversible: false, needsRoot: true, automatic: false, when: /unknown (?:key|lvalue|section)|refusing|bad[ -](?:setting|unit)|invalid section|failed to parse/i },
    { id: 'config/by-hand', what: 'Correct the setting that the message names', why: 'The program does not accept its configuration.', ...shows },
  ],
  CUDA_ERROR: [{ id: 'gpu/state', what: 'Show the state of the GPU', why: 'The GPU, its driver or its memory reported an error.', command: ['nvidia-smi'], ...shows }],
  RUNTIME_ERROR: [
    { id: 'runtime/unit', what: 'Restart {unit}', why: '{unit} ended with an error.', ...restartsUnit, ...safe },
    { id: 'runtime/by-hand', what: 'Read the stack trace', why: 'The program has a bug; its stack trace shows where.', ...shows },
  ],
};

/** The fixes for the entry's label whose placeholders can be filled from its text, or from its place if that is a unit. */
export function fixesFor(label: ErrorLabel, entry: LogEntry, place = ''): Fix[] {
  const found = placeholdersIn(entry);
  if (found.unit === undefined && place.endsWith('.service')) found.unit = place;
  return (catalog[label] ?? []).filter(({ when }) => when?.test(entry.text) !== false).map((each) => {
    const { when: _, ...fix } = each;
    return fill(fix, found);
  }).filter((fix) => fix !== undefined);
}
