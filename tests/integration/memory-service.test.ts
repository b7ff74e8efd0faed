import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../common/log.ts';
import { MemoryConfig } from '../../orchestrator/memory/memory-config.ts';
import { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import { SqliteKeyStore } from '../../orchestrator/memory/store/sqlite-key-store.ts';
import { SqliteMemoryStore } from '../../orchestrator/memory/store/sqlite-memory-store.ts';
import { memoryFolder, SECRET, USER, type MemoryFolder } from '../bench/memory-folder.ts';
import { modelIsHere } from '../bench/memory-locations.ts';

const log = createLogger({ level: 'silent' });

describe('Memory', () => {
  let folder: MemoryFolder;
  beforeAll(async () => {
    folder = await memoryFolder();
    await folder.service.setUp(USER, SECRET);
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
  });

  test('finds what it stored, also after a restart', async () => {
    const { id } = await folder.service.remember(USER, { text: 'The staging database listens on port 6432 behind pgbouncer.' });
    expect((await folder.service.recall(USER, { query: 'Which port has the staging database?' })).hits[0]?.memory.id).toBe(id);
    const service = await folder.restart();
    await expect(service.recall(USER, { query: 'staging database' })).rejects.toMatchObject({ code: 'locked' });
    await service.unlock(USER, { secret: SECRET });
    expect((await service.recall(USER, { query: 'Which port has the staging database?' })).hits[0]?.memory.id).toBe(id);
  });

  test('says that it knows nothing instead of guessing', async () => {
    const answer = await folder.service.recall(USER, { query: 'What is the boiling point of tungsten?' });
    expect(answer).toEqual({ hits: [], nothingRelevant: true, mode: 'keywords' });
  });

  test('keeps one of two nearly identical texts, unless a number differs', async () => {
    const { service } = folder;
    const first = await service.remember(USER, { text: 'The nightly backup of the ledger runs at three in the morning on host amber.' });
    expect(await service.remember(USER, { text: 'the nightly backup of the ledger runs at three in the morning, on host amber' })).toMatchObject({ outcome: 'duplicate', id: first.id });
    expect((await service.remember(USER, { text: 'Rack 41 has twelve disks of the amber kind in its upper half.' })).outcome).toBe('stored');
    expect((await service.remember(USER, { text: 'Rack 42 has twelve disks of the amber kind in its upper half.' })).outcome).toBe('stored');
  });

  test('stores a turn that is sent twice once, and a turn that is said twice twice', async () => {
    const { service } = folder;
    const turn = { type: 'conversation', text: 'Sounds great, thanks!', speaker: 'Ann', conversationId: 'twice' } as const;
    const sent = await service.remember(USER, { ...turn, sourceId: 't1' });
    expect(await service.remember(USER, { ...turn, sourceId: 't1' })).toMatchObject({ outcome: 'duplicate', id: sent.id });
    expect((await service.remember(USER, { ...turn, sourceId: 't2' })).outcome).toBe('stored');
  });

  test('never stores its own recalled text again', async () => {
    const { service } = folder;
    const { text } = await service.context(USER, { query: 'Which port has the staging database?' });
    expect(text).toContain('6432');
    const before = service.stats(USER).memories;
    expect(await service.remember(USER, { text, type: 'conversation', speaker: 'assistant' })).toMatchObject({ outcome: 'recalled_text', id: null });
    const kept = await service.remember(USER, { text: `${text}\nI will change the timeout.`, type: 'conversation', speaker: 'assistant' });
    expect(service.get(USER, kept.id ?? '').text).toBe('I will change the timeout.');
    expect(service.stats(USER).memories).toBe(before + 1);
  });

  test('redacts secrets before they are stored', async () => {
    const { service } = folder;
    const { id, redactedSecrets } = await service.remember(USER, { text: 'Deploy with token ghp_abcdefghijklmnopqrstuvwxyz0123456789 please' });
    expect(redactedSecrets).toBe(1);
    expect(service.get(USER, id ?? '').text).toBe('Deploy with token [redacted token] please');
  });

  test('lets a newer fact supersede an older one and keeps both in its history', async () => {
    const { service } = folder;
    const old = await service.remember(USER, { type: 'conversation', speaker: 'Mia', text: 'I live in Bergen.', occurredAt: '2023-01-01T00:00:00Z' });
    const recent = await service.remember(USER, { type: 'conversation', speaker: 'Mia', text: 'I moved to Porto.', occurredAt: '2024-01-01T00:00:00Z' });
    const late = await service.remember(USER, { type: 'conversation', speaker: 'Mia', text: 'My name is Mia Sand.', occurredAt: '2022-01-01T00:00:00Z' });
    expect([old.facts, recent.facts, late.facts].map((facts) => facts.length)).toEqual([1, 1, 1]);
    const { text } = await service.context(USER);
    expect(text).toContain('Mia lives in Porto');
    expect(text).toContain("Mia's name is Mia Sand");
    expect(text).not.toContain('Mia lives in Bergen');
    const history = service.history(USER, old.facts[0] ?? '');
    expect(history.supersededBy).toBe(recent.facts[0]);
    expect(history.sources.map((memory) => memory.id)).toEqual([old.id]);
    expect(history.versions.map(({ memory, validTo }) => [memory.text, validTo])).toEqual([['Mia lives in Bergen', '2024-01-01T00:00:00.000Z'], ['Mia lives in Porto', undefined]]);
  });

  test('injects standing instructions for any question', async () => {
    const { service } = folder;
    await service.remember(USER, { type: 'custom_instruction', text: 'Answer in metric units.' });
    const { parts } = await service.context(USER, { query: 'staging database port' });
    expect(parts.find((part) => part.name === 'instructions')?.lines.map((line) => line.text)).toContain('Answer in metric units.');
  });

  test('keeps within the budget of a context', async () => {
    for (let i = 0; i < 60; i += 1) await folder.service.remember(USER, { type: 'conversation', speaker: 'Ann', conversationId: 'long', text: `Line ${i} says that the parcel number ${i} is on its way to the depot.` });
    const context = await folder.service.context(USER, { conversationId: 'long', tokens: 400 });
    expect(context.tokens).toBeLessThanOrEqual(400);
    expect(context.text.length / 4).toBeLessThanOrEqual(480);
    expect(context.parts.find((part) => part.name === 'recent')?.lines.at(-1)?.text).toContain('parcel number 59');
  });

  test('forgets a turn together with the fact and the summary derived from it', async () => {
    const { service } = folder;
    const turn = await service.remember(USER, { type: 'conversation', speaker: 'Zoe', conversationId: 'z', text: 'I work at Quillfeather Observatory.' });
    expect(turn.facts).toHaveLength(1);
    expect(service.forget(USER, { ids: [turn.id ?? ''] })).toMatchObject({ forgotten: 1, derived: 1 });
    expect((await service.recall(USER, { query: 'Quillfeather Observatory', layers: ['raw', 'fact'] })).hits).toEqual([]);
    expect(() => service.get(USER, turn.facts[0] ?? '')).toThrow(expect.objectContaining({ code: 'not_found' }));
    expect(() => service.forget(USER, { ids: [turn.id ?? ''] })).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  test('lets memories expire by importance, and extends those that are used', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    await using clock = await memoryFolder({ now: () => now });
    const { service } = clock;
    await service.setUp(USER, SECRET);
    await service.remember(USER, { text: 'The temporary badge code is kestrel.', importance: 'temporary' });
    await service.remember(USER, { text: 'The gate code is osprey today.', importance: 'temporary' });
    await service.remember(USER, { text: 'The founding year of the company is carved in the lobby.', importance: 'critical' });
    now += 20 * 3_600_000;
    expect((await service.recall(USER, { query: 'gate osprey' })).hits.map((hit) => hit.memory.text)).toEqual(['The gate code is osprey today.']);
    await service.lock(USER);
    now += 20 * 3_600_000;
    await service.unlock(USER, { secret: SECRET });
    expect((await service.recall(USER, { query: 'badge code kestrel' })).hits.map((hit) => hit.memory.text)).not.toContain('The temporary badge code is kestrel.');
    expect((await service.recall(USER, { query: 'gate osprey' })).hits).toHaveLength(1);
    now += 400 * 86_400_000;
    expect((await service.recall(USER, { query: 'founding year company lobby' })).hits).toHaveLength(1);
  });

  test('classifies by the rules of memory.yaml, and keeps within its limits', async () => {
    await using folder = await memoryFolder({ config: { classification: { rules: [{ contains: 'Never Forget', importance: 'critical' }] }, storage: { maxMemories: 2, maxTextBytes: 100 } } });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const { id } = await service.remember(USER, { text: 'We must never forget the valve.' });
    expect(service.get(USER, id ?? '').importance).toBe('critical');
    await expect(service.remember(USER, { text: 'x'.repeat(101) })).rejects.toMatchObject({ code: 'too_large' });
    const { id: other } = await service.remember(USER, { text: 'The other one.' });
    expect(service.get(USER, other ?? '').importance).toBe('high');
    await expect(service.remember(USER, { text: 'One too many.' })).rejects.toMatchObject({ code: 'quota_exceeded', details: { held: 2, maxMemories: 2 } });
    service.forget(USER, { ids: [other ?? ''] });
    expect((await service.remember(USER, { text: 'Now there is room.' })).outcome).toBe('stored');
  });

  test('ranks old memories below new ones when decay is set, except critical ones', async () => {
    await using clock = await memoryFolder({ now: () => Date.parse('2026-06-01T00:00:00Z') });
    const { service } = clock;
    await service.setUp(USER, SECRET);
    const said = async (text: string, year: number, importance: 'high' | 'critical' = 'high'): Promise<void> => void await service.remember(USER, { text, importance, occurredAt: `${year}-05-01T00:00:00Z` });
    await said('The ferry to Aran leaves at nine.', 2024);
    await said('The ferry to Aran leaves at seven.', 2026);
    const first = async (): Promise<string | undefined> => (await service.recall(USER, { query: 'ferry to Aran' })).hits[0]?.memory.text;
    expect(await first()).toContain('nine'); // as good, and stored first
    service.reload({ ...clock.config, retrieval: { ...clock.config.retrieval, decayHalfLifeDays: 90 } });
    expect(await first()).toContain('seven');
    await said('The ferry to Aran leaves at midnight.', 2020, 'critical');
    expect(await first()).toContain('midnight');
  });

  test('understands when something happened, from when it was said and from what was said', async () => {
    await using clock = await memoryFolder({ now: () => Date.parse('2024-05-15T12:00:00Z') });
    const { service } = clock;
    await service.setUp(USER, SECRET);
    const said = async (text: string, occurredAt: string): Promise<void> => {
      await service.remember(USER, { type: 'conversation', speaker: 'Ann', text, occurredAt, sessionId: occurredAt });
    };
    await said('I baked bread with walnuts.', '2024-05-14T09:00:00Z');
    await said('I baked bread with olives.', '2024-03-04T09:00:00Z');
    await said('I baked bread with raisins two months ago.', '2024-02-20T09:00:00Z');
    const first = async (query: string): Promise<string | undefined> => (await service.recall(USER, { query })).hits[0]?.memory.text;
    expect(await first('Which bread was baked last Tuesday?')).toBe('I baked bread with walnuts.');
    expect(await first('Which bread was baked in March?')).toBe('I baked bread with olives.');
    expect(await first('Which bread was baked in December 2023?')).toBe('I baked bread with raisins two months ago.');
    const explained = await service.recall(USER, { query: 'Which bread did Ann bake in March?', explain: true });
    expect(explained.hits[0]?.explain).toEqual({ ranks: { bm25: expect.any(Number) as number, window: expect.any(Number) as number, graph: 1 }, boost: expect.any(Number) as number });
    expect((await service.recall(USER, { query: 'baked bread', from: '2024-05-01T00:00:00Z' })).hits).toHaveLength(1);
    await expect(service.recall(USER, { query: 'bread', from: '2024-05-01T00:00:00Z', to: '2024-04-01T00:00:00Z' })).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test.each([
    ['a text of 10 MB', { text: 'x'.repeat(10_000_000) }, 'too_large'],
    ['binary', { text: 'ELF\u0000\u0001\u0002' }, 'invalid_request'],
    ['nothing', { text: '  \n' }, 'invalid_request'],
    ['half a character', { text: 'broken \ud800 text' }, 'invalid_request'],
    ['an unknown type', { text: 'x', type: 'poem' as 'document' }, 'invalid_request'],
    ['an unknown field', { text: 'x', color: 'red' } as { text: string }, 'invalid_request'],
  ])('refuses %s and stores nothing', async (_what, input, code) => {
    const before = folder.service.stats(USER).memories;
    await expect(folder.service.rememberAll(USER, [{ text: 'A perfectly good memory about herons and reeds.' }, input])).rejects.toMatchObject({ code });
    expect(folder.service.stats(USER).memories).toBe(before);
  });
});

describe('Keys', () => {
  test('unlock with secret, recovery key and key file, and not with replaced ones', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    const { recoveryKey } = await service.setUp(USER, SECRET);
    await service.remember(USER, { text: 'A memory that must survive every change of keys.' });
    const { fileKey } = await service.newFileKey(USER, { secret: SECRET });
    const reopened = async (credential: Parameters<MemoryService['unlock']>[1]): Promise<number> => {
      await service.lock(USER);
      await service.unlock(USER, credential);
      return (await service.recall(USER, { query: 'survive change of keys' })).hits.length;
    };
    expect(await reopened({ fileKey })).toBe(1);
    expect(await reopened({ recoveryKey })).toBe(1);
    await service.changeSecret(USER, { recoveryKey }, 'another long secret');
    await service.lock(USER);
    await expect(service.unlock(USER, { secret: SECRET })).rejects.toMatchObject({ code: 'locked' });
    expect(await reopened({ secret: 'another long secret' })).toBe(1);
    const renewed = await service.newRecoveryKey(USER, { secret: 'another long secret' });
    await service.lock(USER);
    await expect(service.unlock(USER, { recoveryKey })).rejects.toMatchObject({ code: 'locked' });
    expect(await reopened(renewed)).toBe(1);
  });
});

describe('Privacy', () => {
  const CANARIES = { main: 'xylocanarymain', name: 'Xylocanaryname' };

  test('nothing that was stored can be read in any written file', async () => {
    await using folder = await memoryFolder({ model: modelIsHere() });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    for (let i = 0; i < 30; i += 1) await service.remember(USER, { type: 'conversation', speaker: CANARIES.name, sessionId: `${CANARIES.main} session`, sourceId: `${CANARIES.main}${i}`, text: `My name is ${CANARIES.name} and I work at ${CANARIES.main} ${i}.`, metadata: { note: CANARIES.main } });
    const grep = (): string => {
      try {
        return execFileSync('grep', ['-rliaE', 'xylocanary', folder.dir], { encoding: 'utf8' });
      } catch {
        return '';
      }
    };
    expect(readdirSync(folder.dir)).toContain('memory.db-wal');
    expect(grep()).toBe('');
    service.compact(USER);
    await service.rebuild(USER);
    service.forget(USER, { sessionId: `${CANARIES.main} session` });
    expect(grep()).toBe('');
    await service.lock(USER);
    expect(grep()).toBe('');
  });

  test('a backup restored after shredding stays unreadable', async () => {
    await using folder = await memoryFolder();
    await folder.service.setUp(USER, SECRET);
    await folder.service.remember(USER, { text: 'Something that must be gone for good.' });
    await folder.service.lock(USER);
    const backup = `${folder.dir}-backup`;
    cpSync(folder.dir, backup, { recursive: true, filter: (path) => !path.includes('keystore') });
    try {
      expect(await folder.service.shred(USER)).toEqual({ spaces: 1 });
      expect(readFileSync(join(folder.dir, 'keystore.db')).includes('scrypt')).toBe(false);
      await expect(folder.service.unlock(USER, { secret: SECRET })).rejects.toMatchObject({ code: 'not_found' });
      cpSync(join(folder.dir, 'keystore.db'), join(backup, 'keystore.db'));
      const restored = new MemoryService({ store: SqliteMemoryStore.open(backup, log), keys: SqliteKeyStore.open(backup, log), embedder: undefined, config: MemoryConfig.parse({}), log });
      await expect(restored.unlock(USER, { secret: SECRET })).rejects.toMatchObject({ code: 'not_found' }); // the content went with the keys
      await restored.close();
    } finally {
      rmSync(backup, { recursive: true, force: true });
    }
  });
});
