// Asks before something that cannot be undone.
import { createInterface } from 'node:readline/promises';
import { SomnusError } from '../../../common/errors.ts';

/** Returns when the answer is yes, or `yes` says so already. @throws cancelled; invalid_request where nobody can be asked */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new SomnusError('invalid_request', 'This cannot be undone and there is no terminal to ask on', { hint: 'Add --yes.' });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new SomnusError('cancelled', 'Nothing was changed', { hint: '' });
}
