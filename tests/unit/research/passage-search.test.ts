// The local index with vectors. The embedding model is a stand-in that puts texts about ships, and texts about bread, each in a direction of their own.
import { expect, test } from 'vitest';
import { SomnusError } from '../../../common/errors.ts';
import { PassageSearch, type Embed } from '../../../orchestrator/research/search/passage-search.ts';
import { log } from '../../support/operations.ts';
import { scratchResearch } from '../../support/research.ts';
import { WebServer } from '../../support/web-server.ts';

const topics = [/ship|vessel|boat|harbor/i, /bread|loaf|bakery|dough/i];

function embedAs(model: string, calls: { texts: readonly string[]; priority: string }[] = []): Embed {
  return async (texts, priority) => {
    calls.push({ texts, priority });
    return { model, vectors: texts.map((text) => normal([...topics.map((topic) => Number(topic.test(text))), 0.2, ...Array.from({ length: 5 }, () => 0)])) };
  };
}

function normal(values: number[]): Float32Array {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

function pageAbout(title: string, sentence: string): { body: string } {
  return { body: `<!doctype html><title>${title}</title><article><h1>${title}</h1>${`<p>${sentence}</p>`.repeat(4)}</article>` };
}

async function withPages(work: (research: ReturnType<typeof scratchResearch>, web: WebServer) => Promise<void>): Promise<void> {
  await using web = await WebServer.start({ '/fleet': pageAbout('Fleet', 'The vessel left with forty sailors on board and came back in spring.'), '/oven': pageAbout('Oven', 'Every loaf was sold before noon, and children waited at the door.'), '/hill': pageAbout('Hill', 'From the hill one sees the valley and the road to the next town.') });
  using research = scratchResearch(web.origin);
  for (const path of ['/fleet', '/oven', '/hill']) await research.collector.collect(research.store, web.origin + path, { maxAgeMs: 0 });
  await work(research, web);
}

test('Passages are found by meaning when they share no word with the question, and by words at once', async () => await withPages(async ({ store }) => {
  const calls: { texts: readonly string[]; priority: string }[] = [];
  await using search = new PassageSearch({ embed: embedAs('m1', calls), log });
  const first = await search.search(store, 'ship', { limit: 5 });
  expect(first).toEqual({ hits: [], mode: 'hybrid', withoutVectors: store.passages.count() });
  await search.settled();
  expect(calls.filter(({ priority }) => priority === 'background').flatMap(({ texts }) => texts)).toHaveLength(store.passages.count());
  const { hits, withoutVectors } = await search.search(store, 'ship', { limit: 5 });
  expect([hits.map(({ captureId }) => store.captures.get(captureId).capture.title), withoutVectors]).toEqual([['Fleet'], 0]);
  // What both words and meaning find comes first.
  expect((await search.search(store, 'bakery loaf road', { limit: 5 })).hits.map(({ captureId }) => store.captures.get(captureId).capture.title)).toEqual(['Oven', 'Hill']);
  const before = calls.length;
  search.fill(store);
  await search.settled();
  expect(calls.slice(before).flatMap(({ texts }) => texts)).toEqual([]); // none is computed twice
}));

test('Without a model, or while it does not answer, words alone find passages, and the answer says so', async () => await withPages(async ({ store }) => {
  for (const embed of [async () => undefined, async () => { throw new SomnusError('unavailable', 'The memory process exited'); }] satisfies Embed[]) {
    await using search = new PassageSearch({ embed, log });
    search.fill(store);
    await search.settled();
    expect(await search.search(store, 'loaf', { limit: 5 })).toMatchObject({ hits: [{}], mode: 'keywords', withoutVectors: store.passages.count() });
    expect((await search.search(store, 'bakery', { limit: 5 })).hits).toEqual([]);
  }
}));

test('Vectors of another model are replaced and never compared; those of a deleted page are deleted', async () => await withPages(async ({ store }) => {
  for (const model of ['m1', 'm2']) {
    await using search = new PassageSearch({ embed: embedAs(model), log });
    expect((await search.search(store, 'boat', { limit: 5 })).hits).toEqual([]);
    await search.settled();
    expect((await search.search(store, 'boat', { limit: 5 })).hits).toHaveLength(1);
  }
  expect([store.passages.withVectors('m1'), store.passages.withVectors('m2')]).toEqual([0, store.passages.count()]);
  const [hit] = store.passages.search('vessel', { limit: 1 });
  store.captures.remove(hit!.captureId);
  expect(store.passages.withVectors('m2')).toBe(store.passages.count());
  expect(await store.passages.searchByVector('m2', normal([1, 0, 0.2, 0, 0, 0, 0, 0]), { limit: 5, perText: 1, least: 0.3 })).toEqual([]);
}));
