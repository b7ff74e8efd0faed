// Damage stays small: an unreadable pack, a text that the model refuses, other weights. Everything else opens and answers.
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SomnusError } from '../../common/errors.ts';
import type { Embedder } from '../../common/embedding/embedder.ts';
import { words } from '../../orchestrator/memory/text/terms.ts';
import { memoryFolder, SECRET, USER, type MemoryFolder } from '../bench/memory-folder.ts';

/** A model whose vectors depend on the words of a text and on its own name. */
class FakeModel implements Embedder {
  model = 'first';
  readonly dimensions = 384;
  refuses: string | undefined;
  embedded = 0;
  /** Background texts that it embeds before it waits for `proceed`. */
  allowed = Infinity;
  #proceed = Promise.withResolvers<void>();

  async embed(texts: readonly string[], priority: 'query' | 'background'): Promise<Float32Array[]> {
    for (const text of texts) if (this.refuses !== undefined && text.includes(this.refuses)) throw new SomnusError('unavailable', 'The model failed');
    if (priority === 'background') {
      if (this.embedded + texts.length > this.allowed) await this.#proceed.promise;
      this.embedded += texts.length;
    }
    return texts.map((text) => {
      const vector = new Float32Array(this.dimensions);
      for (const word of words(text)) vector[Buffer.from(`${this.model}${word}`).reduce((sum, byte) => (sum * 31 + byte) % this.dimensions, 7)]! += 1;
      const norm = Math.hypot(...vector) || 1;
      return vector.map((value) => value / norm);
    });
  }

  proceed(): void {
    this.allowed = Infinity;
    this.#proceed.resolve();
    this.#proceed = Promise.withResolvers();
  }

  async close(): Promise<void> {}
}

async function filled(embedder: FakeModel, count: number): Promise<MemoryFolder> {
  const folder = await memoryFolder({ embedder });
  await folder.service.setUp(USER, SECRET);
  for (let at = 0; at < count; at += 520) {
    await folder.service.rememberAll(USER, Array.from({ length: Math.min(520, count - at) }, (_, i) => ({ type: 'conversation' as const, speaker: 'Ann', text: `The parcel${at + i} went to the depot.` })));
    await folder.service.settled(USER);
  }
  return folder;
}

const firstHit = async (folder: MemoryFolder, query: string): Promise<string | undefined> => (await folder.service.recall(USER, { query, limit: 1 })).hits[0]?.memory.text;

test('A pack that cannot be read is reported, and everything else opens and works', async () => {
  await using folder = await filled(new FakeModel(), 1060);
  await folder.service.lock(USER);
  const db = new Database(join(folder.dir, 'memory.db'));
  db.prepare('UPDATE packs SET sealed = zeroblob(length(sealed)) WHERE id = (SELECT min(id) FROM packs)').run();
  db.close();
  await folder.service.unlock(USER, { secret: SECRET });
  const { damaged } = folder.service.stats(USER);
  expect(damaged.packs).toBe(1);
  expect(damaged.memories).toBeGreaterThan(500);
  expect(await firstHit(folder, 'parcel1050')).toBe('The parcel1050 went to the depot.');
  await folder.service.remember(USER, { text: 'The depot has moved.' });
  expect(await folder.service.rebuild(USER, { verify: true })).toMatchObject({ damagedPacks: 1, verified: false });
});

test('A text that the model refuses is found by its words; the others get vectors and are packed', async () => {
  const embedder = new FakeModel();
  embedder.refuses = 'poison';
  await using folder = await memoryFolder({ embedder });
  const { service } = folder;
  await service.setUp(USER, SECRET);
  await service.rememberAll(USER, Array.from({ length: 40 }, (_, i) => ({ type: 'conversation' as const, text: i === 3 ? 'The poison is in the blue bottle.' : `The parcel${i} went to the depot.` })));
  await service.settled(USER);
  expect(service.stats(USER)).toMatchObject({ waitingForVectors: 0, damaged: { packs: 0, memories: 0, withoutVector: 1 } });
  expect(await firstHit(folder, 'blue bottle')).toBe('The poison is in the blue bottle.');
});

test('Other weights embed everything again in the background, pack by pack; words answer meanwhile', async () => {
  const embedder = new FakeModel();
  await using folder = await filled(embedder, 1060);
  await folder.service.lock(USER);
  embedder.model = 'second';
  embedder.embedded = 0;
  embedder.allowed = 640;
  await folder.service.unlock(USER, { secret: SECRET });
  expect(folder.service.stats(USER).waitingForVectors).toBeGreaterThan(0);
  expect(await firstHit(folder, 'parcel1050')).toBe('The parcel1050 went to the depot.');
  const locked = folder.service.lock(USER); // interrupts it
  embedder.proceed();
  await locked;
  const before = embedder.embedded;
  expect(before).toBeLessThan(1060);
  await folder.service.unlock(USER, { secret: SECRET });
  await folder.service.settled(USER);
  expect(folder.service.stats(USER).waitingForVectors).toBe(0);
  expect(embedder.embedded - before).toBeLessThan(1060); // what was done before is not repeated
  const done = embedder.embedded;
  await folder.service.lock(USER);
  await folder.service.unlock(USER, { secret: SECRET });
  await folder.service.settled(USER);
  expect(embedder.embedded).toBe(done);
});

test('rebuild --verify computes vectors again, replaces wrong ones, and says how many there were', async () => {
  const embedder = new FakeModel();
  embedder.model = 'wrong';
  await using folder = await filled(embedder, 600);
  const { service } = folder;
  embedder.model = 'right';
  expect(await service.rebuild(USER, { verify: true, dryRun: true })).toMatchObject({ rebuilt: false, verified: false });
  const { vectors } = await service.rebuild(USER, { verify: true });
  expect(vectors).toEqual({ checked: 600, different: 600 });
  expect(await service.rebuild(USER, { verify: true })).toMatchObject({ vectors: { checked: 600, different: 0 }, verified: true });
});
