// Cross-validates the weights of ranking over kinds of texts: for each kind, it fits the weights on the other kinds, measures on this one, and prints what each
// weight contributes (NDCG@10 with it minus without it, in points, with a 95 % interval from a bootstrap over questions). A weight is kept if it helps on kinds
// that it was not fitted on; those that apply only to turns of conversations cannot change other kinds. Sessions are compared with the plain fusion.
// memory-kinds.ts describes the kinds.
// npm run bench:memory-weights -- [--dataset FILE] [--kinds chat,manual,…] [--model DIR]
import { parseArgs } from 'node:util';
import type { Embedder } from '../../common/embedding/embedder.ts';
import { OnnxEmbedder } from '../../common/embedding/onnx-embedder.ts';
import type { Ranking } from '../../orchestrator/memory/retrieval/ranking.ts';
import { topChunks } from '../../orchestrator/memory/retrieval/top.ts';
import { SESSION_WEIGHTS, WEIGHTS, type SessionWeights, type Weights } from '../../orchestrator/memory/retrieval/weights.ts';
import { wholeSpace } from '../../orchestrator/memory/scope.ts';
import { gainOf, readDialogues, type Dialogue } from './memory-conversations.ts';
import { memoryFolder, SECRET, USER } from './memory-folder.ts';
import { inShortTurns, kindsOfTexts } from './memory-kinds.ts';
import { modelFolder, projectFile } from './memory-locations.ts';

const { values } = parseArgs({ options: { dataset: { type: 'string', default: projectFile('../shared/eval/conversations.dev.json') }, kinds: { type: 'string' }, model: { type: 'string' } } });
const FACTORS = [0, 0.5, 1, 2];
const SAMPLES = 1000;

type Parts = Record<string, Float32Array>;

/** One question: its evidence, and what each weight adds to the score of every chunk and session at weight 1. */
interface Asked { evidence: readonly string[]; sessions: readonly string[]; ids: readonly string[]; sessionIds: readonly string[]; parts: Parts; sessionParts: Parts; alive: Uint8Array; allSessions: Uint8Array }

const model = await OnnxEmbedder.start(modelFolder(values.model));
const embedder: Embedder = { model: model.model, dimensions: model.dimensions, embed: (...args) => model.embed(...args), close: async () => {} };
const chats = readDialogues(values.dataset);
const dialogues = [...chats.map((dialogue) => ({ kind: 'chat', dialogue })), ...chats.map((dialogue) => ({ kind: 'short', dialogue: inShortTurns(dialogue) })), ...kindsOfTexts()].filter(({ kind }) => values.kinds?.split(',').includes(kind) ?? true);
const questions = new Map<string, Asked[]>();
for (const { kind, dialogue } of dialogues) {
  console.error(`${kind}: ${dialogue.turns.length} texts, ${dialogue.questions.length} questions`);
  questions.set(kind, [...questions.get(kind) ?? [], ...await askAll(dialogue)]);
}
await model.close();

const kinds = [...questions.keys()];
const fitted = new Map(kinds.map((kind) => [kind, fit(kinds.filter((other) => other !== kind && !(kind === 'chat' && other === 'short') && !(kind === 'short' && other === 'chat')))]));
const report = Object.fromEntries(kinds.map((kind) => {
  const asked = questions.get(kind)!;
  const gains = (weights: Weights): number[] => asked.map((one) => gainOfTurns(one, weights));
  const own = gains(WEIGHTS);
  const sessions = (weights: SessionWeights): number[] => asked.map((one) => gainOfSessions(one, weights));
  return [kind, {
    questions: asked.length, ndcg10: points(mean(own)), fittedElsewhere: difference(gains(fitted.get(kind)!), own), plainFusion: difference(asked.map(gainOfFusion), own),
    worth: Object.fromEntries(Object.keys(WEIGHTS).map((name) => [name, difference(own, gains({ ...WEIGHTS, [name]: 0 }))])),
    sessions: { ndcg10: points(mean(sessions(SESSION_WEIGHTS))), overPlainFusion: difference(sessions(SESSION_WEIGHTS), sessions({ keyword: 1, dense: 1, evidence: 0 })) },
  }];
}));
console.log(JSON.stringify({ kinds: report, fitted: Object.fromEntries(fitted) }, null, 1));

async function askAll(dialogue: Dialogue): Promise<Asked[]> {
  await using folder = await memoryFolder({ embedder, now: () => dialogue.lastMs });
  const { service } = folder;
  await service.setUp(USER, SECRET);
  await service.rememberAll(USER, dialogue.turns);
  await service.settled(USER);
  const space = service.spaces.get(USER.user);
  const { index, book } = space;
  const { table } = index;
  const view = space.view(wholeSpace(USER.user, 'main'));
  // The id of a sentence of a split turn has the turn's id before the slash.
  const ids = Array.from({ length: table.size }, (_, chunk) => book.get(table.record.values[chunk]!)).map(({ layer, sourceId }) => layer === 'raw' ? (sourceId ?? '').split('/')[0]! : '');
  const asked: Asked[] = [];
  for (const { text, turns, sessions } of dialogue.questions) {
    const question = index.question(text, dialogue.lastMs, view);
    const [vector] = await embedder.embed([question.firstPerson], 'query');
    const only = async (name: string): Promise<Ranking> => await index.rank(question, vector, view, { ...noWeights(WEIGHTS), [name]: 1 });
    const parts: Parts = {};
    for (const name of Object.keys(WEIGHTS)) parts[name] = (await only(name)).fused;
    const sessionParts: Parts = {};
    for (const name of Object.keys(SESSION_WEIGHTS)) sessionParts[name] = (await index.rank(question, vector, view, WEIGHTS, { ...noWeights(SESSION_WEIGHTS), [name]: 1 })).sessions();
    const plain = await only('keyword');
    const { bm25, dense } = plain.retrievers();
    const top = bm25.chunks.reduce((most, score) => Math.max(most, score), 0) || 1;
    parts['fusion'] = bm25.chunks.map((score, chunk) => score / top + dense.chunks[chunk]!);
    asked.push({ evidence: turns, sessions, ids, sessionIds: table.sessions.values, parts, sessionParts, alive: view.alive, allSessions: new Uint8Array(table.sessions.values.length).fill(1) });
  }
  return asked;
}

/** Coordinate ascent on the mean over kinds, so that no kind counts more for having more questions. */
function fit(on: readonly string[]): Weights {
  const value = (weights: Weights): number => mean(on.map((kind) => mean(questions.get(kind)!.map((one) => gainOfTurns(one, weights)))));
  let best: Weights = WEIGHTS;
  let reached = on.length === 0 ? 0 : value(best);
  for (const name of on.length === 0 ? [] : Object.keys(WEIGHTS) as (keyof Weights)[]) {
    for (const factor of FACTORS) {
      const changed = { ...best, [name]: WEIGHTS[name] * factor };
      const now = value(changed);
      if (now <= reached) continue;
      best = changed;
      reached = now;
    }
  }
  return best;
}

function gainOfTurns({ parts, ids, evidence, alive }: Asked, weights: Weights): number {
  return gainOf(named(weighted(parts, weights), alive, ids), evidence);
}

function gainOfFusion({ parts, ids, evidence, alive }: Asked): number {
  return gainOf(named(parts['fusion']!, alive, ids), evidence);
}

function gainOfSessions({ sessionParts, sessionIds, sessions, allSessions }: Asked, weights: SessionWeights): number {
  const scores = weighted(sessionParts, weights);
  return gainOf(named(scores.map((score) => score + 10), allSessions, sessionIds), sessions); // all scores may be negative; only the order counts
}

function weighted(parts: Parts, weights: Record<string, number>): Float32Array {
  const sum = new Float32Array(Object.values(parts)[0]!.length);
  for (const [name, weight] of Object.entries(weights)) {
    const part = parts[name]!;
    if (weight !== 0) for (let i = 0; i < sum.length; i += 1) sum[i] = sum[i]! + weight * part[i]!;
  }
  return sum;
}

/** The ids of the best ten, each once. */
function named(scores: Float32Array, alive: Uint8Array, ids: readonly string[]): string[] {
  return [...new Set(topChunks(scores, alive, 40).map((at) => ids[at]!).filter((id) => id !== ''))].slice(0, 10);
}

function noWeights<W extends Record<string, number>>(weights: W): { [name in keyof W]: number } {
  return Object.fromEntries(Object.keys(weights).map((name) => [name, 0])) as { [name in keyof W]: number };
}

/** The mean difference in points, and the interval that holds 95 % of the means of resampled questions. */
function difference(a: readonly number[], b: readonly number[]): string {
  const differences = a.map((value, i) => value - b[i]!);
  const means = Array.from({ length: SAMPLES }, () => mean(differences.map(() => differences[Math.floor(random() * differences.length)]!))).sort((x, y) => x - y);
  return `${points(mean(differences))} [${points(means[Math.floor(0.025 * SAMPLES)]!)}, ${points(means[Math.floor(0.975 * SAMPLES)]!)}]`;
}

let state = 20_260_101;
/** Repeatable randomness (mulberry32). */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0) / Math.max(1, numbers.length);
}

function points(share: number): number {
  return Math.round(1000 * share) / 10;
}
