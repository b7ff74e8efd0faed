// Measures how well recall finds the evidence of questions in long conversations. Each conversation is a separate memory space, filled through the
// service; `turn` and `session` are the answers of `recall` and `recallSessions`, the retrievers are their parts.
// npm run bench:memory -- --dataset FILE [--retrievers bm25,window,dense,graph] [--index exact|chroma] [--keywords-only] [--model DIR]
import { parseArgs } from 'node:util';
import { retrieverNames, type RetrieverName } from '../../orchestrator/memory/retrieval/ranking.ts';
import { topChunks } from '../../orchestrator/memory/retrieval/top.ts';
import { startChromaServer } from '../../orchestrator/memory/vectors/chroma-server.ts';
import { ChromaVectorIndex } from '../../orchestrator/memory/vectors/chroma-vector-index.ts';
import { memoryFolder, SECRET } from './memory-folder.ts';
import { chromaCommand, projectFile } from './memory-locations.ts';
import { Judge, readDialogues } from './memory-conversations.ts';

const { values } = parseArgs({
  options: {
    dataset: { type: 'string', default: projectFile('../shared/eval/conversations.dev.json') }, retrievers: { type: 'string', default: retrieverNames.join(',') },
    index: { type: 'string', default: 'exact' }, chroma: { type: 'string', default: chromaCommand() ?? 'chroma' }, 'keywords-only': { type: 'boolean', default: false }, model: { type: 'string' },
  },
});
const retrievers = values.retrievers.split(',').filter((name): name is RetrieverName => retrieverNames.some((known) => known === name));
await using server = values.index === 'chroma' ? await startChromaServer({ command: values.chroma }) : undefined;
const url = server?.url;

const turn = new Judge();
const session = new Judge();
const retrieverJudges = new Map(retrievers.map((name) => [name, { turn: new Judge(), session: new Judge() }]));
let questions = 0;
const started = performance.now();
for (const [number, dialogue] of readDialogues(values.dataset).entries()) {
  await using folder = await memoryFolder({
    model: values['keywords-only'] ? false : values.model ?? true, now: () => dialogue.lastMs,
    vectorServer: url === undefined ? undefined : (spaceId) => new ChromaVectorIndex({ url, collection: spaceId, dimensions: 384 }),
  });
  const { service } = folder;
  const user = `usr_bench_${number}`;
  await service.setUp(user, SECRET);
  await service.rememberAll(user, dialogue.turns);
  await service.settled(user);
  const space = service.spaces.get(user);
  const { table } = space.index;
  for (const question of dialogue.questions) {
    const answer = await service.recall(user, { query: question.text, limit: 10 });
    turn.add(question.category, answer.hits.map((hit) => hit.memory.sourceId ?? ''), question.turns);
    session.add(question.category, (await service.recallSessions(user, { query: question.text, limit: 10 })).map((hit) => hit.session), question.sessions);
    if (retrievers.length === 0) continue;
    const ranking = (await service.rank(user, question.text)).retrievers();
    for (const [name, judge] of retrieverJudges) {
      const { chunks, sessions } = ranking[name];
      judge.turn.add(question.category, distinct(topChunks(chunks, table.alive.values, 40).map((chunk) => space.book.get(table.record.values[chunk]!)).filter((memory) => memory.layer === 'raw').map((memory) => memory.sourceId ?? '')), question.turns);
      judge.session.add(question.category, Array.from(sessions, (score, i) => ({ score, name: table.sessions.values[i]! })).toSorted((a, b) => b.score - a.score).map((one) => one.name), question.sessions);
    }
    questions += 1;
  }
}

console.error(`${questions} questions in ${Math.round((performance.now() - started) / 1000)} s`);
console.log(JSON.stringify({
  turn: turn.result(), session: session.result(), retrievers: Object.fromEntries([...retrieverJudges].map(([name, judge]) => [name, { turn: judge.turn.result(), session: judge.session.result() }])),
}));

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
