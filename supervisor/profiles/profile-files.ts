// Reads profiles from data files: the built-in ones, and users' own in a folder of the data folder.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { SomnusError } from '../../common/errors.ts';
import { Profile, type ProfileService } from './profile.ts';

const BUILT_IN = join(import.meta.dirname, 'builtin');

export class ProfileFiles implements ProfileService {
  readonly #ownDir: string;

  /** `ownDir` may be missing. Files are read every time, so edits take effect at once. */
  constructor(ownDir: string) {
    this.#ownDir = ownDir;
  }

  async list(): Promise<Profile[]> {
    const builtIn = await readProfiles(BUILT_IN, true);
    const own = await readProfiles(this.#ownDir, false);
    const byName = new Map([...builtIn, ...own].map((profile) => [profile.name, profile])); // users' own profiles replace built-in ones of the same name
    return [...byName.values()].toSorted((a, b) => a.shape.memoryMiB - b.shape.memoryMiB || a.name.localeCompare(b.name));
  }

  async get(name: string): Promise<Profile> {
    const profiles = await this.list();
    const profile = profiles.find((candidate) => candidate.name === name);
    if (profile) return profile;
    throw new SomnusError('not_found', `No profile named ${JSON.stringify(name)}`, { hint: `Profiles: ${profiles.map((known) => known.name).join(', ')}.` });
  }
}

async function readProfiles(folder: string, builtIn: boolean): Promise<Profile[]> {
  const files = await readdir(folder).catch(() => []);
  return await Promise.all(files.filter((file) => file.endsWith('.yaml')).toSorted().map(async (file) => {
    const path = join(folder, file);
    const parsed = Profile.safeParse({ ...parse(await readFile(path, 'utf8')) as object, builtIn });
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new SomnusError('config_invalid', `${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a profile'}`, { details: { path } });
  }));
}
