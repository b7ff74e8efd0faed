// Reads secrets from a prompt without echo, a file or standard input. Never from the command line, which other users can see.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { SomnusError } from '../../../common/errors.ts';

/** Reads the secret from the file, `-` for standard input; without a file, asks for it. Ignores a trailing newline. @throws invalid_request */
export async function readSecret(file: string | undefined, question: string, option: string): Promise<string> {
  const secret = file === undefined ? await askHidden(question, option) : (file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  if (secret === '') throw new SomnusError('invalid_request', 'The secret is empty', { hint: `Enter it at the prompt, or with ${option} FILE.` });
  return secret;
}

/** Reads a new secret; at the prompt it must be typed twice. @throws invalid_request when the entries differ */
export async function readNewSecret(file: string | undefined, question: string, option: string): Promise<string> {
  const secret = await readSecret(file, question, option);
  if (file === undefined && await readSecret(undefined, 'Repeat it: ', option) !== secret) throw new SomnusError('invalid_request', 'The two entries differ', { hint: 'Nothing was changed; try again.' });
  return secret;
}

async function askHidden(question: string, option: string): Promise<string> {
  if (!process.stdin.isTTY) throw new SomnusError('invalid_request', 'A secret is required and there is no terminal to ask on', { hint: `Use ${option} FILE, or ${option} - for standard input.` });
  const show = (): void => { stty('echo'); };
  const onInterrupt = (): void => process.exit(130);
  process.once('exit', show);
  process.once('SIGINT', onInterrupt);
  stty('-echo');
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    process.stderr.write(question);
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    process.off('exit', show);
    process.off('SIGINT', onInterrupt);
    show();
    process.stderr.write('\n');
  }
}

function stty(mode: 'echo' | '-echo'): void {
  const { status, error } = spawnSync('stty', [mode], { stdio: ['inherit', 'ignore', 'ignore'], timeout: 5000 });
  if (status !== 0 && mode === '-echo') throw new SomnusError('unsupported', 'Cannot hide input on this terminal', { hint: 'Pass the secret in a file.', cause: error });
}
