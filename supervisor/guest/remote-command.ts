// How a program is named to the guest's shell: quoting, and the one line that sshd hands to root's login shell. Pure.
//
// sshd makes each command the leader of a session and process group of its own and gives the line to `shell -c`. With builtins alone the shell
// writes down who it is and becomes the program, so an exec costs no process more than a bare one, and its group can be found again later.
import { SomnusError } from '../../common/errors.ts';
import type { ExecRequest } from './guest-channel.ts';

/** Where programs that run for the host are recorded, a file each: the line of /proc/PID/stat, which tells a process from a later one of the same number. */
export const RECORD_DIR = '/run/somnus/exec';

/**
 * One argument for sh, bash, zsh and fish alike: fish reads a backslash within single quotes as an escape, so it stays outside of them as the quote does.
 * @throws invalid_request for NUL, which no argument can hold
 */
export function shellQuote(text: string): string {
  if (text.includes('\0')) throw new SomnusError('invalid_request', 'Neither a command, its environment nor a path can contain a NUL byte');
  return `'${text.replaceAll(/['\\]/g, (character) => `'\\${character}'`)}'`;
}

/** A POSIX script with arguments ($1…), for whatever login shell the user has. */
export function scriptCommand(script: string, args: readonly string[]): string {
  return `exec /bin/sh -c ${[script, 'somnus', ...args].map(shellQuote).join(' ')}`;
}

/** Whether this login shell understands the line as it is; for others it is wrapped. */
export function isPosixShell(path: string): boolean {
  return ['sh', 'bash', 'dash', 'ash', 'ksh', 'mksh', 'zsh'].includes(path.slice(path.lastIndexOf('/') + 1));
}

/**
 * The line that records the process and becomes the program: exit code 127 when there is no such program, 126 when it cannot be run or the folder
 * cannot be entered, with the shell's own words on standard error.
 */
export function programCommand(request: Pick<ExecRequest, 'command' | 'cwd' | 'env'>, recordFile: string): string {
  const record = `{ read -r _somnus </proc/$$/stat; echo "$_somnus" >${shellQuote(recordFile)}; } 2>/dev/null`;
  // A relative folder gets a ./ so that cd takes it for neither an option, nor `-`, nor a name to look for in CDPATH.
  const enter = request.cwd === undefined ? '' : `; cd ${shellQuote(request.cwd.startsWith('/') ? request.cwd : `./${request.cwd}`)} || exit 126`;
  return `${record}${enter}; exec ${programWords(request).map(shellQuote).join(' ')}`;
}

/**
 * Variables go through env(1): a shell would refuse some (UID), change others (SHLVL, PWD) and complain about a locale. It also takes a program whose name starts with a
 * dash, which dash's own `exec` cannot be told; but not one with a `=` in it, so a shell stands between.
 */
function programWords({ command, env }: Pick<ExecRequest, 'command' | 'env'>): string[] {
  const program = command[0] ?? '';
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  if (variables.length === 0 && !program.startsWith('-')) return [...command];
  return ['env', '--', ...variables, ...(program.includes('=') ? ['sh', '-c', 'exec "$0" "$@"'] : []), ...command];
}
