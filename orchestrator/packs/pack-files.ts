// Packs in files: those that come with Somnus, and users' own in a folder of the data folder.
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../../common/durable-file.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { nearest } from '../../common/nearest.ts';
import type { Pack } from './pack.ts';
import { parsePack } from './parse-pack.ts';

const BUILT_IN = join(import.meta.dirname, '../../capability-packs');

export interface FoundPack {
  name: string;
  builtIn: boolean;
  /** Undefined when its file is not valid; `problem` says why. */
  pack: Pack | undefined;
  problem: string | null;
}

export class PackFiles {
  readonly #ownDir: string;
  readonly #builtInDir: string;

  /** `ownDir` may be missing. Files are read every time, so edits take effect at once. */
  constructor(ownDir: string, builtInDir = BUILT_IN) {
    this.#ownDir = ownDir;
    this.#builtInDir = builtInDir;
  }

  /** By name, including packs whose file is not valid. */
  async list(): Promise<FoundPack[]> {
    const [own, builtIn] = [await readPacks(this.#ownDir, false), await readPacks(this.#builtInDir, true)];
    return [...new Map([...own, ...builtIn].map((found) => [found.name, found])).values()].toSorted((a, b) => a.name.localeCompare(b.name)); // a pack of Somnus is never replaced
  }

  /** @throws not_found naming the nearest known one; invalid_request when its file is not valid */
  async get(name: string): Promise<Pack> {
    return (await this.find(name)).pack;
  }

  /** As `get`, with its origin. */
  async find(name: string): Promise<{ pack: Pack; builtIn: boolean }> {
    const all = await this.list();
    const found = all.find((each) => each.name === name);
    const names = all.map((each) => each.name);
    if (!found) throw new SomnusError('not_found', `There is no pack ${JSON.stringify(name)}${names.length === 0 ? '' : `; did you mean ${nearest(name, names)}?`}`, { hint: 'See `somnus pack ls`.', details: { known: names } });
    if (!found.pack) throw new SomnusError('invalid_request', found.problem ?? '', { hint: 'Fix the file, or replace it with `somnus pack create FILE --replace`.' });
    return { pack: found.pack, builtIn: found.builtIn };
  }

  /** Adds one of a user. Repeatable. @throws invalid_request with lines; name_taken for another one with this name, unless it is to be replaced */
  async create(text: string, { replace }: { replace: boolean }): Promise<Pack> {
    const pack = parsePack(text);
    const existing = (await this.list()).find(({ name }) => name === pack.name);
    if (existing?.builtIn === true) throw new SomnusError('name_taken', `${pack.name} is a pack that comes with Somnus`, { hint: 'Choose another name.', details: { name: pack.name } });
    const path = this.#fileOf(pack.name);
    if (existing && !replace && await readFile(path, 'utf8') !== text) throw new SomnusError('name_taken', `A pack named ${pack.name} already exists, with other content`, { hint: 'Replace it with --replace (`"replace": true`), or choose another name.', details: { name: pack.name } });
    await writeFileDurably(path, text, 0o644);
    return pack;
  }

  /** Removes one of a user. What is installed stays. @throws not_found; invalid_state for a pack of Somnus */
  async remove(name: string): Promise<void> {
    const found = (await this.list()).find((each) => each.name === name);
    if (!found) throw new SomnusError('not_found', `There is no pack ${JSON.stringify(name)}`, { hint: 'See `somnus pack ls`.' });
    if (found.builtIn) throw new SomnusError('invalid_state', `${name} comes with Somnus and cannot be removed`, { hint: 'Only packs that were added with `somnus pack create` can be removed.' });
    const unlinked = join(this.#ownDir, `.${name}.removed`);
    await rm(unlinked, { recursive: true, force: true });
    await rename(join(this.#ownDir, name), unlinked);
    await rm(unlinked, { recursive: true, force: true });
  }

  #fileOf(name: string): string {
    return join(this.#ownDir, name, 'pack.yaml');
  }
}

async function readPacks(folder: string, builtIn: boolean): Promise<FoundPack[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && Name.safeParse(entry.name).success).map(({ name }) => name);
  return await Promise.all(names.map(async (name): Promise<FoundPack> => {
    const path = join(folder, name, 'pack.yaml');
    try {
      const pack = parsePack(await readFile(path, 'utf8'), path);
      if (pack.name !== name) throw new SomnusError('invalid_request', `${path}: its name is ${pack.name}, but its folder is ${name}`);
      return { name, builtIn, pack, problem: null };
    } catch (error) {
      return { name, builtIn, pack: undefined, problem: toSomnusError(error).message };
    }
  }));
}
