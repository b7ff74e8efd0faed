// Guest images for the API: listing, building as an operation, removing.
import { join } from 'node:path';
import { readdir, stat } from 'node:fs/promises';
import { z } from 'zod';
import { cachedGuestImage } from '../../images/build-guest.ts';
import { readImageManifest } from '../../images/image-manifest.ts';
import { imageInputs } from '../../images/image-version.ts';
import { assertCapacityForImage, type HostCapacity } from '../environments/admission.ts';
import type { ImageStore } from '../../supervisor/storage/image-store.ts';
import type { StoragePool } from '../../supervisor/storage/pool.ts';
import type { SqliteEnvironments } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import type { Operation, OperationKind } from '../operations/operation.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import type { SqliteIdempotency } from '../operations/sqlite-idempotency.ts';
import type { Image, ImageService } from './image-schemas.ts';

interface ImageManagerDeps {
  images: ImageStore;
  pool: Pick<StoragePool, 'usage'>;
  cacheDir: string;
  /** The host's committed memory. */
  capacity(): HostCapacity;
  environments: SqliteEnvironments;
  operations: OperationEngine;
  idempotency: SqliteIdempotency;
}

/** The assumed size of an image when there is none to compare with: two or three times the size of ours. */
const USUAL_IMAGE_BYTES = 2 * 2 ** 30;

/** All builds have one target, so that only one runs at a time; a second would only wait. */
const TARGET = { type: 'image', id: 'image', name: 'guest' };

export class ImageManager implements ImageService {
  readonly #deps: ImageManagerDeps;

  constructor(deps: ImageManagerDeps) {
    this.#deps = deps;
  }

  async list(): Promise<Image[]> {
    const [images, current] = [await this.#deps.images.list(), await this.#deps.images.currentVersion()];
    const used = this.#deps.environments.all().map((environment) => environment.image);
    return await Promise.all(images.map(async ({ version, folder, manifest }) => {
      const disk = await stat(join(folder, 'disk'));
      return {
        version, suite: manifest.suite, agentVersion: manifest.agentVersion, createdAt: manifest.createdAt, sizeBytes: disk.size, allocatedBytes: disk.blocks * 512,
        current: version === current, environments: used.filter((other) => other === version).length,
      };
    }));
  }

  async build(caller: Caller, options: { idempotencyKey?: string | undefined } = {}): Promise<Operation> {
    const { operations, idempotency, pool } = this.#deps;
    const [usage, neededBytes] = await Promise.all([pool.usage(), this.#neededBytes()]);
    const { id } = idempotency.once({ owner: caller.user, key: options.idempotencyKey, request: { image: 'build' } }, () => {
      operations.assertFree(TARGET.id);
      assertCapacityForImage(neededBytes, this.#deps.capacity(), usage);
      return { id: operations.submit({ kind: 'image.build', input: {}, owner: caller.user, actor: caller.keyId, target: TARGET }).id };
    });
    return await operations.get(caller, id);
  }

  /** The pool space that the image will need: none when it is in the pool, its size when it is built, else the size of the current image or a default. */
  async #neededBytes(): Promise<number> {
    const { images, cacheDir } = this.#deps;
    const { version } = await imageInputs();
    const stored = await images.list();
    if (stored.some((image) => image.version === version)) return 0;
    const newest = stored[0];
    return await allocatedBytes(join(cacheDir, version)) ?? (newest && await allocatedBytes(newest.folder)) ?? USUAL_IMAGE_BYTES;
  }

  async remove(version: string): Promise<void> {
    await this.#deps.images.remove(version);
  }
}

interface BuildContext { builtFolder: string }

/** Builds into the host's cache, where other control planes find it too, then copies into the pool. */
export function imageBuildKind(deps: Pick<ImageManagerDeps, 'images' | 'pool' | 'cacheDir' | 'capacity'> & { events: SqliteEventLog }): OperationKind<Record<string, never>, BuildContext> {
  return {
    kind: 'image.build',
    lane: 'images',
    input: z.strictObject({}),
    afterCrash: 'resume',
    cancellable: true,
    async open() {
      return { builtFolder: join(deps.cacheDir, (await imageInputs()).version) };
    },
    steps: [
      {
        name: 'image.build',
        timeoutMs: 1_800_000,
        async run(_, step) {
          await cachedGuestImage({
            cacheDir: deps.cacheDir, log: step.log, signal: step.signal, onStep: ({ name, index, count }) => step.progress({ message: name, percent: (index / count) * 100 }),
          });
        },
      },
      {
        name: 'image.add',
        timeoutMs: 900_000,
        async run({ builtFolder }) {
          const { version } = await readImageManifest(builtFolder);
          const isThere = (await deps.images.list()).some((image) => image.version === version);
          if (!isThere) assertCapacityForImage(await allocatedBytes(builtFolder) ?? USUAL_IMAGE_BYTES, deps.capacity(), await deps.pool.usage());
          await deps.images.add(builtFolder);
        },
      },
    ],
    async succeed() {
      const { version } = await deps.images.current();
      deps.events.append({ type: 'image.built', owner: null, subject: { type: 'image', id: version }, actor: null, data: { version } });
      return { version };
    },
  };
}

/** Disk usage of the files in a folder; undefined when it does not exist. */
async function allocatedBytes(folder: string): Promise<number | undefined> {
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return undefined;
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).blocks * 512));
  return sizes.reduce((total, size) => total + size, 0);
}
