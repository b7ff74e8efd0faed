// Writes files atomically, so that they are complete or absent even after a power cut.
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { SomnusError } from './errors.ts';

/**
 * Writes a file atomically: readers see the old content or the new, never a part. Only the owner can read it unless `mode` says otherwise. Syncs the
 * file and its folder. Repeatable.
 */
export async function writeFileDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const staging = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await using file = await open(staging, 'wx', mode);
    await file.writeFile(content);
    await file.chmod(mode);
    await file.sync();
    await rename(staging, path);
  } catch (error) {
    await rm(staging, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Makes the entries of a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

/** Reads a JSON file and validates it. @throws SomnusError `corrupt` naming the file; `not_found` when it is missing. */
export async function readJsonFile<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new SomnusError('not_found', `${path} does not exist`, { cause });
    throw cause;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SomnusError('corrupt', `${path} is not JSON`, { details: { path }, cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new SomnusError('corrupt', `${path} does not have the expected content: ${parsed.error.issues[0]?.message}`, { details: { path }, cause: parsed.error });
  return parsed.data;
}
