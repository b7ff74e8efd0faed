// Templates: saved states of guests that have booted and belong to no environment yet. A new environment is made from the one with its image and
// hardware, as a fork. They are a cache: any can be deleted at any time, and one that fails is deleted; environments boot from the image then.
import { createHash } from 'node:crypto';
import { readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../common/log.ts';
import type { Shape } from '../domain/shape.ts';
import { poolLevel } from '../storage/pool-level.ts';
import type { StoragePool } from '../storage/pool.ts';
import type { Hardware } from '../vms/vm.ts';
import { readState } from './saved-state.ts';

/** What a template is made for. */
export interface TemplateNeeds {
  image: { version: string; kernelCmdline: string };
  hardware: Hardware;
  shape: Shape;
}

/** Part of each name: a change of what a template contains gives new names. */
const FORMAT = 1;
/** A template that was not completed by then is made by another environment; one that failed is not made again before. */
const MAKING_MS = 10 * 60_000;
const MOST = 4;
/** What one usually takes of the pool. */
const USUAL_BYTES = 512 * 2 ** 20;
const UNUSED_MS = 30 * 86_400_000;

export class TemplateStore {
  readonly #pool: StoragePool;
  readonly #enabled: boolean;
  readonly #log: Logger;
  /** When each began to be made, by name. */
  readonly #making = new Map<string, number>();

  constructor(options: { pool: StoragePool; enabled: boolean; log: Logger }) {
    this.#pool = options.pool;
    this.#enabled = options.enabled;
    this.#log = options.log;
  }

  /** Returns the folder of the template for these needs, whether or not it exists. Pure. */
  folder({ image: { version, kernelCmdline }, hardware, shape }: TemplateNeeds): string {
    const { cpuQuotaPercent: _quota, ioWeight: _weight, ...saved } = shape; // a new QEMU has no limits; they are applied after each load
    const text = JSON.stringify([FORMAT, version, kernelCmdline, entries(hardware), entries(saved)]);
    return join(this.#pool.folders.templates, createHash('sha256').update(text).digest('hex').slice(0, 16));
  }

  /** Returns the folder of a ready template, and records its use. */
  async find(needs: TemplateNeeds): Promise<string | undefined> {
    if (!this.#enabled) return undefined;
    const folder = this.folder(needs);
    const now = new Date();
    return await utimes(folder, now, now).then(() => folder, () => undefined);
  }

  /** Whether the caller, which is booting a VM with these needs, is to make the template. Only one is at a time, and only while the pool has space. */
  async claim(needs: TemplateNeeds): Promise<boolean> {
    if (!this.#enabled || await this.find(needs) !== undefined) return false;
    const folder = this.folder(needs);
    if (poolLevel(await this.#pool.usage(), needs.shape.memoryMiB * 2 ** 20 + USUAL_BYTES) !== 'ok') return false;
    if (performance.now() - (this.#making.get(folder) ?? -Infinity) < MAKING_MS) return false;
    this.#making.set(folder, performance.now());
    return true;
  }

  /** Removes a template that failed. Repeatable. */
  async discard(folder: string, reason: string): Promise<void> {
    await this.#remove(folder, reason);
    this.#making.set(folder, performance.now());
  }

  /** Removes templates of other images, those that were not used for long, and unfinished ones. */
  async prune(currentImage: string | undefined): Promise<void> {
    const root = this.#pool.folders.templates;
    const found = await Promise.all((await readdir(root).catch((): string[] => [])).map(async (name) => {
      const folder = join(root, name);
      const [imageVersion, usedAtMs] = await Promise.all([readState(folder).then((state) => state.imageVersion, () => undefined), stat(folder).then(({ mtimeMs }) => mtimeMs, () => 0)]);
      return { folder, unfinished: name.startsWith('.'), imageVersion, usedAtMs };
    }));
    const newestFirst = found.toSorted((a, b) => b.usedAtMs - a.usedAtMs);
    for (const [at, { folder, unfinished, imageVersion, usedAtMs }] of newestFirst.entries()) {
      if (unfinished && [...this.#making.values()].some((atMs) => performance.now() - atMs < MAKING_MS)) continue;
      const reason = !this.#enabled ? 'templates are disabled' : unfinished ? 'it is not complete' : imageVersion !== currentImage ? 'the image has changed' : at >= MOST ? 'others were used later' : Date.now() - usedAtMs > UNUSED_MS ? 'it was not used' : undefined;
      if (reason !== undefined) await this.#remove(folder, reason);
    }
  }

  /** Frees the space of all templates. */
  async removeAll(reason: string): Promise<void> {
    for (const name of await readdir(this.#pool.folders.templates).catch((): string[] => [])) {
      if (!name.startsWith('.')) await this.#remove(join(this.#pool.folders.templates, name), reason);
    }
  }

  async #remove(folder: string, reason: string): Promise<void> {
    const unlinked = join(this.#pool.folders.staging, `template-${folder.split('/').at(-1)}.removed`);
    await rm(unlinked, { recursive: true, force: true });
    const removed = await rename(folder, unlinked).then(() => true, () => false);
    this.#making.delete(folder);
    await rm(unlinked, { recursive: true, force: true });
    if (removed) this.#log.info({ event: 'template.removed', path: folder, reason });
  }
}

function entries(object: object): unknown {
  return Object.entries(object).toSorted(([a], [b]) => a.localeCompare(b));
}
