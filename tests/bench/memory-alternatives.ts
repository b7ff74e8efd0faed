// Compares memory's own index with packages that could replace parts of it: SQLite FTS5 for words, sqlite-vec and usearch for vectors, chrono-node for dates. They are not dependencies of Somnus: install them anywhere.
// npm install --prefix DIR --ignore-scripts sqlite-vec usearch chrono-node && npm run bench:memory-alternatives -- --packages DIR [--chunks 100000] [--dataset FILE]
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import Sqlite from 'better-sqlite3';
import { spanTerms, timeSpans, Clock } from '../../orchestrator/memory/text/temporal.ts';
import { SpaceIndex } from '../../orchestrator/memory/retrieval/space-index.ts';
import { wholeView } from '../../orchestrator/memory/retrieval/view.ts';
import { ExactVectorIndex } from '../../orchestrator/memory/vectors/exact-vector-index.ts';
import { topChunks } from '../../orchestrator/memory/retrieval/top.ts';
import { Judge, readDialogues } from './memory-conversations.ts';
import { random, spread as spreadOf, word } from './memory-fill.ts';
import { projectFile } from './memory-locations.ts';

const { values } = parseArgs({ options: { packages: { type: 'string' }, chunks: { type: 'string', default: '100000' }, dataset: { type: 'string', default: projectFile('../shared/eval/conversations.dev.json') } } });
const chunks = Number(values.chunks);
const DIMENSIONS = 384;
const QUERIES = 40;
const TOP = 50;
const load = createRequire(join(resolve(values.packages ?? '.'), 'package.json'));

const some = (count: number): string => Array.from({ length: count }, word).join(' ');
const all = { admits: () => true };

async function timed<T>(work: () => T | Promise<T>): Promise<{ ms: number; result: T }> {
  const started = performance.now();
  const result = await work();
  return { ms: Math.round(10 * (performance.now() - started)) / 10, result };
}

async function spread(work: (i: number) => unknown): Promise<ReturnType<typeof spreadOf>> {
  const times: number[] = [];
  for (let i = 0; i < QUERIES; i += 1) times.push((await timed(() => work(i))).ms);
  return spreadOf(times);
}

/** FTS5 in memory: its file would have to be decrypted into RAM, and encrypted again after each change. */
function fts(texts: readonly string[]): Sqlite.Database {
  const db = new Sqlite(':memory:');
  db.exec("CREATE VIRTUAL TABLE words USING fts5 (text, content='', tokenize = 'porter unicode61')");
  const insert = db.prepare('INSERT INTO words (rowid, text) VALUES (?, ?)');
  db.transaction(() => texts.forEach((text, i) => insert.run(i + 1, text)))();
  return db;
}
const matchOf = (question: string): string => [...new Set(question.toLowerCase().match(/[\p{L}\p{N}]+/gu))].map((one) => `"${one}"`).join(' OR ');

async function words(): Promise<unknown> {
  const texts = Array.from({ length: chunks }, () => some(22));
  const questions = Array.from({ length: QUERIES }, () => some(6));
  const index = new SpaceIndex(8, new Clock('UTC'));
  const built = await timed(() => texts.forEach((text, record) => index.add({ record, text, session: undefined, speaker: undefined, timeMs: 0 })));
  const frozen = await timed(() => index.freeze(0, 'x'));
  const view = wholeView(index.table, all.admits);
  const own = await spread((i) => index.likely(questions[i]!, TOP, view));
  const loaded = await timed(() => new SpaceIndex(8, new Clock('UTC')).load(frozen.result, 0, false));
  const ftsBuilt = await timed(() => fts(texts));
  const db = ftsBuilt.result;
  const best = db.prepare(`SELECT rowid, bm25(words) AS score FROM words WHERE words MATCH ? ORDER BY score LIMIT ${TOP}`);
  const every = db.prepare('SELECT rowid, bm25(words) AS score FROM words WHERE words MATCH ?');
  const ftsBest = await spread((i) => best.all(matchOf(questions[i]!)));
  const ftsEvery = await spread((i) => every.all(matchOf(questions[i]!)));
  const bytes = db.serialize();
  const reopened = await timed(() => new Sqlite(bytes).prepare('SELECT count(*) FROM words').get());
  return {
    own: { buildMs: built.ms, bytes: frozen.result.length, openMs: loaded.ms, queryMs: own },
    fts5: { buildMs: ftsBuilt.ms, bytes: bytes.length, openMs: reopened.ms, bestMs: ftsBest, everyScoreMs: ftsEvery },
  };
}

/** How well each finds the evidence for questions by words only: plain BM25 over single turns. */
function wordQuality(): unknown {
  const [own, other] = [new Judge(), new Judge()];
  for (const { turns, questions } of readDialogues(values.dataset)) {
    const texts = turns.map(({ text, attachment }) => `${text} ${attachment?.caption ?? ''}`);
    const index = new SpaceIndex(8, new Clock('UTC'));
    texts.forEach((text, record) => index.add({ record, text, session: undefined, speaker: undefined, timeMs: 0 }));
    const view = wholeView(index.table, all.admits);
    const best = fts(texts).prepare('SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words) LIMIT 30');
    const ids = (records: readonly number[]): string[] => [...new Set(records)].map((record) => turns[record]!.sourceId ?? '').slice(0, 10);
    for (const question of questions) {
      own.add(question.category, ids(index.likely(question.text, 30, view).map((chunk) => index.table.record.values[chunk]!)), question.turns);
      other.add(question.category, ids((best.all(matchOf(question.text)) as { rowid: number }[]).map(({ rowid }) => rowid - 1)), question.turns);
    }
  }
  return { own: own.result()['overall'], fts5: other.result()['overall'] };
}

async function vectors(): Promise<unknown> {
  const unit = (vector: Float32Array): Float32Array => {
    const norm = Math.hypot(...vector);
    return vector.map((value) => value / norm);
  };
  const noise = (): Float32Array => unit(Float32Array.from({ length: DIMENSIONS }, () => random() - 0.5));
  // In clusters, as texts are: without any structure, no graph finds neighbors.
  const subjects = Array.from({ length: 500 }, noise);
  const near = (): Float32Array => {
    const [subject, other] = [subjects[Math.floor(random() * subjects.length)]!, noise()];
    return unit(subject.map((value, i) => value + 0.8 * other[i]!));
  };
  const stored = Array.from({ length: chunks }, near);
  const questions = Array.from({ length: QUERIES }, near);
  const exact = new ExactVectorIndex(DIMENSIONS);
  stored.forEach((vector, i) => exact.set(i, vector));
  const alive = new Uint8Array(chunks).fill(1);
  const answers: Set<number>[] = [];
  const cosines = new Float32Array(chunks);
  const own = await spread(async (i) => {
    await exact.cosines(questions[i]!, cosines);
    answers[i] = new Set(topChunks(cosines, alive, 10));
  });
  const bytesOf = (vector: Float32Array): Buffer => Buffer.from(vector.map((value) => Math.round(value * 127 / 0.2)).map((value) => Math.max(-127, Math.min(127, value))).reduce((bytes, value, i) => { bytes[i] = value; return bytes; }, new Int8Array(DIMENSIONS)).buffer);
  const db = new Sqlite(':memory:');
  (load('sqlite-vec') as { load(db: Sqlite.Database): void }).load(db);
  db.exec(`CREATE VIRTUAL TABLE vectors USING vec0 (embedding int8[${DIMENSIONS}])`);
  const insert = db.prepare('INSERT INTO vectors (rowid, embedding) VALUES (?, vec_int8(?))');
  const vecBuilt = await timed(() => db.transaction(() => stored.forEach((vector, i) => insert.run(BigInt(i + 1), bytesOf(vector))))());
  const nearest = db.prepare(`SELECT rowid FROM vectors WHERE embedding MATCH vec_int8(?) ORDER BY distance LIMIT ${TOP}`);
  const vec = await spread((i) => nearest.all(bytesOf(questions[i]!)));
  interface Usearch { Index: new (options: object) => { add(keys: BigUint64Array, vectors: Float32Array): void; search(vector: Float32Array, count: number, threads: number): { keys: BigUint64Array } } }
  const { Index } = load('usearch') as Usearch;
  const graph = new Index({ metric: 'cos', dimensions: DIMENSIONS, quantization: 'i8', connectivity: 16 });
  const graphBuilt = await timed(() => stored.forEach((vector, i) => graph.add(BigUint64Array.of(BigInt(i)), vector)));
  let found = 0;
  const hnsw = await spread((i) => { found += [...graph.search(questions[i]!, 10, 1).keys].filter((key) => answers[i]!.has(Number(key))).length; });
  return { own: { everyScoreMs: own }, sqliteVec: { buildMs: vecBuilt.ms, bestMs: vec }, usearch: { buildMs: graphBuilt.ms, bestMs: hnsw, recallAt10: Math.round(1000 * found / QUERIES / 10) / 10 } };
}

/** What people say about times, and the days that this means on Wednesday 2026-05-20; whole months and years are written as such. Written for this file before either library was tried. */
const SAID: readonly [string, string][] = [
  ['We met yesterday at the quay', '2026-05-20 -1'], ['I start the job tomorrow', '2026-05-20 +1'], ['the day before yesterday it hailed', '2026-05-20 -2'], ['three days ago the pump failed', '2026-05-17'], ['She called last Friday', '2026-05-15'],
  ['He comes next Monday', '2026-05-25'], ['the fair is on 12 June 2026', '2026-06-12'], ['On June 3rd we marry', '2026-06-03'], ['I was born on 1987-03-09', '1987-03-09'], ['In March we moved', 'month 2026-03'], ['In November 2024 the roof leaked', 'month 2024-11'],
  ['two weeks ago I fell ill', 'week 2026-05-06'], ['a month ago we sowed', 'month 2026-04'], ['last year we had a drought', 'year 2025'], ['since 2019 the mill is empty', 'year 2019'], ['next week the crane arrives', 'week 2026-05-27'], ['We may sell the boat', ''], ['I march every morning with 20 men', '*'],
  ['Version 2.4 fixes it', ''], ['the second attempt worked', ''], ['He sat down on the sun deck', ''], ['a fortnight ago he left', 'week 2026-05-06'], ['last summer was hot', '*'], ['over the weekend we painted', '*'], ['It opens 05/30/2026', '2026-05-30'], ['In the mid-1990s he sailed', '*'], ['on the 28th we leave', '2026-05-28'],
];

function dates(): unknown {
  const referenceMs = Date.UTC(2026, 4, 20, 12);
  interface Chrono { parse(text: string, reference: Date): { start: { date(): Date; isCertain(part: string): boolean } }[] }
  const chrono = load('chrono-node') as Chrono;
  const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const expected = (said: string): string[] => {
    const relative = /^2026-05-20 ([+-]\d)$/.exec(said);
    return [relative === null ? said : dayOf(referenceMs + Number(relative[1]) * 86_400_000)];
  };
  const termsOf = (said: string): string[] => {
    const [kind, at] = said.split(' ');
    return said === '' ? [] : kind === 'month' ? [`month:${at}`] : kind === 'year' ? [`year:${at}`] : kind === 'week' ? [`day:${at}`] : [`day:${said}`];
  };
  const judge = (found: (text: string) => string[]): { right: number; wrong: string[] } => {
    const judged = SAID.filter(([, said]) => said !== '*').map(([text, said]) => ({ text, isRight: said === '' ? found(text).length === 0 : termsOf(expected(said)[0]!).every((term) => found(text).includes(term)) }));
    return { right: judged.filter(({ isRight }) => isRight).length, wrong: judged.filter(({ isRight }) => !isRight).map(({ text }) => text) };
  };
  const own = judge((text) => timeSpans(text, referenceMs).flatMap(spanTerms));
  const other = judge((text) => chrono.parse(text, new Date(referenceMs)).flatMap(({ start }) => {
    const day = dayOf(start.date().getTime());
    return [...start.isCertain('day') || start.isCertain('weekday') || !start.isCertain('month') ? [`day:${day}`] : [], `month:${day.slice(0, 7)}`, `year:${day.slice(0, 4)}`];
  }));
  const texts = Array.from({ length: 2000 }, () => `${some(8)} ${SAID[Math.floor(random() * SAID.length)]![0]} ${some(8)}.`);
  const perText = (work: (text: string) => unknown): number => {
    const started = performance.now();
    for (const text of texts) work(text);
    return Math.round(1000 * (performance.now() - started) / texts.length);
  };
  return { of: SAID.filter(([, said]) => said !== '*').length, own: { ...own, microsecondsPerText: perText((text) => timeSpans(text, referenceMs)) }, chrono: { ...other, microsecondsPerText: perText((text) => chrono.parse(text, new Date(referenceMs))) } };
}

console.log(JSON.stringify({ chunks, words: await words(), wordQuality: wordQuality(), vectors: await vectors(), dates: dates() }, undefined, 2));
