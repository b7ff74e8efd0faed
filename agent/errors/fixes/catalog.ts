// The fixes of each label, the safest and most specific first.
import type { ErrorLabel } from '../verdict.ts';
import { fill } from './fill.ts';
import type { Fix } from './fix.ts';
import type { LogEntry } from '../reading/log-entry.ts';
import { placeholdersIn } from './placeholders.ts';

const safe = { risk: 'low', reversible: true, needsRoot: true } as const;

export const catalog: Readonly<Partial<Record<ErrorLabel, readonly Fix[]>>> = {
  DISK_FULL: [
    { id: 'disk/apt-cache', what: 'Delete downloaded package files', why: 'apt keeps the archives of what it has installed, and can download them again.', command: ['apt-get', 'clean'], ...safe },
    { id: 'disk/journal', what: 'Reduce the journal to 100 MB', why: 'Old log entries use space that programs need now.', command: ['journalctl', '--vacuum-size=100M'], risk: 'low', reversible: false, needsRoot: true },
    { id: 'disk/grow', what: 'Ask the host for a larger disk', why: 'What can be deleted without loss may not be enough.', risk: 'none', reversible: false, needsRoot: false },
  ],
  OUT_OF_MEMORY: [
    { id: 'memory/restart-unit', what: 'Restart {unit}', why: 'The kernel ended a process of {unit}; a restart frees what is left of it.', command: ['systemctl', 'restart', '{unit}'], precheck: ['systemctl', 'cat', '{unit}'], verify: ['systemctl', 'is-active', '{unit}'], risk: 'medium', reversible: false, needsRoot: true },
    { id: 'memory/profile', what: 'Ask the host for a profile with more memory', why: 'The programs need more memory than the VM has.', risk: 'none', reversible: true, needsRoot: false },
  ],
  NETWORK_FAILURE: [
    { id: 'network/name', what: 'Check that {host} resolves', why: 'The name of {host} could not be turned into an address, or nothing answers there.', command: ['getent', 'ahosts', '{host}'], verify: ['getent', 'ahosts', '{host}'], risk: 'none', reversible: true, needsRoot: false },
    { id: 'network/policy', what: 'Check the network policy of this environment', why: 'Under `packages` and `none` most hosts cannot be reached.', risk: 'none', reversible: true, needsRoot: false },
  ],
  DEPENDENCY_MISSING: [
    { id: 'dependency/apt-search', what: 'Look for a package called {package}', why: 'A program or module called {package} is not installed.', command: ['apt-cache', 'policy', '{package}'], risk: 'none', reversible: true, needsRoot: false },
    { id: 'dependency/by-hand', what: 'Install what the message names', why: 'A module, library or program is missing, or has a version that does not fit.', risk: 'low', reversible: true, needsRoot: false },
  ],
  PERMISSION_DENIED: [
    { id: 'permission/show', what: 'Show who may use {path}', why: 'The process has no right to {path}.', command: ['namei', '-l', '{path}'], risk: 'none', reversible: true, needsRoot: false },
    { id: 'permission/by-hand', what: 'Run the program as a user who has the right, or grant it', why: 'Which of the two is right depends on what the program is for.', risk: 'medium', reversible: true, needsRoot: false },
  ],
  AUTH_ERROR: [{ id: 'auth/by-hand', what: 'Give the program a valid credential', why: 'The other side refused the key, password or token.', risk: 'none', reversible: true, needsRoot: false }],
  CONFIG_ERROR: [
    { id: 'config/verify-unit', what: 'Check the unit file of {unit}', why: 'systemd refuses {unit} or part of it.', command: ['systemd-analyze', 'verify', '{unit}'], risk: 'none', reversible: true, needsRoot: false },
    { id: 'config/port', what: 'Show which process listens on port {port}', why: 'Two programs want port {port}.', command: ['ss', '-ltnp', 'sport', '=', ':{port}'], risk: 'none', reversible: true, needsRoot: false },
    { id: 'config/by-hand', what: 'Correct the setting that the message names', why: 'The program does not accept its configuration.', risk: 'none', reversible: true, needsRoot: false },
  ],
  CUDA_ERROR: [{ id: 'gpu/state', what: 'Show the state of the GPU', why: 'The GPU, its driver or its memory refused the work.', command: ['nvidia-smi'], risk: 'none', reversible: true, needsRoot: false }],
  RUNTIME_ERROR: [
    { id: 'runtime/unit', what: 'Restart {unit}', why: '{unit} ended with an error of its own.', command: ['systemctl', 'restart', '{unit}'], precheck: ['systemctl', 'cat', '{unit}'], verify: ['systemctl', 'is-active', '{unit}'], ...safe },
    { id: 'runtime/by-hand', what: 'Read the trace', why: 'The program has a fault; its trace names the place.', risk: 'none', reversible: true, needsRoot: false },
  ],
};

/** The fixes that an entry's label has and whose placeholders its text fills, or its place if that is a unit. */
export function fixesFor(label: ErrorLabel, entry: LogEntry, place = ''): Fix[] {
  const found = placeholdersIn(entry);
  if (found.unit === undefined && place.endsWith('.service')) found.unit = place;
  return (catalog[label] ?? []).map((fix) => fill(fix, found)).filter((fix) => fix !== undefined);
}
