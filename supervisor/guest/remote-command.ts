// Builds the command line for a program in a guest: quoting, and the one line that sshd passes to root's login shell. Pure.
//
// sshd makes each command the leader of its own session and process group and passes the line to `shell -c`. Using only builtins, the shell records
// its own process and then becomes the program, so an exec costs no extra process, and its group can be found again later.
import { SomnusError } from '../../common/errors.ts';
import type { ExecRequest } from './guest-channel.ts';

/** Folder with one record per program started by the host: its line of /proc/PID/stat, which distinguishes a process from a later one with the same number. */
export const RECORD_DIR = '/run/somnus/exec';

/**
 * Quotes one argument for sh, bash, zsh and fish alike: fish reads a backslash within single quotes as an escape, so backslashes stay outside, as
 * quotes do.
 * @throws invalid_request for NUL, which no argument can contain
 */
export function shellQuote(text: string): string {
  if (text.includes('\0')) throw new SomnusError('invalid_request', 'Neither a command, its environment nor a path can contain a NUL byte');
  return `'${text.replaceAll(/['\\]/g, (character) => `'\\${character}'`)}'`;
}

/** Returns a POSIX script with arguments ($1…) as a command line for any login shell. */
export function scriptCommand(script: string, args: readonly string[]): string {
  return `exec /bin/sh -c ${[script, 'somnus', ...args].map(shellQuote).join(' ')}`;
}

/** Whether this login shell understands a POSIX line; for others it is wrapped. */
export function isPosixShell(path: string): boolean {
  return ['sh', 'bash', 'dash', 'ash', 'ksh', 'mksh', 'zsh'].includes(path.slice(path.lastIndexOf('/') + 1));
}

/**
 * Returns the line that records the process and becomes the program: exit code 127 when there is no such program, 126 when it cannot be run or the
 * folder cannot be entered, with the shell's message on standard error.
 */
export function programCommand(request: Pick<ExecRequest, 'command' | 'cwd' | 'env'>, recordFile: string): string {
  const record = `{ read -r _somnus </proc/$$/stat; echo "$_somnus" >${shellQuote(recordFile)}; } 2>/dev/null`;
  // A relative folder gets a ./ so that cd does not take it for an option, `-`, or a name to look up in CDPATH.
  const enter = request.cwd === undefined ? '' : `; cd ${shellQuote(request.cwd.startsWith('/') ? request.cwd : `./${request.cwd}`)} || exit 126`;
  return `${record}${enter}; exec ${programWords(request).map(shellQuote).join(' ')}`;
}

/**
 * Passes variables through env(1): a shell would reject some (UID), change others (SHLVL, PWD) and complain about a locale. env also accepts a
 * program whose name starts with a dash, which dash's own `exec` does not; but not one whose name contains `=`, so a shell is inserted for those.
 */
function programWords({ command, env }: Pick<ExecRequest, 'command' | 'env'>): string[] {
  const program = command[0] ?? '';
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  if (variables.length === 0 && !program.startsWith('-')) return [...command];
  return ['env', '--', ...variables, ...(program.includes('=') ? ['sh', '-c', 'exec "$0" "$@"'] : []), ...command];
}
