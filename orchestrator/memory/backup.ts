// Backs up memory to folders on this host and restores it: the encrypted content and, in a separate folder, the wrapped keys. A backup is complete
// when it has a manifest, which is written last. What was shredded here stays shredded, whatever is restored.
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { readJsonFile, syncFolder, writeFileDurably } from '../../common/durable-file.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { SqliteKeyStore } from './store/sqlite-key-store.ts';
import { SqliteMemoryStore } from './store/sqlite-memory-store.ts';

const Folder = z.string().startsWith('/').max(4096);

export const BackupInput = z.strictObject({
  folder: Folder.meta({ description: 'Folder on the host for the encrypted content. It must be new, empty, or contain an earlier backup.' }),
  keysFolder: Folder.optional().meta({ description: 'Separate folder for the wrapped keys. By default, the keys are not included.' }),
});
export type BackupInput = z.infer<typeof BackupInput>;

export const BackedUp = z.strictObject({ folder: z.string(), keysFolder: z.string().nullable(), at: z.iso.datetime() });
export type BackedUp = z.infer<typeof BackedUp>;

export const Restored = z.strictObject({
  at: z.iso.datetime().meta({ description: 'When the backup was made.' }),
  spacesWithKeys: z.int().meta({ description: 'Number of spaces whose keys were restored. Keys that exist here or were destroyed here stay as they are.' }),
  previous: z.string().nullable().meta({ description: 'Where the previous content is kept until the next restore; null if there was none.' }),
});
export type Restored = z.infer<typeof Restored>;

const MANIFEST = 'backup.json';
const CONTENT_FILES = ['memory.db', 'memory.yaml'];
const KEY_FILES = ['keystore.db'];
const Manifest = z.strictObject({ somnusMemoryBackup: z.literal(1), of: z.enum(['content', 'keys']), at: z.iso.datetime() });
type Manifest = z.infer<typeof Manifest>;

/** A store that can be copied while it is in use. */
interface Copied { copyTo(path: string): Promise<void> }

export interface MemoryFolders { dataDir: string; keysDir: string; configFile: string }

/** Copies both stores while they are in use, each in a consistent state. Repeatable: an earlier backup in the folder is replaced. @throws SomnusError `invalid_request` for a folder that contains anything else */
export async function backUp(stores: { store: Copied; keys: Copied }, folders: MemoryFolders, { folder, keysFolder }: BackupInput, nowMs: number): Promise<BackedUp> {
  const at = new Date(nowMs).toISOString();
  for (const [path, files] of [[folder, CONTENT_FILES], [keysFolder, KEY_FILES]] as const) if (path !== undefined) assertUsable(path, files, folders);
  if (keysFolder !== undefined && resolve(keysFolder) === resolve(folder)) throw new SomnusError('invalid_request', 'The keys need a separate folder', { hint: 'A backup that contains both can be read by anyone who finds a credential.', details: { field: 'keysFolder' } });
  await writeBackup(folder, { somnusMemoryBackup: 1, of: 'content', at }, async () => {
    await stores.store.copyTo(join(folder, 'memory.db'));
    const settings = await readFile(folders.configFile).catch(() => undefined);
    if (settings !== undefined) await writeFileDurably(join(folder, 'memory.yaml'), settings);
  });
  if (keysFolder !== undefined) await writeBackup(keysFolder, { somnusMemoryBackup: 1, of: 'keys', at }, async () => { await stores.keys.copyTo(join(keysFolder, 'keystore.db')); });
  return { folder, keysFolder: keysFolder ?? null, at };
}

/**
 * Replaces the content with that of a backup, and adds the keys of spaces that have none here. Checks everything before it changes anything; memory must be closed. Repeatable.
 * @throws SomnusError `invalid_request` for an incomplete backup, `corrupt`, `newer_format`
 */
export async function restore(folders: MemoryFolders, { folder, keysFolder }: BackupInput, log: Logger): Promise<Restored> {
  const { at } = await readManifest(folder, 'content');
  if (keysFolder !== undefined) await readManifest(keysFolder, 'keys');
  const current = join(folders.dataDir, 'memory.db');
  const staging = join(folders.dataDir, 'restoring');
  await rm(staging, { recursive: true, force: true });
  try {
    await copyDurably(join(folder, 'memory.db'), join(staging, 'memory.db'));
    SqliteMemoryStore.open(staging, log).close(); // checks it and updates its format
    const spacesWithKeys = keysFolder === undefined ? 0 : await restoreKeys(folders.keysDir, keysFolder, staging, log);
    const previous = await keepPrevious(current);
    await rename(join(staging, 'memory.db'), current);
    await syncFolder(folders.dataDir);
    const settings = await readFile(join(folder, 'memory.yaml')).catch(() => undefined);
    if (settings !== undefined && !existsSync(folders.configFile)) await writeFileDurably(folders.configFile, settings);
    return { at, spacesWithKeys, previous };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Keeps the database that will be replaced under a second name. It has a write-ahead log only if its process was killed. */
async function keepPrevious(current: string): Promise<string | null> {
  if (!existsSync(current)) return null;
  const previous = `${current}.before-restore`;
  for (const end of ['', '-wal']) {
    await rm(`${previous}${end}`, { force: true });
    if (existsSync(`${current}${end}`)) await link(`${current}${end}`, `${previous}${end}`);
  }
  for (const end of ['-wal', '-shm']) await rm(`${current}${end}`, { force: true });
  return previous;
}

async function restoreKeys(keysDir: string, keysFolder: string, staging: string, log: Logger): Promise<number> {
  await copyDurably(join(keysFolder, 'keystore.db'), join(staging, 'keystore.db'));
  const backup = SqliteKeyStore.open(staging, log);
  try {
    const keys = SqliteKeyStore.open(keysDir, log);
    try {
      return keys.addFrom(backup);
    } finally {
      keys.close();
    }
  } finally {
    backup.close();
  }
}

/** Removes the manifest first and writes it last. */
async function writeBackup(folder: string, manifest: Manifest, write: () => Promise<void>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rm(join(folder, MANIFEST), { force: true });
  await syncFolder(folder);
  await write();
  await writeFileDurably(join(folder, MANIFEST), `${JSON.stringify(manifest)}\n`);
}

async function readManifest(folder: string, of: Manifest['of']): Promise<Manifest> {
  const manifest = existsSync(join(folder, MANIFEST)) ? await readJsonFile(join(folder, MANIFEST), Manifest) : undefined;
  if (manifest?.of === of) return manifest;
  throw new SomnusError('invalid_request', `${folder} does not contain a complete backup of memory's ${of}`, { hint: manifest === undefined ? 'Give the folder that `somnus memory backup` wrote to; an interrupted backup must be repeated.' : 'The folders for content and keys are swapped.', details: { folder } });
}

function assertUsable(folder: string, files: readonly string[], { dataDir, keysDir }: MemoryFolders): void {
  for (const own of [dirname(dataDir), keysDir]) {
    if (`${resolve(folder)}/`.startsWith(`${resolve(own)}/`)) throw new SomnusError('invalid_request', `${folder} is inside a folder that is being backed up`, { hint: 'Choose a folder elsewhere, preferably on another disk.', details: { folder } });
  }
  if (!existsSync(folder)) return;
  const foreign = readdirSync(folder).filter((name) => name !== MANIFEST && !files.some((file) => name === file || name === `${file}.partial`));
  if (foreign.length > 0) throw new SomnusError('invalid_request', `${folder} contains other files: ${foreign.slice(0, 3).join(', ')}`, { hint: 'Choose a folder that is new, empty, or contains an earlier backup.', details: { folder } });
}

async function copyDurably(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await copyFile(from, to);
  await using file = await open(to, 'r+');
  await file.chmod(0o600);
  await file.sync();
}
