// Builds the guest image: a folder with disk, kernel, initrd and manifest. Runs as root, without KVM and without loop devices.
// As a command: node images/build-guest.ts [--out DIR] (default: the configured cache; an existing version is not built again).
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { CONTRACT_VERSION } from '../agent/constants.ts';
import { claimFolder, imageCacheFolder } from '../common/claimed-folder.ts';
import { loadConfig, processSettings } from '../common/config.ts';
import { stretchDeadlines } from '../common/deadline.ts';
import { syncFolder } from '../common/durable-file.ts';
import { SomnusError } from '../common/errors.ts';
import { createLogger, type Logger } from '../common/log.ts';
import { runCommand } from '../common/run-command.ts';
import { customizeRoot, installDebian, installedKernel, installedPackages } from './guest-root.ts';
import { buildAccess } from './host-settings.ts';
import { guestInitrd } from './guest-initrd.ts';
import { MANIFEST_FILE, readImageManifest, type ImageManifest } from './image-manifest.ts';
import { imageInputs, type ImageInputs } from './image-version.ts';
import { extractKernel } from './kernel-image.ts';
import { isOfLivingProcess, stagingName } from './staging-name.ts';
import { sparseSha256 } from './sparse-checksum.ts';

export interface BuildOptions {
  recipeFile?: string;
  log: Logger;
  signal?: AbortSignal;
  /** Called when a step begins. */
  onStep?: (step: BuildStep) => void;
}

export interface BuildStep { name: string; index: number; count: number; elapsedMs: number }

/**
 * Builds the image into `outDir`; does nothing when this version already exists there. Repeatable, and safe to run twice at once.
 * @throws SomnusError `cancelled`, `command_failed`, `name_taken` when `outDir` holds something else
 */
export async function buildGuestImage({ outDir, ...options }: BuildOptions & { outDir: string }): Promise<ImageManifest> {
  return await ensureImage(outDir, await imageInputs(options.recipeFile), options);
}

/** Returns this host's image from the cache, in a folder named after its version; builds it if it is missing. */
export async function cachedGuestImage({ cacheDir, ...options }: BuildOptions & { cacheDir: string }): Promise<{ imageDir: string; manifest: ImageManifest }> {
  claimFolder(cacheDir, imageCacheFolder);
  const inputs = await imageInputs(options.recipeFile);
  const imageDir = join(cacheDir, inputs.version);
  return { imageDir, manifest: await ensureImage(imageDir, inputs, options) };
}

async function ensureImage(outDir: string, inputs: ImageInputs, options: BuildOptions): Promise<ImageManifest> {
  const existing = await existingImage(outDir, inputs.version);
  if (existing) return existing;
  const parent = dirname(outDir);
  await mkdir(parent, { recursive: true });
  await removeAbandoned(parent, options.log);
  const staging = join(parent, stagingName());
  try {
    const manifest = await build(staging, inputs, options);
    await publish(staging, outDir, inputs.version);
    return manifest;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function build(staging: string, inputs: ImageInputs, options: BuildOptions): Promise<ImageManifest> {
  const { recipe, settings } = inputs;
  const signal = options.signal ?? new AbortController().signal;
  const rootDir = join(staging, 'root');
  const workDir = join(staging, 'work');
  const file = (name: string): string => join(staging, name);
  await mkdir(workDir, { recursive: true, mode: 0o755 });
  const startedAt = performance.now();
  const steps = ['Install Debian', 'Make kernel and initrd', 'Add Node, agent and settings', 'Make disk', 'Checksum'];
  const begin = (name: (typeof steps)[number]): void => {
    signal.throwIfAborted();
    const step = { name, index: steps.indexOf(name), count: steps.length, elapsedMs: Math.round(performance.now() - startedAt) };
    options.log.info({ ...step, version: inputs.version }, 'image.step');
    options.onStep?.(step);
  };

  begin('Install Debian');
  await installDebian(rootDir, { recipe, settings, access: await buildAccess(inputs.nodePrefix), workDir, signal });
  const kernel = await installedKernel(rootDir);

  begin('Make kernel and initrd');
  await writeFile(file('kernel'), extractKernel(await readFile(kernel.file)));
  await writeFile(file('initrd'), await guestInitrd({ rootDir, kernelRelease: kernel.release, modules: recipe.initrdModules, workDir, signal }));

  begin('Add Node, agent and settings');
  await customizeRoot(rootDir, { recipe, settings, overlayDir: inputs.overlayDir, nodePrefix: inputs.nodePrefix, agentCode: inputs.agent.code, signal });
  const packages = await installedPackages(rootDir, signal);

  begin('Make disk');
  await makeDisk(file('disk'), rootDir, recipe.diskGiB, inputs.version, signal);
  await rm(rootDir, { recursive: true });
  await rm(workDir, { recursive: true });

  begin('Checksum');
  const disk = await stat(file('disk'));
  const manifest: ImageManifest = {
    formatVersion: 1,
    version: inputs.version,
    createdAt: new Date().toISOString(),
    suite: recipe.suite,
    kernelCommandLine: recipe.kernelCommandLine.join(' '),
    kernelRelease: kernel.release,
    agentVersion: inputs.agent.version,
    contractVersion: CONTRACT_VERSION,
    nodeVersion: process.version,
    disk: { file: 'disk', sizeBytes: disk.size, allocatedBytes: disk.blocks * 512, sparseSha256: await sparseSha256(file('disk'), signal) },
    kernel: { file: 'kernel', sha256: await sha256(file('kernel')) },
    initrd: { file: 'initrd', sha256: await sha256(file('initrd')) },
    packages,
  };
  await writeFile(file(MANIFEST_FILE), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

/** Creates a whole-disk ext4 that uses only the space of its content. The ids are deterministic, so the same content gives nearly the same bytes. */
async function makeDisk(disk: string, rootDir: string, sizeGiB: number, version: string, signal: AbortSignal): Promise<void> {
  const uuid = `${version.slice(0, 8)}-${version.slice(8, 12)}-4${version.slice(13, 16)}-8000-${version.slice(0, 12)}`;
  await runCommand('mke2fs', [
    '-q', '-t', 'ext4', '-L', 'somnus-root', '-U', uuid, '-m', '1',
    // Leaves nothing for the guest's kernel to write after the first mount, because each environment would pay for it with its own copy.
    '-E', `lazy_itable_init=0,lazy_journal_init=0,hash_seed=${uuid},root_owner=0:0`,
    '-d', rootDir, disk, `${sizeGiB}G`,
  ], { timeoutMs: 10 * 60_000, signal });
}

/** Makes the staging folder durable, then renames it. */
async function publish(staging: string, outDir: string, version: string): Promise<void> {
  await chmod(staging, 0o755);
  for (const name of await readdir(staging)) {
    await using file = await open(join(staging, name), 'r');
    await file.sync();
  }
  await syncFolder(staging);
  try {
    await rename(staging, outDir);
  } catch (error) {
    // Another build of the same version may have finished first.
    if (!await existingImage(outDir, version)) throw error;
  }
  await syncFolder(dirname(outDir));
}

/** @throws SomnusError `name_taken` when the folder exists and is not this image */
async function existingImage(imageDir: string, version: string): Promise<ImageManifest | undefined> {
  if (!existsSync(imageDir)) return undefined;
  const manifest = await readImageManifest(imageDir).catch((cause: unknown) => {
    throw new SomnusError('name_taken', `${imageDir} already exists and is not an image`, { cause, hint: 'Remove it or choose another folder.' });
  });
  if (manifest.version !== version) throw new SomnusError('name_taken', `${imageDir} contains image ${manifest.version}, not ${version}`, { hint: 'Remove it or choose another folder.' });
  return manifest;
}

/** Removes what killed builds have left behind. */
async function removeAbandoned(parent: string, log: Logger): Promise<void> {
  for (const name of await readdir(parent)) {
    if (isOfLivingProcess(name) !== false) continue;
    log.info({ folder: join(parent, name) }, 'image.litter-removed');
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function sha256(path: string): Promise<string> {
  return createHash('sha256').update(await readFile(path)).digest('hex');
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  const config = loadConfig(processSettings().configFile);
  stretchDeadlines(config.deadlineScale);
  const log = createLogger({ level: 'warn' });
  const cancel = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => cancel.abort());
  const onStep = ({ name, index, count, elapsedMs }: BuildStep): void => console.error(`[${(elapsedMs / 1000).toFixed(1)} s] ${index + 1}/${count} ${name}`);
  const common = { log, signal: cancel.signal, onStep };
  const built = values.out === undefined
    ? await cachedGuestImage({ ...common, cacheDir: config.images.cacheDir })
    : { imageDir: values.out, manifest: await buildGuestImage({ ...common, outDir: values.out }) };
  console.log(`${built.imageDir} ${built.manifest.version}`);
}

if (import.meta.main) await main();
