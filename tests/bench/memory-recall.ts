// How well recall finds the evidence of questions in long conversations. Every conversation is a memory space of its own, filled through the
// service; `turn` and `session` are what `recall` and `recallSessions` answer, the arms are the parts they are made of.
// npm run bench:memory -- --dataset FILE [--arms bm25,window,dense,graph] [--index exact|chroma] [--keywords-only] [--model DIR]
import { parseArgs } from 'node:util';
import { armNames, type ArmName } from '../../orchestrator/memory/finding/ranking.ts';
import { topAnchors } from '../../orchestrator/memory/finding/top.ts';
import { startChromaServer } from '../../orchestrator/memory/vectors/chroma-server.ts';
import { ChromaVectorIndex } from '../../orchestrator/memory/vectors/chroma-vector-index.ts';
import { memoryFolder, SECRET } from './memory-folder.ts';
import { chromaCommand, projectFile } from './memory-locations.ts';
import { Judge, readDialogues } from './memory-conversations.ts';

const { values } = parseArgs({
  options: {
    dataset: { type: 'string', default: projectFile('../shared/eval/conversations.dev.json') }, arms: { type: 'string', default: armNames.join(',') },
    index: { type: 'string', default: 'exact' }, chroma: { type: 'string', default: chromaCommand() ?? 'chroma' }, 'keywords-only': { type: 'boolean', default: false }, model: { type: 'string' },
  },
});
const arms = values.arms.split(',').filter((name): name is ArmName => armNames.some((known) => known === name));
await using server = values.index === 'chroma' ? await startChromaServer({ command: values.chroma }) : undefined;
const url = server?.url;

const turn = new Judge();
const session = new Judge();
const armJudges = new Map(arms.map((name) => [name, { turn: new Judge(), session: new Judge() }]));
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
    if (arms.length === 0) continue;
    const ranking = (await service.rank(user, question.text)).arms();
    for (const [name, judge] of armJudges) {
      const { anchors, sessions } = ranking[name];
      judge.turn.add(question.category, distinct(topAnchors(anchors, table.alive.values, 40).map((anchor) => space.book.get(table.record.values[anchor]!)).filter((memory) => memory.layer === 'raw').map((memory) => memory.sourceId ?? '')), question.turns);
      judge.session.add(question.category, Array.from(sessions, (score, i) => ({ score, name: table.sessions.values[i]! })).toSorted((a, b) => b.score - a.score).map((one) => one.name), question.sessions);
    }
    questions += 1;
  }
}

console.error(`${questions} questions in ${Math.round((performance.now() - started) / 1000)} s`);
console.log(JSON.stringify({
  turn: turn.result(), session: session.result(), arms: Object.fromEntries([...armJudges].map(([name, judge]) => [name, { turn: judge.turn.result(), session: judge.session.result() }])),
}));

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
