// Vectors that callers compute with models of their own: recall by them has the same boundaries as recall by words; they stay with their memory through all changes, and are never shown.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Embedder } from '../../common/embedding/embedder.ts';
import { createLogger } from '../../common/log.ts';
import type { Caller } from '../../orchestrator/keys/caller.ts';
import { restore } from '../../orchestrator/memory/backup.ts';
import type { CallerVector } from '../../orchestrator/memory/memory.ts';
import type { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import { openMemory } from '../../orchestrator/memory/open-memory.ts';
import type { Recalled, RecallInput } from '../../orchestrator/memory/recalling.ts';
import type { RememberInput } from '../../orchestrator/memory/remembering.ts';
import { unitVector } from '../../orchestrator/memory/vectors/caller-vectors.ts';
import { memoryFolder, SECRET, USER } from '../bench/memory-folder.ts';
import { scratchMemory } from '../support/memory.ts';
import { alice } from '../support/operations.ts';

const inRoom = (environmentId: string): Caller => ({ ...USER, keyId: `key_${environmentId}`, environmentId });
/** A direction in a plane: the closer two angles, the closer the vectors. */
const at = (degrees: number, model = 'clip'): CallerVector => ({ model, values: [Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180), 0.01] });
type Service = Pick<MemoryService, 'recall' | 'remember'> | Awaited<ReturnType<ReturnType<typeof scratchMemory>['parts']['memory']['service']>>;
const recalled = async (service: Service, input: RecallInput, caller: Caller = USER): Promise<Recalled> => await service.recall(caller, input);
const texts = async (service: Service, input: RecallInput, caller: Caller = USER): Promise<string[]> => (await recalled(service, input, caller)).hits.map(({ memory }) => memory.text);
const ids = (answer: Recalled): string[] => answer.hits.map(({ memory }) => memory.id);
const store = async (service: Service, text: string, vector?: CallerVector, more: Partial<RememberInput> = {}, caller: Caller = USER): Promise<string> => (await service.remember(caller, { text, ...vector === undefined ? {} : { vector }, ...more })).id ?? '';

/** A model with the given name whose vectors mean nothing. */
class PlainModel implements Embedder {
  readonly dimensions = 384;
  readonly model: string;
  constructor(model: string) {
    this.model = model;
  }

  async embed(found: readonly string[]): Promise<Float32Array[]> {
    return found.map(() => new Float32Array(this.dimensions).fill(1 / Math.sqrt(this.dimensions)));
  }

  async close(): Promise<void> {}
}

describe('Recall by a vector', () => {
  test('finds the nearest memories of the same model and length, and says when there are none', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    for (const degrees of [0, 20, 40, 150]) await store(service, `Photo at ${degrees} degrees.`, at(degrees));
    await store(service, 'A photo seen by another model.', at(0, 'siglip'));
    await store(service, 'A longer vector.', { model: 'clip', values: [1, 0, 0, 0] });
    await store(service, 'A note without a vector.');
    const answer = await recalled(service, { vector: at(25), explain: true });
    expect(answer).toMatchObject({ mode: 'vector', nothingRelevant: false });
    expect(answer.hits.map(({ memory, explain }) => [memory.text, explain?.vector?.rank])).toEqual([['Photo at 20 degrees.', 1], ['Photo at 40 degrees.', 2], ['Photo at 0 degrees.', 3]]);
    expect(answer.hits[0]?.explain).toEqual({ ranks: {}, boost: expect.closeTo(1, 1) as number, vector: { rank: 1, cosine: expect.closeTo(Math.cos(5 * Math.PI / 180), 3) as number } });
    expect(await texts(service, { vector: at(25), limit: 1 })).toEqual(['Photo at 20 degrees.']);
    expect(await texts(service, { vector: at(0, 'siglip') })).toEqual(['A photo seen by another model.']);
    for (const vector of [at(0, 'unknown'), { model: 'clip', values: [1, 0] }]) expect(await recalled(service, { vector })).toEqual({ hits: [], nothingRelevant: true, mode: 'vector' });
    expect(service.stats(USER).callerVectors).toEqual([{ model: 'clip', dimensions: 3, memories: 4 }, { model: 'siglip', dimensions: 3, memories: 1 }, { model: 'clip', dimensions: 4, memories: 1 }]);
    await expect(recalled(service, {})).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(recalled(service, { vector: { model: 'clip', values: [0, 0, 0] } })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(store(service, 'Too long.', { model: 'clip', values: Array.from({ length: 4097 }, () => 1) })).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('applies the same filters as recall by words', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const [early, late] = ['2026-01-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'];
    await store(service, 'In the lab.', at(1), { environmentId: 'env_lab', occurredAt: late });
    await store(service, 'By the painter.', at(2), { agentId: 'painter', occurredAt: late });
    await store(service, 'In session s1.', at(3), { sessionId: 's1', occurredAt: late });
    await store(service, 'Of project kiln.', at(4), { metadata: { project: 'kiln' }, occurredAt: late });
    await store(service, 'A critical note.', at(5), { importance: 'critical', occurredAt: late });
    await store(service, 'An early tool result.', at(6), { type: 'tool_result', occurredAt: early });
    const cases: [Partial<RecallInput>, string[]][] = [
      [{ environmentId: 'env_lab' }, ['In the lab.']], [{ environmentId: 'env_unknown' }, []], [{ agentId: 'painter' }, ['By the painter.']], [{ sessionId: 's1' }, ['In session s1.']],
      [{ metadata: { project: 'kiln' } }, ['Of project kiln.']], [{ metadata: { project: 'vase' } }, []], [{ minImportance: 'critical' }, ['A critical note.']], [{ types: ['tool_result'] }, ['An early tool result.']],
      [{ to: '2026-02-01T00:00:00.000Z' }, ['An early tool result.']], [{ asOf: '2026-02-01T00:00:00.000Z' }, ['An early tool result.']], [{ layers: ['fact'] }, []],
    ];
    for (const [filter, expected] of cases) {
      const answer = await recalled(service, { vector: at(0), ...filter });
      expect({ filter, found: answer.hits.map(({ memory }) => memory.text), nothingRelevant: answer.nothingRelevant }).toEqual({ filter, found: expected, nothingRelevant: expected.length === 0 });
    }
    expect(await texts(service, { vector: at(0), from: '2026-02-01T00:00:00.000Z' })).toHaveLength(5);
  });

  test('stays within the user, the private space and the environment of a limited key', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    const other: Caller = { ...USER, keyId: 'key_b', user: 'usr_0000000000000000000000000b' };
    for (const user of [USER, other]) await service.setUp(user, SECRET);
    await service.createPrivateSpace(USER, 'diary', 'another secret of the user');
    await store(service, 'Of the owner.', at(0));
    await store(service, 'Of the diary.', at(0), { space: 'diary' });
    await store(service, 'Of the lab.', at(0), {}, inRoom('env_lab'));
    await store(service, 'Of the attic.', at(0), {}, inRoom('env_attic'));
    expect(await texts(service, { vector: at(0) }, inRoom('env_lab'))).toEqual(['Of the lab.']);
    expect(await texts(service, { vector: at(0), environmentId: 'env_attic' }, inRoom('env_lab'))).toEqual(['Of the lab.']);
    expect(await recalled(service, { vector: at(0) }, inRoom('env_cellar'))).toEqual({ hits: [], nothingRelevant: true, mode: 'vector' });
    expect(await recalled(service, { vector: at(0) }, other)).toEqual({ hits: [], nothingRelevant: true, mode: 'vector' });
    expect((await texts(service, { vector: at(0) })).toSorted()).toEqual(['Of the attic.', 'Of the lab.', 'Of the owner.']);
    expect(await texts(service, { vector: at(0), space: 'diary' })).toEqual(['Of the diary.']);
    expect((await texts(service, { vector: at(0), spaces: ['main', 'diary'] })).toSorted()).toEqual(['Of the attic.', 'Of the diary.', 'Of the lab.', 'Of the owner.']);
    await expect(recalled(service, { vector: at(0), space: 'diary' }, { ...USER, keyId: 'key_c' })).rejects.toMatchObject({ code: 'locked' });
    // Storing the owner's text with another vector adds a memory to the environment, and changes nothing outside.
    await store(service, 'Of the owner.', at(90), {}, inRoom('env_lab'));
    expect((await recalled(service, { vector: at(90), limit: 1 })).hits).toMatchObject([{ memory: { text: 'Of the owner.', environmentId: 'env_lab' } }]);
    expect((await texts(service, { vector: at(0), limit: 3 })).toSorted()).toEqual(['Of the attic.', 'Of the lab.', 'Of the owner.']);
  });

  test('with a question, joins both rankings by rank; a hit in only one ranking still counts', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const both = await store(service, 'The red kiln in the yard.', at(10));
    const byWords = await store(service, 'The red kiln has a crack in its door.');
    const byVector = await store(service, 'A vase on a shelf.', at(5));
    await store(service, 'The harbor at night.', at(170));
    const answer = await recalled(service, { query: 'red kiln', vector: at(0), explain: true });
    expect(ids(answer)[0]).toBe(both);
    expect(ids(answer).toSorted()).toEqual([both, byWords, byVector].toSorted());
    expect(answer).toMatchObject({ mode: 'keywords', nothingRelevant: false });
    expect(answer.hits[0]?.score).toBeGreaterThan(0.97);
    expect(answer.hits[0]?.explain).toMatchObject({ ranks: { bm25: expect.any(Number) as number }, vector: { rank: 2 } });
    expect(answer.hits.find(({ memory }) => memory.id === byVector)?.explain).toMatchObject({ ranks: {}, vector: { rank: 1 } });
    expect(answer.hits.find(({ memory }) => memory.id === byWords)?.explain).not.toHaveProperty('vector');
    expect(ids(await recalled(service, { query: 'red kiln', vector: at(0, 'unknown') }))).toEqual(ids(await recalled(service, { query: 'red kiln' })));
    expect(ids(await recalled(service, { query: 'zeppelin', vector: at(5) }))).toEqual([byVector, both]);
    expect(await recalled(service, { query: 'zeppelin', vector: at(0, 'unknown') })).toEqual({ hits: [], nothingRelevant: true, mode: 'keywords' });
    expect((await recalled(service, { query: 'red kiln', vector: at(0), tokens: 12 })).hits.map(({ memory }) => memory.id)).toEqual([both, byVector]);
  });

  test('changes nothing about recall without a vector', async () => {
    const answers = async (withVectors: boolean): Promise<unknown[]> => {
      await using folder = await memoryFolder({ embedder: new PlainModel('first'), now: () => Date.parse('2026-05-01T00:00:00.000Z') });
      const { service } = folder;
      await service.setUp(USER, SECRET);
      for (let i = 0; i < 30; i += 1) await store(service, `Lorry ${i} brought ${i * 3} parcels to depot ${i % 4}.`, withVectors ? at(i) : undefined);
      await service.settled(USER);
      const all = [];
      for (const query of ['which lorry went to depot 3', 'parcels', 'zeppelin', 'lorry 7']) {
        const { hits, ...rest } = await recalled(service, { query, explain: true });
        all.push({ ...rest, hits: hits.map(({ memory, score, explain, part, weak }) => ({ text: memory.text, score, explain, part, weak })) });
      }
      return all;
    };
    expect(await answers(true)).toEqual(await answers(false));
  });
});

describe('A vector is kept', () => {
  test('through edits, packs, locking, rebuilding, another text model and the forgetting of others, until its memory is forgotten', async () => {
    const named = { model: 'first' };
    const embedder = new PlainModel('');
    Object.defineProperty(embedder, 'model', { get: () => named.model });
    await using folder = await memoryFolder({ embedder });
    let { service } = folder;
    await service.setUp(USER, SECRET);
    const edited = await store(service, 'A photo of the old kiln.', at(0));
    const weighed = await store(service, 'A photo of the potter.', at(3));
    const doomed = await store(service, 'A photo of an empty chair.', at(6));
    const early = await service.rememberAll(USER, Array.from({ length: 600 }, (_, i) => ({ type: 'conversation' as const, text: `Turn ${i} about parcels.`, ...i % 2 === 0 ? { vector: at(90, 'voice') } : {} })));
    await service.settled(USER); // the first group is packed
    const check = async (): Promise<void> => {
      expect(ids(await recalled(service, { vector: at(0) }))).toEqual([edited, weighed]);
      expect(service.stats(USER).callerVectors.find(({ model }) => model === 'voice')?.memories).toBe(299);
    };
    service.update(USER, edited, { text: 'A photo of the new kiln.' });
    service.update(USER, weighed, { importance: 'high', metadata: { project: 'portraits' } });
    service.forget(USER, { ids: [doomed, early[0]?.id ?? ''] });
    await check();
    for (let round = 0; round < 2; round += 1) {
      await service.lock(USER);
      await service.unlock(USER, { secret: SECRET });
      await check();
    }
    expect(await service.rebuild(USER, { verify: true })).toMatchObject({ verified: true });
    await check();
    named.model = 'second';
    service = await folder.restart();
    await service.unlock(USER, { secret: SECRET });
    await service.settled(USER);
    await check();
    service.update(USER, weighed, { importance: 'medium' });
    service.forget(USER, { ids: [edited] });
    await service.lock(USER);
    await service.unlock(USER, { secret: SECRET });
    expect(ids(await recalled(service, { vector: at(0) }))).toEqual([weighed]);
  });

  test('through exports, tokens and backups', async () => {
    await using from = await memoryFolder();
    await using to = await memoryFolder();
    for (const { service } of [from, to]) await service.setUp(USER, SECRET);
    const id = await store(from.service, 'A photo of the kiln.', at(0), { importance: 'critical' });
    const token = await store(from.service, 'A photo of the vase.', at(10));
    await store(to.service, 'A photo of the kiln.', undefined, { importance: 'critical' });
    const { token: text, key } = from.service.exportToken(USER, token);
    expect(to.service.importToken(USER, text, key)).toMatchObject({ stored: 1 });
    const passphrase = 'a passphrase of the export';
    expect(await to.service.import(USER, await from.service.export(USER, { passphrase, core: true }), passphrase)).toMatchObject({ stored: 0, duplicates: 1 });
    const expected = ['A photo of the kiln.', 'A photo of the vase.'];
    expect(await texts(to.service, { vector: at(0) })).toEqual(expected); // the existing text got the vector
    await to.service.lock(USER);
    await to.service.unlock(USER, { secret: SECRET });
    expect(await texts(to.service, { vector: at(0) })).toEqual(expected);
    from.service.forget(USER, { ids: [id] });
    expect(await from.service.import(USER, await to.service.export(USER, { passphrase }), passphrase)).toMatchObject({ stored: 1, duplicates: 1 });

    const log = createLogger({ level: 'silent' });
    const where = (name: string): { dataDir: string; keysDir: string; formerKeysDir: string; configFile: string } => ({ dataDir: join(to.dir, name, 'memory'), keysDir: join(to.dir, `${name}-keys`), formerKeysDir: join(to.dir, 'former-keys', name), configFile: join(to.dir, `${name}.yaml`) });
    const target = { folder: join(to.dir, 'backup'), keysFolder: join(to.dir, 'backup-keys') };
    {
      await using here = await openMemory({ ...where('here'), embeddingDir: undefined, log });
      await here.service.setUp(USER, SECRET);
      await store(here.service, 'A photo of the harbor.', at(0));
      await here.backUp(target);
    }
    await restore(where('there'), target, log);
    await using there = await openMemory({ ...where('there'), embeddingDir: undefined, log });
    await there.service.unlock(USER, { secret: SECRET });
    expect(await texts(there.service, { vector: at(0) })).toEqual(['A photo of the harbor.']);
  });

  test('when its text is stored again: images with the same caption are two memories, a missing vector is added, and consolidation merges only memories with the same vector', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const caption = 'A photo of the workshop in the morning light.';
    const plain = await store(service, caption);
    expect(await service.remember(USER, { text: caption, vector: at(0) })).toMatchObject({ id: plain, outcome: 'duplicate' });
    expect(await service.remember(USER, { text: caption, vector: at(0) })).toMatchObject({ id: plain, outcome: 'duplicate' });
    const second = await store(service, caption, at(30));
    expect(second).not.toBe(plain);
    expect(await service.rememberAll(USER, [{ text: 'Twice.', vector: at(60) }, { text: 'Twice.', vector: at(60) }, { text: 'Twice.', vector: at(80) }])).toMatchObject([{ outcome: 'stored' }, { outcome: 'duplicate' }, { outcome: 'stored' }]);
    expect(ids(await recalled(service, { vector: at(0), limit: 2 }))).toEqual([plain, second]);
    expect(await service.consolidate(USER)).toMatchObject({ merged: [] });
    // A program that has recalled a caption can store it with another image.
    expect(await service.remember(USER, { text: caption, type: 'tool_result', vector: at(45) })).toMatchObject({ outcome: 'stored' });
    // The same turn, sent again, gets the vector that was sent last.
    const turn = { type: 'conversation' as const, sourceId: 'turn 1', text: 'Look at this.' };
    const { id } = await service.remember(USER, { ...turn, vector: at(0, 'old') });
    expect(await service.remember(USER, { ...turn, vector: at(0, 'new') })).toMatchObject({ id, outcome: 'duplicate' });
    await service.lock(USER);
    await service.unlock(USER, { secret: SECRET });
    expect(ids(await recalled(service, { vector: at(0, 'new') }))).toEqual([id]);
    expect(ids(await recalled(service, { vector: at(0, 'old') }))).toEqual([]);
    expect(ids(await recalled(service, { vector: at(0), limit: 2 }))).toEqual([plain, second]);
  });

  test('by the copies that a fork of its environment gets', async () => {
    await using folder = await memoryFolder({ config: { session: { onSnapshot: 'branch' } } });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    await store(service, 'A photo of the lab.', at(0), {}, inRoom('env_lab'));
    const [takenAt, now] = [new Date(Date.now() + 60_000).toISOString(), new Date(Date.now() + 61_000).toISOString()];
    expect(service.afterSnapshot(USER.user, { kind: 'fork', id: 'n1', environmentId: 'env_lab', forkId: 'env_fork', snapshot: 's1', takenAt, at: now })).toMatchObject({ copied: 1 });
    expect(await texts(service, { vector: at(0) }, inRoom('env_fork'))).toEqual(['A photo of the lab.']);
  });
});

test('No answer contains vectors, and neither they nor the names of their models are on disk in plain text', async () => {
  await using folder = await memoryFolder();
  const { service } = folder;
  await service.setUp(USER, SECRET);
  const vector = { model: 'xylomodel', values: Array.from({ length: 64 }, (_, i) => Math.sin(i + 1)) };
  const many = await service.rememberAll(USER, Array.from({ length: 520 }, (_, i) => ({ text: `Photo ${i}.`, vector: { ...vector, values: vector.values.map((value, at) => value + (at === 0 ? i / 1000 : 0)) } })));
  const id = many[0]?.id ?? '';
  service.update(USER, many[519]?.id ?? '', { importance: 'high' });
  await service.settled(USER);
  const answers = JSON.stringify([service.get(USER, id), service.list(USER), service.history(USER, id), await service.recall(USER, { vector, query: 'photo 0', explain: true }), await service.recall(USER, { query: 'photo 0', explain: true }), await service.context(USER, { query: 'photo 0' })]);
  expect(answers).toContain('Photo 0.');
  const unit = unitVector(vector).values;
  const number = String(unit[5]).slice(0, 8);
  for (const part of ['xylomodel', '"values"', number, String(vector.values[5]).slice(0, 8)]) expect(answers).not.toContain(part);
  await service.lock(USER);
  const bytes = Buffer.from(unit.buffer).subarray(4, 20);
  const base64 = Buffer.from(unit.buffer).toString('base64').slice(8, 40);
  for (const file of readdirSync(folder.dir)) {
    const content = readFileSync(join(folder.dir, file));
    for (const part of ['xylomodel', bytes, base64, 'vectorModels']) expect({ file, at: content.indexOf(part) }).toEqual({ file, at: -1 });
  }
});

test('The memory process accepts vectors with memories and files, and finds memories by them after it was locked', async () => {
  await using scratch = scratchMemory();
  const memory = await scratch.parts.memory.service();
  await memory.setUp(alice, SECRET);
  await store(memory, 'A photo of the kiln.', at(0), {}, alice);
  const { id } = await memory.files.beginFile(alice, { name: 'vase.png', caption: 'The blue vase.', vector: at(20) });
  await memory.files.addToFile(alice, id, 0, Buffer.from('not really an image'));
  expect(await memory.files.rememberFile(alice, id)).toMatchObject({ id, outcome: 'stored' });
  for (let round = 0; round < 2; round += 1) {
    const { hits } = await recalled(memory, { vector: at(18) }, alice);
    expect(hits.map(({ memory: one }) => one.attachment?.name ?? one.text)).toEqual(['vase.png', 'A photo of the kiln.']);
    await memory.lock(alice);
    await memory.unlock(alice, { secret: SECRET });
  }
  await memory.forget(alice, { ids: [id] });
  expect(await texts(memory, { vector: at(18) }, alice)).toEqual(['A photo of the kiln.']);
});
