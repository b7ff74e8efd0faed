// Guest images for the doors: listing, building as an operation, removing.
import { join } from 'node:path';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { cachedGuestImage } from '../../images/build-guest.ts';
import { imageInputs } from '../../images/image-version.ts';
import type { ImageStore } from '../../supervisor/storage/image-store.ts';
import type { SqliteEnvironments } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import type { Operation, OperationKind } from '../operations/operation.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import type { SqliteIdempotency } from '../operations/sqlite-idempotency.ts';
import type { Image, ImageService } from './image.ts';

interface ImagesDeps {
  images: ImageStore;
  environments: SqliteEnvironments;
  operations: OperationEngine;
  idempotency: SqliteIdempotency;
}

/** All builds have one target: two at once would only wait for each other. */
const TARGET = { type: 'image', id: 'image', name: 'guest' };

export class Images implements ImageService {
  readonly #deps: ImagesDeps;

  constructor(deps: ImagesDeps) {
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
    const { operations, idempotency } = this.#deps;
    const { id } = idempotency.once({ owner: caller.user, key: options.idempotencyKey, request: { image: 'build' } }, () => ({
      id: operations.submit({ kind: 'image.build', input: {}, owner: caller.user, actor: caller.keyId, target: TARGET }).id,
    }));
    return await operations.get(caller, id);
  }

  async remove(version: string): Promise<void> {
    await this.#deps.images.remove(version);
  }
}

interface BuildContext { builtFolder: string }

/** Builds into the host's cache, where other control planes find it too, then copies into the pool. */
export function imageBuildKind(deps: { images: ImageStore; events: SqliteEventLog; cacheDir: string }): OperationKind<Record<string, never>, BuildContext> {
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
