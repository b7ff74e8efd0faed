// Asks questions on the terminal, mainly before actions that cannot be undone.
import { createInterface } from 'node:readline/promises';
import { SomnusError } from '../../../common/errors.ts';

/** Whether the user typed yes in full; false for Ctrl-C and Ctrl-D. */
export async function askYes(question: string): Promise<boolean> {
  return await ask(`${question} This cannot be undone. Type yes: `) === 'yes';
}

/** Returns one of the words, which may be abbreviated; `otherwise` for everything else, including Ctrl-C and Ctrl-D. */
export async function askOneOf<const T extends string>(question: string, words: readonly T[], otherwise: T): Promise<T> {
  const answer = await ask(`${question} ${words.join('/')} [${otherwise}]: `);
  return answer === '' ? otherwise : words.find((word) => word.startsWith(answer)) ?? otherwise;
}

/** Returns what the user types. */
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

/** Returns when the answer is yes or `yes` is set. @throws cancelled; invalid_request without a terminal */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new SomnusError('invalid_request', 'This cannot be undone and there is no terminal to ask on', { hint: 'Add --yes.' });
  if (!(await askYes(question))) throw new SomnusError('cancelled', 'Nothing was changed', { hint: '' });
}
