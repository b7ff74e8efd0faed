// The user's terminal as the guest's: raw while it lasts, and as it was afterwards, whatever happens.

/** Puts the terminal of standard input into raw mode until disposed; also restored when the process exits. */
export function rawTerminal(): Disposable {
  const restore = (): void => {
    process.stdin.setRawMode(false);
  };
  process.stdin.setRawMode(true);
  process.once('exit', restore);
  return {
    [Symbol.dispose]: () => {
      process.off('exit', restore);
      restore();
    },
  };
}

/** Undoes what a guest's program that could not end may have left: alternate screen, hidden cursor, mouse, bracketed paste, colours. */
export const resetSequences = '\u001b[?1049l\u001b[?25h\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?2004l\u001b[0m\r\n';

/** The size of the user's terminal. */
export function terminalSize(): { columns: number; rows: number } {
  const within = (size: number | undefined, otherwise: number): number => Math.min(1000, size || otherwise);
  return { columns: within(process.stdout.columns, 80), rows: within(process.stdout.rows, 24) };
}
