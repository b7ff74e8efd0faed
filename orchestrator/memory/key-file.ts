// Key files, which unlock memory on unattended hosts. One line: user, space and key.
import { open } from 'node:fs/promises';
import { SomnusError } from '../../common/errors.ts';

const OTHERS = 0o077;
const MOST_BYTES = 4096;

export interface KeyFile { user: string; space: string; fileKey: string }

export function keyFileText({ user, space, fileKey }: KeyFile): string {
  return `${user} ${space} ${fileKey}\n`;
}

/**
 * Reads a key file. Checks at every use that it is a regular file that belongs to this user or root and that others can neither read nor write, because it may have been copied or restored with other permissions.
 * @throws SomnusError `forbidden` when others can use the file, `invalid_request` when it is not a key file
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const [, user, space, fileKey] = /^(\S+) (\S+) (\S+)\s*$/.exec(await readPrivateFile(path)) ?? [];
  if (user === undefined || space === undefined || fileKey === undefined) throw new SomnusError('invalid_request', `${path} is not a memory key file`, { hint: 'Create one with `somnus memory key-file FILE`.' });
  return { user, space, fileKey };
}

/** Reads a file that contains a secret. @throws SomnusError `forbidden` when others can use it */
export async function readPrivateFile(path: string): Promise<string> {
  await using file = await open(path, 'r');
  const { mode, uid } = await file.stat();
  if (![process.geteuid?.(), 0].includes(uid) || (mode & OTHERS) !== 0) {
    throw new SomnusError('forbidden', `${path} can be read or changed by other users`, { hint: `Run \`chmod 600 ${path}\`, and make the user that runs Somnus its owner. If others may have read it, replace the secret in it.`, details: { path } });
  }
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(MOST_BYTES) });
  const text = buffer.toString('utf8', 0, bytesRead);
  buffer.fill(0);
  return text;
}
