// Measures how well recall finds the evidence of questions in long conversations. Each conversation is a separate memory space, filled through the
// service; `turn` and `session` are the answers of `recall` and `recallSessions`, the retrievers are their parts. `plain` is what they must not be worse
// than: BM25 over a session's whole text, and the sum of BM25 (scaled by its best hit) and the cosine, without priors or weights.
// Exits with 1 if an overall figure is below that of a plain method.
// npm run bench:memory -- --dataset FILE [--retrievers bm25,window,dense,graph] [--index exact|chroma] [--keywords-only] [--model DIR]
import { parseArgs } from 'node:util';
import { createLogger } from '../../common/log.ts';
import { retrieverNames, type RetrieverName } from '../../orchestrator/memory/retrieval/ranking.ts';
import { largest, topChunks } from '../../orchestrator/memory/retrieval/top.ts';
import { startChromaServer } from '../../orchestrator/memory/vectors/chroma-server.ts';
import { ChromaVectorIndex } from '../../orchestrator/memory/vectors/chroma-vector-index.ts';
import { memoryFolder, SECRET, USER } from './memory-folder.ts';
import { chromaCommand, projectFile } from './memory-locations.ts';
import { Judge, readDialogues } from './memory-conversations.ts';

const { values } = parseArgs({
  options: {
    dataset: { type: 'string', default: projectFile('../shared/eval/conversations.dev.json') }, retrievers: { type: 'string', default: retrieverNames.join(',') },
    index: { type: 'string', default: 'exact' }, chroma: { type: 'string', default: chromaCommand() ?? 'chroma' }, 'keywords-only': { type: 'boolean', default: false }, model: { type: 'string' },
  },
});
const retrievers = values.retrievers.split(',').filter((name): name is RetrieverName => retrieverNames.some((known) => known === name));
await using server = values.index === 'chroma' ? await startChromaServer({ command: values.chroma, log: createLogger({ level: 'warn' }) }) : undefined;
const place = server?.place;

const turn = new Judge();
const session = new Judge();
const retrieverJudges = new Map(retrievers.map((name) => [name, { turn: new Judge(), session: new Judge() }]));
const plain = { bm25Whole: new Judge(), fusion: { turn: new Judge(), session: new Judge() } };
let questions = 0;
const started = performance.now();
for (const [number, dialogue] of readDialogues(values.dataset).entries()) {
  await using folder = await memoryFolder({
    model: values['keywords-only'] ? false : values.model ?? true, now: () => dialogue.lastMs,
    vectorServer: place === undefined ? undefined : (spaceId) => new ChromaVectorIndex({ place, collection: spaceId, dimensions: 384 }),
  });
  const { service } = folder;
  const user = { ...USER, user: `usr_bench_${number}` };
  await service.setUp(user, SECRET);
  await service.rememberAll(user, dialogue.turns);
  await service.settled(user);
  const space = service.spaces.get(user.user);
  await space.index.current();
  const { table } = space.index;
  for (const question of dialogue.questions) {
    const answer = await service.recall(user, { query: question.text, limit: 10 });
    turn.add(question.category, answer.hits.map((hit) => hit.memory.sourceId ?? ''), question.turns);
    session.add(question.category, (await service.recallSessions(user, { query: question.text, limit: 10 })).map((hit) => hit.session), question.sessions);
    const ranking = await service.rank(user, question.text);
    const scores = ranking.retrievers();
    const ids = (chunks: Float32Array): string[] => distinct(topChunks(chunks, ranking.alive, 40).map((chunk) => space.book.get(table.record.values[chunk]!)).filter((memory) => memory.layer === 'raw').map((memory) => memory.sourceId ?? ''));
    const sessionNames = (ranks: Float32Array): string[] => Array.from(ranks, (score, i) => ({ score, name: table.sessions.values[i]! })).toSorted((a, b) => b.score - a.score).map((one) => one.name);
    const { bm25, dense } = scores;
    plain.bm25Whole.add(question.category, sessionNames(bm25.sessions), question.sessions);
    plain.fusion.turn.add(question.category, ids(sum(bm25.chunks, dense.chunks)), question.turns);
    plain.fusion.session.add(question.category, sessionNames(sum(bm25.sessions, dense.sessions)), question.sessions);
    for (const [name, judge] of retrieverJudges) {
      const { chunks, sessions } = scores[name];
      judge.turn.add(question.category, ids(chunks), question.turns);
      judge.session.add(question.category, sessionNames(sessions), question.sessions);
    }
    questions += 1;
  }
}

/** Figures of the default ranking that are below those of the plain methods. */
const belowPlain = [below('session', session, plain.bm25Whole), below('session', session, plain.fusion.session), below('turn', turn, plain.fusion.turn)].flat();
if (belowPlain.length > 0) process.exitCode = 1;

console.error(`${questions} questions in ${Math.round((performance.now() - started) / 1000)} s`);
console.log(JSON.stringify({
  turn: turn.result(), session: session.result(), plain: { bm25Whole: { session: plain.bm25Whole.result() }, fusion: { turn: plain.fusion.turn.result(), session: plain.fusion.session.result() } }, belowPlain,
  retrievers: Object.fromEntries([...retrieverJudges].map(([name, judge]) => [name, { turn: judge.turn.result(), session: judge.session.result() }])),
}));

function below(what: string, own: Judge, other: Judge): string[] {
  const [ours, theirs] = [own.result()['overall'], other.result()['overall']];
  return (['r5', 'r10', 'ndcg10'] as const).flatMap((figure) => ours !== undefined && theirs !== undefined && ours[figure] < theirs[figure] ? [`${what} ${figure}: ${ours[figure]} < ${theirs[figure]}`] : []);
}

/** Scores scaled by the best of them, plus cosines. */
function sum(keyword: Float32Array, cosines: Float32Array): Float32Array {
  const top = largest(keyword) || 1;
  return keyword.map((score, i) => score / top + cosines[i]!);
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
