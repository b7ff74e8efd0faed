// The recipe of the guest image: its schema, and reading it.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { SomnusError } from '../common/errors.ts';

export const PackageName = z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/);
const UnitName = z.string().regex(/^[A-Za-z0-9@_.-]+\.(service|socket|target|timer|path|mount|automount)$/);

export const Recipe = z.strictObject({
  formatVersion: z.literal(1),
  suite: z.string().regex(/^[a-z]+$/),
  /** Size of the disk as the guest sees it; the file uses only the space of what is written. */
  diskGiB: z.int().min(2).max(1024),
  packages: z.array(PackageName).min(1),
  /** Packages that `apt upgrade` in the guest does not upgrade. */
  heldPackages: z.array(PackageName),
  excludedPaths: z.array(z.string().startsWith('/')),
  includedPaths: z.array(z.string().startsWith('/')),
  initrdModules: z.array(z.string()),
  kernelCommandLine: z.array(z.string().regex(/^\S+$/)),
  units: z.strictObject({ default: UnitName, enable: z.array(UnitName), mask: z.array(UnitName), maskGenerators: z.array(z.string().regex(/^[a-z0-9-]+$/)) }),
});
export type Recipe = z.infer<typeof Recipe>;

/** @throws SomnusError `config_invalid` naming the key */
export async function readRecipe(path: string): Promise<Recipe> {
  const parsed = Recipe.safeParse(parse(await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new SomnusError('config_invalid', `${path}: ${issue?.path.join('.')}: ${issue?.message}`, { cause: parsed.error });
}
