// Folders that the configuration names and Somnus fills: the data folder, the folder of memory keys beside it, a pool folder, the image cache. A new or empty folder gets a mark; a folder
// that holds anything else is refused, so that the user's files never mix with ours. Removal later deletes our files by name.
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { SomnusError } from './errors.ts';
import { runCommand } from './run-command.ts';

const MARK = '.somnus-folder';
const Mark = z.object({ formatVersion: z.literal(1), kind: z.string(), /** Folders that did not exist before, outermost first. */ made: z.array(z.string()) });

export interface FolderKind {
  /** The setting that names the folder. */
  setting: string;
  /** Whether Somnus uses this name for an entry directly in the folder. */
  isOurs(name: string): boolean;
  /** Whether these names belong to a folder that an earlier version created without a mark. */
  isRecognized(names: readonly string[]): boolean;
}

const DATA_FILES = /^(?:(?:somnus|stats|cache)\.db(?:-wal|-shm|-journal|\.lock|\.lock-journal)?|(?:accel|package-hosts|clock)\.json|instance|reserve|libvirt-folder\.before|pool\.xfs(?:\.new)?)(?:\.[0-9a-f]{8}\.tmp)?$/;
const DATA_FOLDERS = ['keys', 'run', 'quarantine', 'log', 'memory', 'memory-keys', 'models', 'profiles', 'action-rules', 'packs', 'research', 'artifacts', 'collaborations', 'pool'];
const OLDER_POOL_FOLDERS = ['images', 'environments', 'staging', 'quarantine'];
const POOL_FOLDERS = [...OLDER_POOL_FOLDERS, 'templates'];
const IMAGE = /^[0-9a-f]{16}$|^\.staging-\d+-\d+$/;

const isDataName = (name: string): boolean => DATA_FILES.test(name) || DATA_FOLDERS.includes(name);

export const dataFolder: FolderKind = {
  setting: 'dataDir', isOurs: isDataName,
  isRecognized: (names) => names.includes('instance') && (names.includes('somnus.db') || names.every(isDataName)),
};
const KEY_STORE = /^keystore\.db(?:-wal|-shm|-journal|\.lock|\.lock-journal)?(?:\.moving)?$/;

export const memoryKeysFolder: FolderKind = { setting: 'memory keys', isOurs: (name) => KEY_STORE.test(name), isRecognized: (names) => names.every((name) => KEY_STORE.test(name)) };
export const poolFolder: FolderKind = { setting: 'pool.path', isOurs: (name) => POOL_FOLDERS.includes(name), isRecognized: (names) => OLDER_POOL_FOLDERS.every((name) => names.includes(name)) };
/** Beside the guest images are the files of container images, in a folder whose name alone does not show whose it is. */
const isCached = (name: string): boolean => IMAGE.test(name) || name === 'containers';
export const imageCacheFolder: FolderKind = { setting: 'images.cacheDir', isOurs: isCached, isRecognized: (names) => names.every(isCached) && names.some((name) => IMAGE.test(name)) };

/** Present on every new file system. */
const isFromFileSystem = (name: string): boolean => name === 'lost+found';

/**
 * Claims a folder for Somnus: creates it if it does not exist, and marks it. Repeatable.
 * @throws SomnusError `config_invalid` naming the setting when the folder holds files that are not ours, or is already another kind of Somnus folder
 */
export function claimFolder(path: string, kind: FolderKind): void {
  const mark = readMark(path);
  if (mark?.kind === kind.setting) return;
  if (mark) throw new SomnusError('config_invalid', `${kind.setting}: ${path} is already used as ${mark.kind}`, { hint: 'Choose another folder.' });
  const names = existsSync(path) ? namesIn(path, kind).filter((name) => !isFromFileSystem(name)) : [];
  if (names.length > 0 && !kind.isRecognized(names)) {
    const foreign = names.filter((name) => !kind.isOurs(name));
    const shown = (foreign.length > 0 ? foreign : names).toSorted();
    const more = shown.length > 3 ? ` and ${shown.length - 3} more` : '';
    throw new SomnusError('config_invalid', `${kind.setting}: ${path} holds files that are not Somnus's: ${shown.slice(0, 3).join(', ')}${more}`, { hint: 'Choose a folder that is empty or does not exist.' });
  }
  const made = names.length > 0 ? [path] : makeFolder(path);
  writeMark(path, { formatVersion: 1, kind: kind.setting, made });
}

/**
 * Removes Somnus's files from a claimed folder, by name, then the folders that Somnus created and that are now empty. Does nothing without the mark.
 * @returns the names that remain because they are not Somnus's
 */
export async function removeClaimed(path: string, kind: FolderKind): Promise<string[]> {
  const mark = readMark(path);
  if (mark?.kind !== kind.setting) return [];
  // Never crosses a mount point: what is mounted there is not ours.
  const ours = namesIn(path, kind).filter((name) => kind.isOurs(name)).map((name) => join(path, name));
  if (ours.length > 0) await runCommand('rm', ['-rf', '--one-file-system', '--preserve-root=all', '--', ...ours], { timeoutMs: 600_000 });
  rmSync(join(path, MARK));
  const foreign = namesIn(path, kind).filter((name) => !isFromFileSystem(name));
  if (foreign.length === 0) for (const folder of mark.made.toReversed()) removeEmpty(folder);
  return foreign;
}

/** Writes the mark atomically; of two concurrent writers the first wins. */
function writeMark(path: string, mark: z.infer<typeof Mark>): void {
  const staging = join(path, `${MARK}.${process.pid}`);
  try {
    writeFileSync(staging, `${JSON.stringify(mark)}\n`, { flush: true, mode: 0o600 });
    linkSync(staging, join(path, MARK));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(staging, { force: true });
  }
}

function namesIn(path: string, kind: FolderKind): string[] {
  try {
    return readdirSync(path).filter((name) => !name.startsWith(MARK));
  } catch (cause) {
    throw new SomnusError('config_invalid', `${kind.setting}: ${path} cannot be read as a folder: ${(cause as Error).message}`, { cause });
  }
}

function readMark(path: string): z.infer<typeof Mark> | undefined {
  let text: string;
  try {
    text = readFileSync(join(path, MARK), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return Mark.parse(JSON.parse(text));
  } catch (cause) {
    throw new SomnusError('corrupt', `${join(path, MARK)} is not a folder mark that this version of Somnus understands`, { cause, details: { path } });
  }
}

/** @returns the folders it had to create, outermost first */
function makeFolder(path: string): string[] {
  if (existsSync(path)) return [];
  const made = [...makeFolder(dirname(path)), path];
  try {
    mkdirSync(path); // the parent exists; `recursive` loops forever where the kernel refuses a name, such as below /proc
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw new SomnusError('config_invalid', `${path} cannot be created: ${(cause as Error).message}`, { cause });
  }
  return made;
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
