import { describe, expect, test } from 'vitest';
import { memoryFolder, SECRET, USER, type MemoryFolder } from '../bench/memory-folder.ts';

const DAY_MS = 86_400_000;

async function reopened(folder: MemoryFolder): Promise<MemoryFolder['service']> {
  const service = await folder.restart();
  await service.unlock(USER, { secret: SECRET });
  return service;
}

describe('Changing a memory', () => {
  test('keeps its id and earlier text; the new text is found and the old one is not, even after a restart', async () => {
    await using folder = await memoryFolder();
    let { service } = folder;
    await service.setUp(USER, SECRET);
    const { id } = await service.remember(USER, { text: 'The kiln reaches 1200 degrees.', metadata: { project: 'pottery' } });
    await service.remember(USER, { text: 'The ferry leaves at nine.' });
    for (const packed of [false, true]) {
      if (packed) service = await reopened(folder);
      const text = packed ? 'The furnace reaches 1400 degrees.' : 'The oven reaches 1300 degrees.';
      expect(service.update(USER, id ?? '', { text })).toMatchObject({ id, text, metadata: { project: 'pottery' } });
      expect(service.get(USER, id ?? '').text).toBe(text);
    }
    const check = async (): Promise<void> => {
      expect((await service.recall(USER, { query: 'furnace 1400' })).hits[0]?.memory).toMatchObject({ id, edits: [{ text: 'The kiln reaches 1200 degrees.' }, { text: 'The oven reaches 1300 degrees.' }] });
      for (const query of ['kiln', 'oven']) expect((await service.recall(USER, { query })).hits).toEqual([]);
      expect(service.list(USER).items).toHaveLength(2);
    };
    await check();
    service = await reopened(folder);
    await check();
    service.forget(USER, { ids: [id ?? ''] });
    expect(() => service.update(USER, id ?? '', { text: 'Something' })).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  test('derives facts again, and restores what a fact of the old text had replaced', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const said = async (text: string, occurredAt: string): Promise<string> => (await service.remember(USER, { type: 'conversation', speaker: 'Ann', text, occurredAt })).id ?? '';
    await said('I live in Bergen.', '2024-01-01T00:00:00Z');
    const id = await said('I live in Porto.', '2025-01-01T00:00:00Z');
    const facts = (): string[] => service.list(USER, { layer: 'fact' }).items.map(({ text }) => text);
    service.update(USER, id, { text: 'I live in Narvik.' });
    expect(facts()).toEqual(['Ann lives in Narvik']);
    service.update(USER, id, { text: 'It rains.' });
    expect(facts()).toEqual(['Ann lives in Bergen']);
  });

  test('of the importance changes the retention in both directions; a change of metadata adds and removes values', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    await using folder = await memoryFolder({ now: () => now });
    let { service } = folder;
    await service.setUp(USER, SECRET);
    const [kept, lost] = (await service.rememberAll(USER, [{ text: 'The kiln reaches 1200 degrees.', importance: 'temporary', metadata: { a: '1', b: '2' } }, { text: 'The ferry leaves at nine.', importance: 'critical' }])).map(({ id }) => id ?? '');
    service.update(USER, kept!, { importance: 'critical', metadata: { b: null, c: '3' } });
    service.update(USER, lost!, { importance: 'temporary' });
    service = await reopened(folder);
    now += 2 * DAY_MS;
    service.expire();
    expect(service.list(USER).items).toMatchObject([{ id: kept, importance: 'critical' }]);
    expect(service.get(USER, kept!).metadata).toEqual({ a: '1', c: '3' });
  });
});

describe('Filters', () => {
  test('by metadata, agent, session and conversation find exactly the memories that have them, including those stored again elsewhere', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const found = async (filter: { agentId?: string; sessionId?: string; metadata?: Record<string, string> }): Promise<string[]> => (await service.recall(USER, { query: 'lorry parcel', limit: 50, ...filter })).hits.map(({ memory }) => memory.text).toSorted();
    const text = (n: number): string => `Parcel ${n} left on lorry ${n}.`;
    await service.rememberAll(USER, Array.from({ length: 12 }, (_, n) => ({ text: text(n), agentId: `agent ${n % 3}`, sessionId: `s${n % 2}`, metadata: { color: n % 4 === 0 ? 'red' : 'blue' } })));
    expect(await found({ metadata: { color: 'red' } })).toEqual([0, 4, 8].map(text).toSorted());
    expect(await found({ metadata: { color: 'red' }, agentId: 'agent 1', sessionId: 's0' })).toEqual([4].map(text));
    expect(await found({ metadata: { color: 'green' } })).toEqual([]);
    await service.remember(USER, { text: text(1), agentId: 'agent 9', sessionId: 's9' });
    await service.remember(USER, { text: text(20), agentId: 'agent 9', sessionId: 's8' });
    expect(await found({ agentId: 'agent 9' })).toEqual([1, 20].map(text).toSorted());
    expect(await found({ agentId: 'agent 9', sessionId: 's1' })).toEqual([]); // stored by one agent there and by another here
    expect(service.forget(USER, { agentId: 'agent 2' }).forgotten).toBe(4);
    expect(await found({ agentId: 'agent 2' })).toEqual([]);
  });
});

describe('What is stored', () => {
  test('contains no secrets in captions, names, attachments and metadata', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const secret = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
    const stored = await service.remember(USER, {
      text: 'The deployment.', metadata: { password: 'hunter2hunter', note: 'plain' },
      attachment: { kind: 'code', name: `${secret}.txt`, caption: `uses ${secret}`, data: Buffer.from(`export TOKEN=${secret}\n`).toString('base64') },
    });
    expect(stored.redactedSecrets).toBe(4);
    const { attachment, metadata } = service.get(USER, stored.id ?? '');
    const kept = (id: string | null): Buffer => Buffer.from(service.files.filePart(USER, id ?? '', 0) ?? []);
    expect(JSON.stringify([attachment, metadata, kept(stored.id).toString()])).not.toMatch(/ghp_|hunter2/);
    expect(kept(stored.id).toString()).toContain('export TOKEN=');
    expect(metadata?.['note']).toBe('plain');
    const bytes = Buffer.from([0xff, 0xd8, 0xff, 0x00]).toString('base64');
    const picture = await service.remember(USER, { text: 'A picture.', attachment: { kind: 'image', data: bytes } });
    expect(kept(picture.id).toString('base64')).toBe(bytes);
  });

  test('is not what recall has just returned, unless a person says it', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    await using folder = await memoryFolder({ now: () => now });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const text = 'The kiln in the yard reaches 1200 degrees on dry days.';
    await service.remember(USER, { text });
    const turn = async (speaker: string, said: string): Promise<string> => (await service.remember(USER, { type: 'conversation', speaker, text: said })).outcome;
    expect(await turn('assistant', text)).toBe('stored'); // recall has not returned it yet
    await service.recall(USER, { query: 'How hot does the kiln get?' });
    expect(await turn('assistant', text)).toBe('recalled_text');
    expect(await turn('assistant', `- ${text}\n- The ferry leaves at nine.`)).toBe('stored');
    expect(service.list(USER).items[0]?.text).toBe('- The ferry leaves at nine.');
    expect(await turn('Ann', text)).toBe('stored');
    now += 2 * 3_600_000;
    expect(await turn('assistant', text)).toBe('stored');
  });
});
