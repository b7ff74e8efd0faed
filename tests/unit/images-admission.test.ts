// Whether an image build is admitted: the pool must have space for the image, and only one build runs at a time.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { imageInputs } from '../../images/image-version.ts';
import { imageBuildKind, ImageManager } from '../../orchestrator/images/image-manager.ts';
import { admin, openWorkshop, scratchFolder, type Workshop } from '../support/operations.ts';

const GIB = 2 ** 30;
const capacity = { totalMiB: 8192, reserveMiB: 0, committedMiB: 1024 };

function open(shop: Workshop, cacheDir: string, freeBytes: number): ImageManager {
  const pool = { usage: async () => ({ path: '/p', backing: 'loop' as const, fileSystem: 'xfs', reflink: true, totalBytes: 10 * GIB, freeBytes, reserveBytes: GIB }) };
  const deps = { images: { list: async () => [] } as never, pool, cacheDir, capacity: () => capacity };
  shop.engine.register(imageBuildKind({ ...deps, events: shop.events }));
  return new ImageManager({ ...deps, environments: { all: () => [] } as never, operations: shop.engine, idempotency: shop.idempotency });
}

test('a build is refused, with the numbers, when the pool has no space for an image beside the running VMs, and nothing is started', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  await expect(open(shop, folder.path, 3 * GIB).build(admin)).rejects.toMatchObject({ code: 'insufficient_space', details: { neededBytes: 2 * GIB, availableBytes: GIB } });
  expect(shop.engine.waiting()).toEqual([]);
});

test('an image that is already built needs the space of its files', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const { version } = await imageInputs();
  mkdirSync(join(folder.path, version));
  writeFileSync(join(folder.path, version, 'disk'), Buffer.alloc(1_048_576, 1));
  expect(await open(shop, folder.path, 3 * GIB).build(admin)).toMatchObject({ kind: 'image.build', status: 'queued' });
});

test('a second build is refused with the first one named, and the same request again returns the first', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const images = open(shop, folder.path, 9 * GIB);
  const first = await images.build(admin, { idempotencyKey: 'k' });
  await expect(images.build(admin)).rejects.toMatchObject({ code: 'operation_in_progress', details: { operationId: first.id } });
  expect((await images.build(admin, { idempotencyKey: 'k' })).id).toBe(first.id);
});
