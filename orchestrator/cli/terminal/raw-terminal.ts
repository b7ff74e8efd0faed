// Switches the user's terminal to raw mode for a guest's terminal, and always restores it.
// Uses stty because Node's raw mode still turns line feeds into new lines, which garbles full-screen programs.
import { spawnSync } from 'node:child_process';
import { SomnusError } from '../../../common/errors.ts';

/** Puts the terminal of standard input into raw mode until disposed; also restores it when the process exits. @throws unsupported */
export function rawTerminal(): Disposable {
  const before = stty('-g').trim();
  const restore = (): void => {
    stty(before);
  };
  process.once('exit', restore);
  stty('raw', '-echo');
  return {
    [Symbol.dispose]: () => {
      process.off('exit', restore);
      restore();
    },
  };
}

function stty(...args: string[]): string {
  const { status, stdout, error } = spawnSync('stty', args, { stdio: ['inherit', 'pipe', 'ignore'], encoding: 'utf8', timeout: 5000 });
  if (status === 0) return stdout;
  throw new SomnusError('unsupported', `Cannot configure the terminal: stty ${args.join(' ')} failed`, { hint: 'Install coreutils, or use `somnus exec`, which works without a terminal.', cause: error });
}

/** Undoes what an interrupted program in the guest may have left: alternate screen, hidden cursor, mouse, bracketed paste, colors. */
export const resetSequences = '\u001b[?1049l\u001b[?25h\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?2004l\u001b[0m\r\n';

/** The size of the user's terminal. */
export function terminalSize(): { columns: number; rows: number } {
  const within = (size: number | undefined, otherwise: number): number => Math.min(1000, size || otherwise);
  return { columns: within(process.stdout.columns, 80), rows: within(process.stdout.rows, 24) };
}
