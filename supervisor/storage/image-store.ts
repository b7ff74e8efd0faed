// Guest images in the pool: copied from the host's cache, cloned into environments, removed when no longer needed.
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readImageManifest, type ImageManifest } from '../../images/image-manifest.ts';
import { syncFolder, writeFileDurably } from '../../common/durable-file.ts';
import { exists } from '../../common/exists.ts';
import { SomnusError } from '../../common/errors.ts';
import { runCommand } from '../../common/run-command.ts';
import type { StoragePool } from './pool.ts';

export interface StoredImage {
  version: string;
  folder: string;
  kernelCmdline: string;
  diskGiB: number;
  manifest: ImageManifest;
}

export class ImageStore {
  readonly #pool: StoragePool;

  constructor(pool: StoragePool) {
    this.#pool = pool;
  }

  /** Returns all images, newest first. */
  async list(): Promise<StoredImage[]> {
    const versions = await readdir(this.#pool.folders.images);
    const images = await Promise.all(versions.filter((name) => name !== 'current').map(async (version) => await this.get(version)));
    return images.toSorted((a, b) => b.manifest.createdAt.localeCompare(a.manifest.createdAt));
  }

  /** @throws not_found, corrupt */
  async get(version: string): Promise<StoredImage> {
    const folder = this.#pool.folders.image(version);
    const manifest = await readImageManifest(folder);
    return { version, folder, kernelCmdline: manifest.kernelCommandLine, diskGiB: manifest.disk.sizeBytes / 2 ** 30, manifest };
  }

  /** Returns the image for new environments. @throws unavailable when none was built */
  async current(): Promise<StoredImage> {
    const version = await this.currentVersion();
    if (version === undefined) throw new SomnusError('unavailable', 'No guest image has been built yet', { hint: 'Build one with `somnus image build`.' });
    return await this.get(version);
  }

  async currentVersion(): Promise<string | undefined> {
    return await readFile(this.#pointer(), 'utf8').then((text) => text.trim(), () => undefined);
  }

  /** Copies a built image into the pool and makes it the current one. Repeatable. */
  async add(builtFolder: string): Promise<StoredImage> {
    const { version } = await readImageManifest(builtFolder);
    const folder = this.#pool.folders.image(version);
    if (!(await exists(folder))) {
      const staging = join(this.#pool.folders.staging, `image-${version}`);
      await rm(staging, { recursive: true, force: true });
      await mkdir(staging);
      // File systems cannot share blocks with each other; holes stay holes.
      await runCommand('cp', ['--sparse=always', '--reflink=auto', '--recursive', '--', `${builtFolder}/.`, staging], { timeoutMs: 600_000 });
      for (const file of ['disk', 'kernel', 'initrd', 'manifest.json']) await runCommand('sync', ['--data', join(staging, file)], { timeoutMs: 300_000 });
      await rename(staging, folder);
      await syncFolder(this.#pool.folders.images);
    }
    await writeFileDurably(this.#pointer(), `${version}\n`);
    return await this.get(version);
  }

  /** Removes an image. Environments created from it keep their clones. @throws not_found; invalid_state for the current one */
  async remove(version: string): Promise<void> {
    await this.get(version);
    if (version === await this.currentVersion()) {
      throw new SomnusError('invalid_state', `${version} is the current image, which new environments are created from`, { hint: 'Build a newer one first.' });
    }
    const unlinked = join(this.#pool.folders.staging, `image-${version}.removed`);
    await rename(this.#pool.folders.image(version), unlinked);
    await rm(unlinked, { recursive: true, force: true });
  }

  #pointer(): string {
    return join(this.#pool.folders.images, 'current');
  }
}
