// Nothing that was acknowledged is lost or hidden: context, duplicates, facts, imports, and search without a model.
import { describe, expect, test } from 'vitest';
import { memoryFolder, SECRET, USER } from '../bench/memory-folder.ts';

const WORDS = ['harbor', 'lantern', 'violin', 'meadow', 'copper', 'anvil', 'orchard', 'saddle', 'thistle', 'barrel', 'quartz', 'walnut'];

describe('Context', () => {
  test('shows every turn in full, in a summary, or leaves it to be recalled, for random lengths and budgets', async () => {
    let state = 5;
    const next = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
    for (let run = 0; run < 12; run += 1) {
      await using folder = await memoryFolder({ config: { session: { recentTurns: 5 + next(40) } } });
      const { service } = folder;
      await service.setUp(USER, SECRET);
      const turns = await service.rememberAll(USER, Array.from({ length: 5 + next(60) }, (_, i) => ({
        type: 'conversation' as const, speaker: 'Ann', text: `turn${run}x${i} ${Array.from({ length: next(5) === 0 ? next(3000) : next(60) }, () => WORDS[next(WORDS.length)]).join(' ')}`,
      })));
      if (next(2) === 0) service.compact(USER);
      const tokens = 100 + next(4000);
      const { parts, tokens: used, text } = await service.context(USER, { tokens });
      expect(used).toBeLessThanOrEqual(tokens);
      expect(parts.find(({ name }) => name === 'recent')?.lines.at(-1)?.sources).toEqual([turns.at(-1)!.id]);
      const shown = new Set(parts.flatMap(({ lines }) => lines).filter(({ shortened }) => shortened !== true).flatMap(({ sources }) => sources));
      for (const line of parts.flatMap(({ lines }) => lines)) if (line.shortened === true) expect(line.text).toContain(line.sources[0]);
      for (const [i, { id }] of turns.entries()) {
        if (shown.has(id ?? '')) continue;
        const { hits } = await service.recall(USER, { query: `turn${run}x${i}`, limit: 3 });
        expect(hits.map(({ memory }) => memory.id), `turn ${i} of run ${run}, ${tokens} tokens: ${text}`).toContain(id);
      }
    }
  });

  test('recalls a recent turn that the budget cuts, and shortens one that is too long', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    for (let i = 0; i < 50; i += 1) await service.remember(USER, { type: 'conversation', speaker: 'user', text: `marker${i} ${'word '.repeat(235)}` });
    const { parts } = await service.context(USER, { query: 'marker3' });
    const lines = (name: string): string[] => parts.find((part) => part.name === name)?.lines.map(({ text }) => text) ?? [];
    expect(lines('recent').length).toBeLessThan(50);
    expect(lines('recalled').join()).toContain('marker3 ');
    await service.remember(USER, { type: 'conversation', speaker: 'user', text: `final ${'long '.repeat(20_000)}` });
    const after = await service.context(USER);
    const recent = after.parts.find((part) => part.name === 'recent')?.lines ?? [];
    expect(recent.length).toBeGreaterThan(5);
    expect(recent.at(-1)).toMatchObject({ shortened: true, text: expect.stringMatching(/final long[\s\S]*\[shortened; the whole text is mem_/) as string });
  });
});

describe('A text that is stored again', () => {
  test('gains the higher importance, its retention, and where it was said', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    await using folder = await memoryFolder({ now: () => now });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const text = 'The bridge code is seven lanterns.';
    const { id } = await service.remember(USER, { text, importance: 'temporary', sessionId: 'one' });
    expect(await service.remember(USER, { text, importance: 'critical', sessionId: 'two', agentId: 'scout' })).toMatchObject({ outcome: 'duplicate', id });
    expect(await service.remember(USER, { text, importance: 'low' })).toMatchObject({ outcome: 'duplicate', id });
    await service.lock(USER);
    now += 400 * 86_400_000;
    await service.unlock(USER, { secret: SECRET });
    expect(service.get(USER, id ?? '')).toMatchObject({ importance: 'critical', sessionId: 'one', also: [{ sessionId: 'two', agentId: 'scout' }, {}] });
    for (const sessionId of ['one', 'two']) expect((await service.recall(USER, { query: 'bridge lanterns', sessionId })).hits).toHaveLength(1);
    expect((await service.recall(USER, { query: 'bridge lanterns', sessionId: 'three' })).hits).toEqual([]);
  });

  test('is forgotten with its twins, and no undo brings it back', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    for (const forgotten of [0, 1]) {
      await using folder = await memoryFolder({ now: () => now += 1000, config: { retrieval: { duplicateOverlap: 1 } } });
      const { service } = folder;
      await service.setUp(USER, SECRET);
      const ids: string[] = [];
      for (const end of ['came', 'came soon']) ids.push((await service.remember(USER, { text: `Olaf repaired the greenhouse heating before the first frost of October ${end}.` })).id ?? '');
      service.reload({ ...folder.config, retrieval: { ...folder.config.retrieval, duplicateOverlap: 0.7 } });
      expect((await service.consolidate(USER)).merged).toHaveLength(1);
      expect(service.forget(USER, { ids: [ids[forgotten]!] })).toMatchObject({ forgotten: 1, derived: 1 });
      service.undoConsolidation(USER);
      expect(service.list(USER).items).toEqual([]);
    }
  });
});

describe('Facts', () => {
  const lives = (speaker: string, place: string, year: number) => ({ type: 'conversation' as const, speaker, text: `I live in ${place}.`, occurredAt: `${year}-01-01T00:00:00Z` });

  test('are current by when they were true, in whatever order they were told, also within one import', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const current = (): string[] => service.list(USER, { layer: 'fact' }).items.map(({ text }) => text).toSorted();
    await service.remember(USER, lives('Mia', 'Porto', 2024));
    const late = await service.remember(USER, lives('Mia', 'Bergen', 2023));
    await service.rememberAll(USER, [lives('Bo', 'Oslo', 2024), lives('Bo', 'Rome', 2022), lives('Bo', 'Pisa', 2023)]);
    expect(current()).toEqual(['Bo lives in Oslo', 'Mia lives in Porto']);
    expect(service.history(USER, late.facts[0] ?? '').versions.map(({ memory, validTo }) => [memory.text, validTo?.slice(0, 4)])).toEqual([['Mia lives in Bergen', '2024'], ['Mia lives in Porto', undefined]]);
    await service.lock(USER);
    await service.unlock(USER, { secret: SECRET });
    expect(current()).toEqual(['Bo lives in Oslo', 'Mia lives in Porto']);
  });

  test('that a forgotten correction had replaced are current again', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    await service.remember(USER, lives('Kim', 'Lima', 2022));
    const middle = await service.remember(USER, lives('Kim', 'Quito', 2023));
    const last = await service.remember(USER, lives('Kim', 'Cusco', 2024));
    service.forget(USER, { ids: [middle.id ?? ''] });
    expect((await service.context(USER)).text).toContain('Kim lives in Cusco');
    service.forget(USER, { ids: [last.id ?? ''] });
    expect((await service.context(USER)).text).toContain('Kim lives in Lima');
    await folder.restart();
    await folder.service.unlock(USER, { secret: SECRET });
    expect((await folder.service.context(USER)).text).toContain('Kim lives in Lima');
  });

  test('are answered as of a date', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    for (const [place, year] of [['Lima', 2022], ['Quito', 2023], ['Cusco', 2024]] as const) await service.remember(USER, lives('Kim', place, year));
    const asOf = async (date?: string): Promise<string[]> => (await service.recall(USER, { query: 'Where does Kim live?', layers: ['fact'], ...date === undefined ? {} : { asOf: `${date}T00:00:00Z` } })).hits.map(({ memory }) => memory.text);
    expect(await asOf('2021-06-01')).toEqual([]);
    expect(await asOf('2022-06-01')).toEqual(['Kim lives in Lima']);
    expect(await asOf('2023-06-01')).toEqual(['Kim lives in Quito']);
    expect(await asOf('2025-06-01')).toEqual(['Kim lives in Cusco']);
    expect(await asOf()).toEqual(['Kim lives in Cusco']);
    const turns = (await service.recall(USER, { query: 'Kim live', asOf: '2023-06-01T00:00:00Z', layers: ['raw'] })).hits;
    expect(turns.map(({ memory }) => memory.text).toSorted()).toEqual(['I live in Lima.', 'I live in Quito.']);
  });

  test.each([
    ['an assistant', 'Assistant', 'I live in Paris.'],
    ['a model', 'claude', 'My name is Claude.'],
    ['a quoted reply', 'user', 'See below.\n> I live in Paris.'],
    ['a quotation', 'user', 'She said "I live in Paris" and left.'],
    ['code', 'user', 'What does this print?\n```\nprint("x")\nI live in Paris.\n```'],
    ['a transcript', 'user', 'From the interview:\nBob: I live in Paris.\nAnn: I am from Rome.'],
    ['a long text', 'user', `I live in Paris. ${'The river rose again that spring. '.repeat(60)}`],
    ['an instruction in passing', 'user', 'From now on, always use tabs. Never use emojis in answers.'],
  ])('are not extracted from %s', async (_what, speaker, text) => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    expect(await service.remember(USER, { type: 'conversation', speaker, text })).toMatchObject({ outcome: 'stored', facts: [] });
    expect((await service.context(USER)).parts.map(({ name }) => name)).toEqual(['recent']);
  });
});

describe('Imports', () => {
  test('end the same in any order as live', async () => {
    const line = (i: number): string => JSON.stringify({ id: `t${i}`, role: i % 2 === 0 ? 'Ann' : 'Ben', at: new Date(Date.UTC(2024, 0, 1) + i * 3_600_000).toISOString(), conversation: 'long', text: i % 50 === 0 ? `I live in Town${i}.` : `I painted the fence${i} at the pier for ${i % 7} hours.` });
    const all = Array.from({ length: 600 }, (_, i) => line(i));
    const shuffled = all.toSorted((a, b) => Number(BigInt(`0x${Buffer.from(a).toString('hex').slice(-12)}`) - BigInt(`0x${Buffer.from(b).toString('hex').slice(-12)}`)) || a.length - b.length);
    const ends: unknown[] = [];
    for (const files of [[all], [all.slice(300), all.slice(0, 300)], [shuffled.slice(0, 200), shuffled.slice(200)]]) {
      await using folder = await memoryFolder({ now: () => Date.UTC(2025, 0, 1) });
      const { service } = folder;
      await service.setUp(USER, SECRET);
      for (const lines of files) await service.importChatLog(USER, 'jsonl', lines.join('\n'));
      while (service.compact(USER, 'long').archivedSummaries > 0);
      await service.lock(USER);
      await service.unlock(USER, { secret: SECRET });
      const { parts } = await service.context(USER, { conversationId: 'long', tokens: 1200 });
      const hits = (await service.recall(USER, { query: 'Who painted fence137 at the pier?', limit: 3 })).hits.map(({ memory, score }) => [memory.text, Math.round(score * 1e4)]);
      ends.push({ facts: service.list(USER, { layer: 'fact' }).items.map(({ text }) => text).toSorted(), recent: parts.find(({ name }) => name === 'recent')?.lines.map(({ text }) => text), hits });
    }
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2]).toEqual(ends[0]);
    expect((ends[0] as { facts: string[] }).facts).toEqual(['Ann lives in Town550']);
  });

  test('store what can be read and name the lines that cannot; a second file without ids is new, the same file is not', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const file = '{"text":"one"}\n{bad\n\n{"role":"user"}\n{"text":"half \\ud800 pair"}\n{"text":"six"}';
    expect(await service.importChatLog(USER, 'jsonl', file)).toEqual({ stored: 2, duplicates: 0, forgotten: 0, refused: [
      { line: 2, problem: 'the line is not JSON' }, { line: 4, problem: 'needs text or content' }, { line: 5, problem: 'The text is not valid Unicode' },
    ] });
    expect(await service.importChatLog(USER, 'jsonl', '{"text":"three"}\n{"text":"four"}')).toMatchObject({ stored: 2, duplicates: 0 });
    expect(await service.importChatLog(USER, 'jsonl', file)).toMatchObject({ stored: 0, duplicates: 2 });
    await expect(service.importChatLog(USER, 'jsonl', 'no\nJSON')).rejects.toMatchObject({ code: 'invalid_request', details: { line: 1 } });
  });
});

describe('Without a model', () => {
  test('the example of the README is answered, marked as weak, also in a context', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const { id } = await service.remember(USER, { text: 'The kiln reaches 1200 degrees.' });
    expect(await service.recall(USER, { query: 'how hot does the kiln get' })).toMatchObject({ hits: [{ memory: { id }, weak: true }], nothingRelevant: false, mode: 'keywords' });
    expect((await service.recall(USER, { query: 'How many degrees does the kiln reach?' })).hits[0]?.weak).toBeUndefined();
    expect((await service.context(USER, { query: 'how hot does the kiln get' })).text).toContain('1200 degrees');
    expect(await service.recall(USER, { query: 'What is the boiling point of tungsten?' })).toEqual({ hits: [], nothingRelevant: true, mode: 'keywords' });
  });
});
