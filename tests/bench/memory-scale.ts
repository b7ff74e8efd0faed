// Measures the speed of memory as it grows, with turns, documents, facts and filters: 8 readers that together make 16 recalls a second (measured from when each was due), 1 writer, contexts, unlock.
// npm run bench:memory-scale -- [--sizes 1000,10000,100000,1000000] [--seconds 20] [--fill synthetic|real] [--soak 20000] [--model DIR]
// A synthetic fill gives the existing memories random vectors, which take as long to search as real ones but only seconds to create;
// the real model embeds every query and every memory written during the measurement.
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createLogger } from '../../common/log.ts';
import type { EmbedPriority, Embedder } from '../../common/embedding/embedder.ts';
import { OnnxEmbedder } from '../../common/embedding/onnx-embedder.ts';
import type { RememberInput } from '../../orchestrator/memory/remembering.ts';
import { memoryFolder, SECRET, USER } from './memory-folder.ts';
import { modelFolder } from './memory-locations.ts';

const { values } = parseArgs({
  options: { sizes: { type: 'string', default: '1000,10000,100000' }, seconds: { type: 'string', default: '20' }, fill: { type: 'string', default: 'synthetic' }, soak: { type: 'string', default: '20000' }, model: { type: 'string' } },
});
const READERS = 8;
const RECALLS_PER_SECOND = 16;
const WRITES_PER_SECOND = 4;
const seconds = Number(values.seconds);
const log = createLogger({ level: 'info' });

/** Repeatable randomness (mulberry32). */
let state = 20_260_101;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

class FillingEmbedder implements Embedder {
  filling = values.fill !== 'real';
  readonly #real: OnnxEmbedder;
  constructor(real: OnnxEmbedder) {
    this.#real = real;
  }
  get model(): string {
    return this.#real.model;
  }
  get dimensions(): number {
    return this.#real.dimensions;
  }
  async embed(texts: readonly string[], priority: EmbedPriority): Promise<Float32Array[]> {
    if (!this.filling) return await this.#real.embed(texts, priority);
    return texts.map(() => {
      const vector = Float32Array.from({ length: this.dimensions }, () => random() - 0.5);
      const norm = Math.hypot(...vector);
      return vector.map((value) => value / norm);
    });
  }
  async close(): Promise<void> {
    await this.#real.close();
  }
}

// 6,000 pronounceable words whose frequencies fall like those of a language.
const syllables = ['ba', 'ke', 'li', 'mo', 'ru', 'sa', 'te', 'vi', 'no', 'da', 'fi', 'gu', 'pe', 'zo', 'hal', 'mer', 'tin', 'sor', 'wen', 'lak'];
const vocabulary = Array.from({ length: 6000 }, () => Array.from({ length: 2 + Math.floor(random() * 2) }, () => syllables[Math.floor(random() * syllables.length)]).join(''));
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const word = (): string => vocabulary[Math.floor(vocabulary.length * random() ** 3)]!;
const people = ['Alice', 'Bruno', 'Chen', 'Dora'];
const sentence = (): string => `I ${pick(['talked about', 'worked on', 'bought', 'read about', 'went to', 'fixed'])} the ${word()} ${word()} with ${pick(people)} ${pick(['yesterday', 'last week', 'in March', 'again', 'at home'])} because the ${word()} was ${word()} and ${word()}.`;
const startMs = Date.UTC(2023, 0);
/** One in ten is a document with metadata, and one in twenty states a fact. */
const turn = (number: number): RememberInput => number % 10 === 9 ? {
  type: 'document', text: Array.from({ length: 4 }, sentence).join(' '), agentId: `agent ${number % 50}`, metadata: { project: `p${number % 200}` }, occurredAt: new Date(startMs + number * 60_000).toISOString(),
} : ({
  type: 'conversation', agentId: `agent ${number % 50}`, text: number % 20 === 0 ? `I live in ${word()}.` : `${sentence()}${random() < 0.4 ? ` ${sentence()}` : ''}`, speaker: pick(people), conversationId: `c${Math.floor(number / 2000)}`, sessionId: `s${Math.floor(number / 25)}`,
  occurredAt: new Date(startMs + number * 60_000).toISOString(),
});
const question = (): string => `${pick(['When did', 'Why did', 'Where did'])} ${pick(people)} ${pick(['talk about', 'work on', 'buy', 'go to'])} the ${word()} ${word()} ${word()}?`;

const embedder = new FillingEmbedder(await OnnxEmbedder.start(modelFolder(values.model)));
await using folder = await memoryFolder({ embedder, config: { storage: { maxMemories: 5_000_000 } } });
const { service } = folder;
await service.setUp(USER, SECRET);
const results = [];
let stored = 0;
for (const size of values.sizes.split(',').map(Number)) {
  embedder.filling = values.fill !== 'real';
  const fillStarted = performance.now();
  while (stored < size) {
    const count = Math.min(500, size - stored);
    await service.rememberAll(USER, Array.from({ length: count }, (_, i) => turn(stored + i)));
    stored += count;
    await service.settled(USER);
  }
  embedder.filling = false;
  log.info({ event: 'bench.filled', size, seconds: Math.round((performance.now() - fillStarted) / 1000) });
  await service.recall(USER, { query: question() });

  const recalls: number[] = [];
  const writes: number[] = [];
  const found: number[] = [];
  const embedded: number[] = [];
  const from = performance.now() + 100;
  const untilDue = async (due: number): Promise<void> => {
    const wait = due - performance.now();
    if (wait > 0) await delay(wait);
  };
  const reader = async (number: number): Promise<void> => {
    for (let i = 0; i < seconds * RECALLS_PER_SECOND / READERS; i += 1) {
      const due = from + (i * READERS + number) * 1000 / RECALLS_PER_SECOND;
      await untilDue(due);
      await service.recall(USER, { query: question() });
      recalls.push(performance.now() - due);
    }
  };
  const writer = async (): Promise<void> => {
    for (let i = 0; i < seconds * WRITES_PER_SECOND; i += 1) {
      const due = from + i * 1000 / WRITES_PER_SECOND;
      await untilDue(due);
      const mark = `zq${stored}`;
      const written = turn(stored);
      const writeStarted = performance.now();
      const { id } = await service.remember(USER, { ...written, text: `${written.text} The ${mark} is marked.` });
      const acknowledged = performance.now();
      writes.push(acknowledged - writeStarted);
      stored += 1;
      await service.settled(USER);
      embedded.push(performance.now() - acknowledged);
      if (i % 8 !== 0) continue;
      const { hits } = await service.recall(USER, { query: `the marked ${mark}` });
      found.push(hits.some((hit) => hit.memory.id === id) ? performance.now() - acknowledged : Infinity);
    }
  };
  await Promise.all([...Array.from({ length: READERS }, (_, i) => reader(i)), writer()]);

  // The cost of one recall when nothing else runs, to tell a slow program from a busy host.
  const alone = 50;
  const cpuBefore = process.cpuUsage();
  for (let i = 0; i < alone; i += 1) await service.recall(USER, { query: question() });
  const cpu = process.cpuUsage(cpuBefore);

  const filtered: number[] = [];
  for (let i = 0; i < 40; i += 1) {
    const started = performance.now();
    await service.recall(USER, { query: question(), ...i % 2 === 0 ? { agentId: `agent ${i}` } : { metadata: { project: `p${i * 10 + 9}` } } });
    filtered.push(performance.now() - started);
  }
  const contexts: number[] = [];
  for (let i = 0; i < 40; i += 1) {
    const started = performance.now();
    await service.context(USER, { query: question(), conversationId: 'c0' });
    contexts.push(performance.now() - started);
  }
  const unlocks: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    await service.lock(USER);
    const started = performance.now();
    await service.unlock(USER, { secret: SECRET });
    unlocks.push(performance.now() - started);
  }
  const result = {
    memories: size, recallMs: spread(recalls), writeMs: spread(writes), searchableMs: spread(found), vectorMs: spread(embedded), filteredMs: spread(filtered), firstFilteredMs: Math.round(filtered[0] ?? 0), contextMs: spread(contexts), unlockMs: spread(unlocks),
    recallCpuMs: Math.round((cpu.user + cpu.system) / alone / 100) / 10, loadAverage: Math.round(10 * loadavg()[0]!) / 10, rssMiB: rssMiB(),
  };
  log.info({ event: 'bench.measured', ...result });
  results.push(result);
}

const rss = [rssMiB()];
for (let done = 0; done < Number(values.soak); done += 2000) {
  await embedder.embed(Array.from({ length: Math.min(2000, Number(values.soak) - done) }, sentence), 'background');
  rss.push(rssMiB());
}
console.log(JSON.stringify({ fill: values.fill, readers: READERS, recallsPerSecond: RECALLS_PER_SECOND, writesPerSecond: WRITES_PER_SECOND, sizes: results, soak: { embeddings: Number(values.soak), rssMiB: rss } }));

function rssMiB(): number {
  return Math.round(process.memoryUsage().rss / 2 ** 20);
}
function spread(times: readonly number[]): { p50: number; p95: number; max: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(10 * (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)) / 10;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}
