// Measures the speed of memory as it grows, with turns, documents, facts and filters: 8 readers that together make 16 recalls a second (measured from when each was due), 1 writer, contexts, unlock.
// npm run bench:memory-scale -- [--sizes 1000,10000,100000,1000000] [--seconds 20] [--rate 16] [--fill synthetic|real] [--soak 20000] [--model DIR]
// A synthetic fill gives the existing memories random vectors, which take as long to search as real ones but only seconds to create;
// the real model embeds every query and every memory written during the measurement.
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createLogger } from '../../common/log.ts';
import { OnnxEmbedder } from '../../common/embedding/onnx-embedder.ts';
import { fill, FillingEmbedder, question, rssMiB, sentence, spread, turn } from './memory-fill.ts';
import { memoryFolder, SECRET, USER } from './memory-folder.ts';
import { modelFolder } from './memory-locations.ts';

const { values } = parseArgs({
  options: { sizes: { type: 'string', default: '1000,10000,100000' }, seconds: { type: 'string', default: '20' }, rate: { type: 'string', default: '16' }, fill: { type: 'string', default: 'synthetic' }, soak: { type: 'string', default: '20000' }, model: { type: 'string' } },
});
const READERS = 8;
const WRITES_PER_SECOND = 4;
const seconds = Number(values.seconds);
const recallsPerSecond = Number(values.rate);
const log = createLogger({ level: 'info' });

const embedder = new FillingEmbedder(await OnnxEmbedder.start(modelFolder(values.model)), values.fill !== 'real');
await using folder = await memoryFolder({ embedder, config: { storage: { maxMemories: 5_000_000 }, performance: { memoryBudgetMiB: 65_536 } } });
const { service } = folder;
await service.setUp(USER, SECRET);
const results = [];
let stored = 0;
for (const size of values.sizes.split(',').map(Number)) {
  embedder.filling = values.fill !== 'real';
  const fillStarted = performance.now();
  await fill({ service, store: folder.store, config: folder.config, caller: USER }, stored, size);
  stored = size;
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
    for (let i = 0; i < seconds * recallsPerSecond / READERS; i += 1) {
      const due = from + (i * READERS + number) * 1000 / recallsPerSecond;
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
console.log(JSON.stringify({ fill: values.fill, readers: READERS, recallsPerSecond, writesPerSecond: WRITES_PER_SECOND, sizes: results, soak: { embeddings: Number(values.soak), rssMiB: rss } }));
