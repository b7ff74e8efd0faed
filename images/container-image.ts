// Images for containers: a Debian root for each recipe in containers/, as a tar archive that a container engine imports.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { runCommand } from '../common/run-command.ts';
import { copyNode, installDebian } from './guest-root.ts';
import { buildAccess, readHostSettings, type HostSettings } from './host-settings.ts';
import { PackageName } from './recipe.ts';
import { isOfLivingProcess, stagingName } from './staging-name.ts';

export const containerImageNames = ['base', 'python', 'node'] as const;
export type ContainerImageName = (typeof containerImageNames)[number];

/** Programs in containers run as this user. Its home is the working directory. */
export const CONTAINER_USER = { uid: 10_001, home: '/work' } as const;

/** Increase it when the builder below changes what is in an image. */
const BUILDER = 1;
const excludedPaths = ['/usr/share/doc/*', '/usr/share/locale/*', '/usr/share/info/*', '/usr/share/man/*'];
const includedPaths = ['/usr/share/doc/*/copyright'];

const ContainerRecipe = z.strictObject({
  formatVersion: z.literal(1),
  suite: z.string().regex(/^[a-z]+$/),
  packages: z.array(PackageName),
  /** Whether to add the Node and npm that run Somnus. */
  node: z.boolean(),
});

export interface ContainerImage {
  name: ContainerImageName;
  /** A hash of everything it is built from: if the recipe or a host setting changes, so does the version. */
  version: string;
  recipe: z.infer<typeof ContainerRecipe>;
  settings: HostSettings;
}

const nodePrefix = dirname(dirname(process.execPath));

/** Describes what an image would be built from now. Takes a few tenths of a second. */
export async function containerImage(name: ContainerImageName): Promise<ContainerImage> {
  const [recipe, settings] = await Promise.all([readFile(fileURLToPath(new URL(`containers/${name}.yaml`, import.meta.url)), 'utf8').then((text) => ContainerRecipe.parse(parse(text))), readHostSettings(nodePrefix)]);
  const version = createHash('sha256').update(JSON.stringify([BUILDER, name, recipe, settings, recipe.node ? process.version : null, excludedPaths, includedPaths])).digest('hex').slice(0, 16);
  return { name, version, recipe, settings };
}

/**
 * Builds an image's root below `folder`, and passes it to `use` as a tar archive. Takes about a minute. Run only one build at a time in a process. Leaves nothing in the folder, and removes what killed builds left.
 * @throws SomnusError `cancelled`, `command_failed`; what `use` throws
 */
export async function buildContainerImage({ recipe, settings }: ContainerImage, folder: string, signal: AbortSignal, use: (archive: Readable) => Promise<void>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) if (isOfLivingProcess(name) === false) await rm(join(folder, name), { recursive: true, force: true });
  const staging = join(folder, stagingName());
  try {
    const [rootDir, workDir, archive] = ['root', 'work', 'root.tar'].map((name) => join(staging, name)) as [string, string, string];
    await mkdir(workDir, { recursive: true, mode: 0o755 });
    await installDebian(rootDir, { recipe: { ...recipe, excludedPaths, includedPaths }, settings, access: await buildAccess(nodePrefix), workDir, signal });
    if (recipe.node) await copyNode(nodePrefix, join(rootDir, 'usr/local'));
    const { uid, home } = CONTAINER_USER;
    await appendFile(join(rootDir, 'etc/passwd'), `somnus:x:${uid}:${uid}::${home}:/bin/bash\n`);
    await appendFile(join(rootDir, 'etc/group'), `somnus:x:${uid}:\n`);
    await mkdir(join(rootDir, home), { recursive: true });
    // Removes set-user-id bits, so that no program can become another user.
    await runCommand('tar', ['-C', rootDir, '--numeric-owner', '--mode=a-s', '--exclude=./dev/*', '--exclude=./var/cache/apt/*', '--exclude=./var/lib/apt/lists/*', '-cf', archive, '.'], { timeoutMs: 300_000, signal });
    await use(createReadStream(archive));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
