// Asks on the terminal, above all before something that cannot be undone.
import { createInterface } from 'node:readline/promises';
import { SomnusError } from '../../../common/errors.ts';

/** Whether the answer on the terminal is yes, in full; no for Ctrl-C and Ctrl-D. */
export async function askYes(question: string): Promise<boolean> {
  return await ask(`${question} This cannot be undone. Type yes: `) === 'yes';
}

/** One of the words, or the beginning of one; `otherwise` for everything else, Ctrl-C and Ctrl-D included. */
export async function askOneOf<const T extends string>(question: string, words: readonly T[], otherwise: T): Promise<T> {
  const answer = await ask(`${question} ${words.join('/')} [${otherwise}]: `);
  return answer === '' ? otherwise : words.find((word) => word.startsWith(answer)) ?? otherwise;
}

/** What is typed, or nothing. */
async function ask(question: string): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const interrupted = new AbortController();
  prompt.once('close', () => interrupted.abort());
  try {
    return (await prompt.question(question, { signal: interrupted.signal })).trim();
  } catch {
    return ''; // Ctrl-C or Ctrl-D at the question
  } finally {
    prompt.close();
  }
}

/** Returns when the answer is yes, or `yes` says so already. @throws cancelled; invalid_request where nobody can be asked */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new SomnusError('invalid_request', 'This cannot be undone, and there is no terminal to ask on', { hint: 'Add --yes.' });
  if (!(await askYes(question))) throw new SomnusError('cancelled', 'Nothing was changed', { hint: '' });
}
