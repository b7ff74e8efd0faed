// Creates the key file with the first admin key, and a new key when the file is lost or its key is no longer valid.
import { chown, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileDurably } from '../../common/durable-file.ts';
import { isAdmin } from './caller.ts';
import { SomnusError } from '../../common/errors.ts';
import type { SqliteApiKeys } from './sqlite-api-keys.ts';

export interface BootstrapOptions {
  keyFile: string;
  /** Owner of the file (0600) and the folders created for it (0700); defaults to the process's user. */
  fileOwner?: { uid: number; gid: number };
  /** Name of the user the key is for. */
  user: string;
}

/** Makes sure that the key file contains a valid admin key. Repeatable: keeps a valid key. @returns whether a new key was created */
export async function bootstrapKey(keys: SqliteApiKeys, options: BootstrapOptions): Promise<{ created: boolean }> {
  const { keyFile, fileOwner, user } = options;
  if (await holdsAdminKey(keys, keyFile)) return { created: false };
  const firstMade = await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
  if (fileOwner && firstMade !== undefined) {
    for (let folder = dirname(keyFile); folder.length >= firstMade.length; folder = dirname(folder)) await chown(folder, fileOwner.uid, fileOwner.gid);
  }
  const { secret } = keys.issue({ name: 'setup', user, scopes: ['read', 'write', 'admin'], environmentId: null, expiresAt: null, actor: null });
  await writeFileDurably(keyFile, `${secret}\n`);
  if (fileOwner) await chown(keyFile, fileOwner.uid, fileOwner.gid);
  return { created: true };
}

async function holdsAdminKey(keys: SqliteApiKeys, keyFile: string): Promise<boolean> {
  try {
    return isAdmin(await keys.verify((await readFile(keyFile, 'utf8')).trim()));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false;
    if (thrown instanceof SomnusError && (thrown.code === 'unauthenticated' || thrown.code === 'key_expired')) return false;
    throw thrown;
  }
}
