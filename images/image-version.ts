// Computes the version of an image without building it: a hash of everything it is built from.
import { createHash, type Hash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleAgent, type AgentBundle } from './agent-bundle.ts';
import { readHostSettings, type HostSettings } from './host-settings.ts';
import { readRecipe, type Recipe } from './recipe.ts';

/** Everything that goes into an image. */
export interface ImageInputs {
  version: string;
  recipe: Recipe;
  overlayDir: string;
  agent: AgentBundle;
  settings: HostSettings;
  nodePrefix: string;
}

export const DEFAULT_RECIPE_FILE = fileURLToPath(new URL('guest/recipe.yaml', import.meta.url));

/** Reads recipe, files, agent, builder and host settings, and hashes them. Takes a few tenths of a second. */
export async function imageInputs(recipeFile: string = DEFAULT_RECIPE_FILE): Promise<ImageInputs> {
  const overlayDir = join(dirname(recipeFile), 'files');
  const nodePrefix = dirname(dirname(process.execPath));
  const [recipe, agent, settings] = await Promise.all([readRecipe(recipeFile), bundleAgent(), readHostSettings(nodePrefix)]);
  const hash = createHash('sha256');
  hash.update(JSON.stringify([recipe, agent.code, settings, process.version]));
  await hashFiles(hash, overlayDir, await readdir(overlayDir, { recursive: true, withFileTypes: true }));
  const builderDir = dirname(fileURLToPath(import.meta.url));
  await hashFiles(hash, builderDir, (await readdir(builderDir, { withFileTypes: true })).filter(({ name }) => name.endsWith('.ts')));
  return { version: hash.digest('hex').slice(0, 16), recipe, overlayDir, agent, settings, nodePrefix };
}

async function hashFiles(hash: Hash, folder: string, entries: readonly Dirent[]): Promise<void> {
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).toSorted();
  for (const file of files) {
    const { mode } = await stat(file);
    hash.update(`\0${relative(folder, file)}\0${(mode & 0o111) === 0 ? 'file' : 'program'}\0`).update(await readFile(file));
  }
}
