import { describe, expect, test } from 'vitest';
import { TrainingLine } from '../../orchestrator/memory/training.ts';
import { memoryFolder, SECRET, USER } from '../bench/memory-folder.ts';

const OTHER = { ...USER, user: 'usr_0000000000000000000000000b' };
const PASSPHRASE = 'a passphrase for the file';

describe('Exporting and importing memories', () => {
  test('an export is unreadable without its passphrase and complete with it', async () => {
    await using from = await memoryFolder();
    await using to = await memoryFolder();
    await from.service.setUp(USER, SECRET);
    await to.service.setUp(OTHER, SECRET);
    await from.service.remember(USER, { text: 'The orchard has forty quince trees.', metadata: { source: 'walk' } });
    await from.service.remember(USER, { type: 'conversation', speaker: 'Ann', sourceId: '1', text: 'I live in Tromso.' });
    const file = await from.service.export(USER, { passphrase: PASSPHRASE });
    expect(file).not.toMatch(/quince|Tromso/);
    await expect(to.service.import(OTHER, file, 'not the passphrase')).rejects.toMatchObject({ code: 'locked', message: 'Wrong passphrase for this export' });
    await expect(to.service.import(OTHER, '{"a":1}', PASSPHRASE)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await to.service.import(OTHER, file, PASSPHRASE)).toMatchObject({ stored: 3, duplicates: 0 });
    expect(await to.service.import(OTHER, file, PASSPHRASE)).toMatchObject({ stored: 0, duplicates: 3 });
    expect((await to.service.recall(OTHER, { query: 'quince trees orchard' })).hits[0]?.memory.metadata).toEqual({ source: 'walk' });
    expect((await to.service.context(OTHER)).text).toContain('Ann lives in Tromso');
  });

  test('an export can be imported by another user of the same host, whose copy is separate', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    await service.setUp(OTHER, SECRET);
    const { id, facts } = await service.remember(USER, { type: 'conversation', speaker: 'Ann', text: 'I live in Tromso.' });
    expect(await service.import(OTHER, await service.export(USER, { passphrase: PASSPHRASE }), PASSPHRASE)).toMatchObject({ stored: 2, duplicates: 0 });
    service.forget(USER, { ids: [id ?? ''] });
    expect(() => service.get(USER, facts[0] ?? '')).toThrow();
    const copy = (await service.recall(OTHER, { query: 'live in Tromso' })).hits[0]?.memory.id ?? '';
    expect(service.forget(OTHER, { ids: [copy] })).toMatchObject({ forgotten: 1, derived: 1 });
  });

  test('forgetting lists the exports that hold the memory, and an import does not bring it back', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    await using folder = await memoryFolder({ now: () => now += 1000 });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const { id } = await service.remember(USER, { type: 'conversation', speaker: 'Ann', text: 'I live in Tromso.' });
    await service.remember(USER, { text: 'The orchard has forty quince trees.' });
    const core = JSON.parse(await service.export(USER, { passphrase: PASSPHRASE, core: true })) as { id: string };
    const { key, token } = service.exportToken(USER, id ?? '');
    const later = await service.remember(USER, { text: 'The quinces are picked in October.' });
    const file = await service.export(USER, { passphrase: PASSPHRASE });
    expect(service.forget(USER, { ids: [id ?? ''] }).exports.map(({ of }) => of)).toEqual(['core', id, 'all']); // the core self holds the fact
    expect(service.forget(USER, { ids: [later.id ?? ''] }).exports.map((made) => made.id)).toEqual([(JSON.parse(file) as { id: string }).id]);
    expect(core.id).toMatch(/^exp_/);
    expect(await service.import(USER, file, PASSPHRASE)).toMatchObject({ stored: 0, duplicates: 1, forgotten: 3 });
    expect(service.importToken(USER, token, key)).toMatchObject({ stored: 0, duplicates: 0, forgotten: 1 });
    expect(JSON.stringify(service.list(USER))).not.toMatch(/Tromso|October/);
  });

  test('the core self is instructions, facts and critical memories', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    await service.setUp(OTHER, SECRET);
    await service.rememberAll(USER, [{ text: 'Always prefer tabs.', type: 'custom_instruction' }, { text: 'A passing remark about rain.', importance: 'low' }, { text: 'The vault is under the stairs.', importance: 'critical' }]);
    const file = await service.export(USER, { passphrase: PASSPHRASE, core: true });
    expect(await service.import(OTHER, file, PASSPHRASE)).toMatchObject({ stored: 2, duplicates: 0 });
  });

  test('a private space is neither exported nor consolidated', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    await service.createPrivateSpace(USER, 'diary', 'a secret of the diary');
    await expect(service.export(USER, { passphrase: PASSPHRASE, space: 'diary' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(service.consolidate(USER, { space: 'diary' })).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('a single memory travels as a Fernet token', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    await service.setUp(OTHER, SECRET);
    const { id } = await service.remember(USER, { text: 'The lighthouse keeper is called Ingrid.' });
    const { token, key } = service.exportToken(USER, id ?? '');
    expect(() => service.importToken(OTHER, `${token.slice(0, -8)}AAAAAAA=`, key)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    expect(service.importToken(OTHER, token, key)).toMatchObject({ stored: 1, duplicates: 0 });
    expect((await service.recall(OTHER, { query: 'lighthouse keeper' })).hits[0]?.memory.text).toBe('The lighthouse keeper is called Ingrid.');
  });

  test.each([
    ['openai', JSON.stringify([{ conversation_id: 'c1', mapping: { root: { message: null }, a: { message: { id: 'm1', author: { role: 'user' }, create_time: 1_700_000_000, content: { parts: ['What is a sextant?'] } } }, b: { message: { id: 'm2', author: { role: 'assistant' }, create_time: 1_700_000_060, content: { parts: ['An instrument for angles.'] } } } } }])],
    ['claude', JSON.stringify([{ uuid: 'c1', chat_messages: [{ uuid: 'm1', sender: 'human', created_at: '2024-01-01T10:00:00Z', text: 'What is a sextant?' }, { uuid: 'm2', sender: 'assistant', created_at: '2024-01-01T10:01:00Z', content: [{ type: 'text', text: 'An instrument for angles.' }] }] }])],
    ['jsonl', '{"role":"user","content":"What is a sextant?","at":"2024-01-01T10:00:00Z"}\n{"role":"assistant","content":"An instrument for angles.","at":"2024-01-01T10:01:00Z"}\n'],
  ] as const)('a chat log of %s is stored as turns, once however often it is imported', async (format, text) => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    expect(await service.importChatLog(USER, format, text)).toMatchObject({ stored: 2, duplicates: 0 });
    expect(await service.importChatLog(USER, format, text)).toMatchObject({ stored: 0, duplicates: 2 });
    expect((await service.recall(USER, { query: 'sextant' })).hits.map((hit) => hit.memory.speaker)).toEqual(['assistant', 'user']); // the answer before the question
    await expect(service.importChatLog(USER, format, '{"broken')).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('Consolidation', () => {
  test('hides duplicates, in slices, and restores them on undo', async () => {
    await using folder = await memoryFolder({ config: { retrieval: { duplicateOverlap: 0.9 } } });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const texts = ['The greenhouse heating was repaired by Olaf before the first frost', 'The sluice gate at Marlow needs grease every spring and autumn'];
    // Stored while duplicates were allowed, as by an older version.
    service.reload({ ...folder.config, retrieval: { ...folder.config.retrieval, duplicateOverlap: 1 } });
    for (const text of texts) for (const end of ['', ' again']) await service.remember(USER, { text: `${text} and no one else was there to help${end}` });
    service.reload(folder.config);
    const before = service.stats(USER).memories;
    const dry = await service.consolidate(USER, { dryRun: true });
    expect(dry.merged).toHaveLength(2);
    expect((await service.recall(USER, { query: 'greenhouse heating Olaf' })).hits).toHaveLength(1);
    expect(await service.consolidate(USER, { budget: 2 })).toMatchObject({ examined: 2, complete: false });
    expect(await service.consolidate(USER, { budget: 10 })).toMatchObject({ complete: true });
    const hidden = dry.merged[0]!.hide;
    expect(service.history(USER, hidden).supersededBy).toBe(dry.merged[0]!.keep);
    await service.lock(USER);
    await service.unlock(USER, { secret: SECRET });
    expect(service.undoConsolidation(USER)).toEqual({ restored: 2 });
    expect(service.history(USER, hidden).supersededBy).toBeUndefined();
    expect(service.stats(USER).memories).toBe(before);
  });
});

describe('Training data', () => {
  test('contains what was consented to, names the source of each line, and lists what was revoked or forgotten since', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const turn = async (conversationId: string, speaker: string, text: string): Promise<string> => (await service.remember(USER, { type: 'conversation', conversationId, speaker, text })).id ?? '';
    const asked = await turn('shared', 'user', 'Which glaze suits the blue bowls?');
    const answered = await turn('shared', 'assistant', 'A celadon glaze, fired at 1260 degrees.');
    await turn('secret', 'user', 'No one may train on this sentence.');
    expect(service.exportTraining(USER)).toBe('');
    expect(() => service.consentToTraining(USER, { conversationId: 'none', granted: true })).toThrow(expect.objectContaining({ code: 'not_found' }));
    service.consentToTraining(USER, { conversationId: 'shared', granted: true });
    const lines = service.exportTraining(USER).trim().split('\n').map((line) => TrainingLine.parse(JSON.parse(line)));
    expect(lines).toMatchObject([{ messages: [{ role: 'user', content: 'Which glaze suits the blue bowls?' }, { role: 'assistant' }], lineage: { conversationId: 'shared', memories: [asked, answered] } }]);
    service.forget(USER, { ids: [answered] });
    const revoked = service.consentToTraining(USER, { conversationId: 'shared', granted: false });
    expect(revoked.consents).toEqual([]);
    expect(revoked.exports.at(-1)).toMatchObject({ id: lines[0]!.lineage.exportId, revokedConversations: ['shared'], revokedMemories: [answered] });
    expect(service.exportTraining(USER)).toBe('');
    await folder.restart();
    await folder.service.unlock(USER, { secret: SECRET });
    expect(folder.service.trainingState(USER).exports.find(({ messages }) => messages > 0)).toMatchObject({ messages: 2, revokedMemories: [answered] });
  });
});

describe('The endless conversation', () => {
  test('of 5,000 turns is summarized line by line, and every turn is still found', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const things = ['kayak', 'telescope', 'loom', 'violin', 'greenhouse', 'forge', 'canoe', 'anvil', 'kiln', 'sundial'];
    const questions: { query: string; expected: string }[] = [];
    service.reload({ ...folder.config, session: { ...folder.config.session, contextTokens: 100_000_000 } });
    for (let at = 0; at < 5000; at += 500) {
      const stored = await service.rememberAll(USER, Array.from({ length: 500 }, (_, i) => {
        const number = at + i;
        return { type: 'conversation', speaker: number % 2 === 0 ? 'Ann' : 'Ben', sourceId: String(number), text: `I repaired the ${things[number % 10]} of lot${number} at the pier and it took ${number % 9 + 1} hours.`, occurredAt: new Date(Date.UTC(2024, 0, 1) + number * 600_000).toISOString() } as const;
      }));
      questions.push(...stored.filter((_, i) => i % 50 === 7).map(({ id }, i) => ({ query: `Which repair was done on lot${at + 7 + i * 50}?`, expected: id ?? '' })));
    }
    const found = async (): Promise<string[][]> => await Promise.all(questions.map(async ({ query }) => (await service.recall(USER, { query })).hits.map((hit) => hit.memory.id)));
    const before = await found();
    expect(before.filter((ids, i) => ids.includes(questions[i]!.expected)).length).toBe(questions.length);
    expect(service.stats(USER).conversations[0]).toMatchObject({ turns: 5000, summarizedTurns: 0 });
    const { newSummaries } = service.compact(USER);
    expect(newSummaries).toBe(198);
    while (service.compact(USER).archivedSummaries > 0);
    expect(await found()).toEqual(before);
    expect(service.stats(USER).conversations[0]).toMatchObject({ turns: 5000, summarizedTurns: 4950 });
    const pointed = new Set<string>();
    for (const summary of service.spaces.get(USER.user).catalog.summaries()) {
      for (const line of summary.lines ?? []) {
        expect(line.text).toContain(service.get(USER, line.sources[0] ?? '').text.slice(0, 40));
        for (const id of line.sources) pointed.add(service.get(USER, id).id);
      }
    }
    expect(pointed.size).toBe(4950);
  });

  test('compacts automatically when the context is full, and removes a forgotten turn from its summary', async () => {
    await using folder = await memoryFolder({ config: { session: { contextTokens: 1500, recentTurns: 10 } } });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const ids: string[] = [];
    for (let i = 0; i < 120; i += 1) ids.push((await service.remember(USER, { type: 'conversation', speaker: 'Ann', text: `On day ${i} the ferry brought ${i + 3} crates of unusual bottles to the island harbour.` })).id ?? '');
    const [conversation] = service.stats(USER).conversations;
    expect(conversation?.summaries).toBeGreaterThan(0);
    expect(conversation?.fullness).toBeLessThan(1);
    const summary = service.spaces.get(USER.user).catalog.summaries()[0]!;
    const quoted = summary.lines![0]!.sources[0]!;
    const text = service.get(USER, quoted).text;
    service.forget(USER, { ids: [quoted] });
    const after = service.spaces.get(USER.user).catalog.summaries()[0]!;
    expect(after.sources).toEqual(summary.sources!.filter((id) => id !== quoted));
    expect(JSON.stringify(service.spaces.get(USER.user).catalog.summaries())).not.toContain(text);
    expect((await service.context(USER, { tokens: 1000 })).parts.map((part) => part.name)).toEqual(['summary', 'recent']);
  });
});
