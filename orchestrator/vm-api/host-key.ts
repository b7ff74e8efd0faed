// The host's own key: 32 random bytes in a file that only Somnus can read. Other keys are derived from it, one for each purpose.
import { hkdfSync, randomBytes } from 'node:crypto';
import { writeFileDurably } from '../../common/durable-file.ts';
import { SomnusError } from '../../common/errors.ts';
import { readPrivateFile } from '../memory/key-file.ts';

const KEY_BYTES = 32;

export type DeriveKey = (purpose: string) => Buffer;

/** Reads the key, or makes it at the first start. @throws corrupt; forbidden when others can use the file */
export async function hostKey(path: string): Promise<DeriveKey> {
  const key = await read(path) ?? await make(path);
  return (purpose) => Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `somnus ${purpose}`, KEY_BYTES));
}

async function read(path: string): Promise<Buffer | undefined> {
  const text = await readPrivateFile(path).catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  });
  if (text === undefined) return undefined;
  if (!/^[0-9a-f]{64}\n$/.test(text)) throw new SomnusError('corrupt', `${path} is not a host key`, { hint: 'Restore it from a backup. Without it, remove the file: secrets must then be set again, and programs in VMs read a new token.', details: { path } });
  return Buffer.from(text.trim(), 'hex');
}

async function make(path: string): Promise<Buffer> {
  const key = randomBytes(KEY_BYTES);
  await writeFileDurably(path, `${key.toString('hex')}\n`);
  return key;
}
