// The knowledge graph: relations extracted from what was said, followed by questions, and consolidated.
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { FactGraph } from '../../orchestrator/memory/retrieval/fact-graph.ts';
import type { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import { memoryFolder, SECRET, USER } from '../bench/memory-folder.ts';

const fact = (subject: string, predicate: string, object: string) => ({ subject, predicate, object, confidence: 1 });

describe('The graph', () => {
  test('is followed over two relations, of the kinds that the question mentions', () => {
    const graph = new FactGraph();
    [fact('Ann', 'sister', 'Maria'), fact('Maria', 'works at', 'Acme Labs'), fact('Maria', 'likes', 'Verdi'), fact('Acme Labs', 'works at', 'Nowhere')].forEach((one, record) => graph.add(record, one, undefined));
    const reached = (names: string[], content: string[]): string[] => graph.walk(names, content, () => true).map(({ name, steps }) => `${steps} ${name}`);
    expect(reached(['Ann'], ['sister', 'work'])).toEqual(['1 Maria', '2 Acme Labs']);
    expect(reached(['Ann'], ['work'])).toEqual([]);
    expect(reached(['Acme Labs'], ['work'])).toEqual(['1 Nowhere', '1 Maria']);
    graph.setAliases([{ name: 'Maria', alias: 'Mia' }]);
    expect(reached(['mia'], ['work'])).toEqual(['0 Maria', '1 Acme Labs', '2 Nowhere']);
    graph.remove(1);
    expect(reached(['Ann'], ['sister', 'work'])).toEqual(['1 Maria', '1 Mia']);
  });

  test('leads a question to someone it does not name', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const said = ['My sister Maria came over for dinner on Sunday and brought her two children.', 'The roof of the shed was repaired by Peter.', 'The roof of the barn was repaired by Maria.', 'The roof of the stable was repaired by Ingrid.'];
    for (const text of said) await service.remember(USER, { type: 'conversation', speaker: 'Ann', text });
    expect((await service.recall(USER, { query: "Which roof was repaired by Ann's sister?" })).hits[0]?.memory.text).toBe(said[2]);
  });
});

describe('Consolidating the graph', () => {
  async function told(service: MemoryService): Promise<string[]> {
    await service.setUp(USER, SECRET);
    const ids: string[] = [];
    for (const [speaker, text] of [
      ['user', 'My name is Berta.'], ['user', 'I am allergic to walnuts.'], ['Berta', 'I am allergic to the walnuts.'], ['Carl', 'We met with Dora Lindqvist at the mill.'], ['Carl', 'Later we spoke with Dora about flour.'],
    ]) ids.push((await service.remember(USER, { type: 'conversation', speaker: speaker!, text: text! })).id ?? '');
    return ids;
  }
  const facts = (service: MemoryService): string[] => service.list(USER, { layer: 'fact' }).items.map(({ text }) => text).toSorted();

  test('links names of the same entity, merges facts that say the same, and undoes both', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await told(service);
    const before = facts(service);
    expect(before).toHaveLength(3);
    const dry = await service.consolidate(USER, { dryRun: true });
    expect(dry.aliases).toMatchObject([{ name: 'Berta', alias: 'user' }, { name: 'Dora Lindqvist', alias: 'Dora' }]);
    expect(dry.merged).toHaveLength(1);
    expect(facts(service)).toEqual(before);
    expect((await service.consolidate(USER)).aliases).toEqual(dry.aliases);
    expect(facts(service)).toHaveLength(2);
    expect(service.spaces.get(USER.user).index.graph.aliasesOf('dora')).toEqual(['Dora Lindqvist']);
    expect((await service.consolidate(USER)).aliases).toEqual([]); // known by now
    await service.lock(USER);
    await service.unlock(USER, { secret: SECRET });
    expect(service.spaces.get(USER.user).index.graph.aliasesOf('Dora Lindqvist')).toEqual(['Dora']);
    expect(facts(service)).toHaveLength(2);
    await service.lock(USER);
    const store = new Sqlite(join(folder.dir, 'memory.db'));
    store.exec("UPDATE notes SET sealed = x'00' WHERE name = 'entity links'");
    store.close();
    await service.unlock(USER, { secret: SECRET }); // damaged links lock no one out
    expect((await service.consolidate(USER)).aliases).toHaveLength(2);
  });

  test('proposes topics to learn, and forgets a proposal with its sources', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const ids: string[] = [];
    for (const text of ['We sailed past Lofoten today.', 'The light in Lofoten is odd.', 'No one lives on that side of Lofoten.']) ids.push((await service.remember(USER, { type: 'conversation', speaker: 'Ann', text })).id ?? '');
    expect((await service.consolidate(USER)).topics).toEqual(['Lofoten']);
    expect(service.stats(USER).topics).toEqual(['Lofoten']);
    service.forget(USER, { ids: [ids[1]!] });
    expect(service.stats(USER).topics).toEqual([]);
  });

  test('undoes the last round, and forgets a link with its source memory', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    const ids = await told(service);
    await service.consolidate(USER);
    expect(service.undoConsolidation(USER)).toEqual({ restored: 1 });
    expect(facts(service)).toHaveLength(3);
    const { graph } = service.spaces.get(USER.user).index;
    expect(graph.aliasesOf('Dora')).toEqual([]);
    await service.consolidate(USER);
    service.forget(USER, { ids: [ids[3]!] });
    expect(graph.aliasesOf('Dora')).toEqual([]);
    expect(graph.aliasesOf('user')).toEqual(['Berta']);
  });
});
