// The knowledge graph: relations read out of what was said, walked by questions, and tidied.
import { describe, expect, test } from 'vitest';
import { FactGraph } from '../../orchestrator/memory/finding/fact-graph.ts';
import type { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import { memoryFolder, SECRET, USER } from '../bench/memory-folder.ts';

const fact = (subject: string, predicate: string, object: string) => ({ subject, predicate, object, confidence: 1 });

describe('The graph', () => {
  test('is walked two relations far, by those that the question speaks of', () => {
    const graph = new FactGraph();
    [fact('Ann', 'sister', 'Maria'), fact('Maria', 'works at', 'Acme Labs'), fact('Maria', 'likes', 'Verdi'), fact('Acme Labs', 'works at', 'Nowhere')].forEach((one, record) => graph.add(record, one));
    const reached = (names: string[], content: string[]): string[] => graph.walk(names, content).map(({ name, steps }) => `${steps} ${name}`);
    expect(reached(['Ann'], ['sister', 'work'])).toEqual(['1 Maria', '2 Acme Labs']);
    expect(reached(['Ann'], ['work'])).toEqual([]);
    expect(reached(['Acme Labs'], ['work'])).toEqual(['1 Nowhere', '1 Maria']);
    graph.setAliases([['Maria', 'Mia']]);
    expect(reached(['mia'], ['work'])).toEqual(['0 Maria', '1 Acme Labs', '2 Nowhere']);
    graph.remove(1);
    expect(reached(['Ann'], ['sister', 'work'])).toEqual(['1 Maria', '1 Mia']);
  });

  test('leads a question to somebody it does not name', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const said = ['My sister Maria came over.', 'The roof of the shed was repaired by Peter.', 'The roof of the barn was repaired by Maria.', 'The roof of the stable was repaired by Ingrid.'];
    for (const text of said) await service.remember(USER, { type: 'conversation', speaker: 'Ann', text });
    expect((await service.recall(USER, { query: "Which roof was repaired by Ann's sister?" })).hits[0]?.memory.text).toBe(said[2]);
  });
});

describe('Tidying the graph', () => {
  async function told(service: MemoryService): Promise<string[]> {
    await service.setUp(USER, SECRET);
    const ids: string[] = [];
    for (const [speaker, text] of [
      ['user', 'My name is Berta.'], ['user', 'I am allergic to walnuts.'], ['Berta', 'I am allergic to the walnuts.'], ['Carl', 'We met with Dora Lindqvist at the mill.'], ['Carl', 'Later we spoke with Dora about flour.'],
    ]) ids.push((await service.remember(USER, { type: 'conversation', speaker: speaker!, text: text! })).id ?? '');
    return ids;
  }
  const facts = (service: MemoryService): string[] => service.list(USER, { layer: 'fact' }).items.map(({ text }) => text).toSorted();

  test('links names of the same, merges facts that say the same, and takes both back', async () => {
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
    expect(service.spaces.get(USER).index.graph.aliasesOf('dora')).toEqual(['Dora Lindqvist']);
    expect((await service.consolidate(USER)).aliases).toEqual([]); // known by now
    await service.lock(USER);
    await service.unlock(USER, { secret: SECRET });
    expect(service.spaces.get(USER).index.graph.aliasesOf('Dora Lindqvist')).toEqual(['Dora']);
    expect(facts(service)).toHaveLength(2);
  });

  test('undoes the last round, and forgets a link with the memory it was read from', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    const ids = await told(service);
    await service.consolidate(USER);
    expect(service.undoConsolidation(USER)).toEqual({ restored: 1 });
    expect(facts(service)).toHaveLength(3);
    const { graph } = service.spaces.get(USER).index;
    expect(graph.aliasesOf('Dora')).toEqual([]);
    await service.consolidate(USER);
    service.forget(USER, { ids: [ids[3]!] });
    expect(graph.aliasesOf('Dora')).toEqual([]);
    expect(graph.aliasesOf('user')).toEqual(['Berta']);
  });
});
