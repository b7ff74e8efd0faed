// Measures memory through REST, in its own process as in production: unlock, recalls with and without filters, contexts, a file, writes, consolidation, a bulk forget; and how long each of them delays the API.
// npm run bench:memory-rest -- [--size 100000] [--queries 60] [--model DIR]
// `api` probes GET /healthz every 10 ms meanwhile: the longest answer, and the longest time that the control plane's thread computed without a pause (CPU time, which other programs do not lengthen).
// Memories get random vectors, as in bench:memory-scale; the real model embeds questions and what is written during the measurement.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Config } from '../../common/config.ts';
import { OnnxEmbedder } from '../../common/embedding/onnx-embedder.ts';
import { createLogger } from '../../common/log.ts';
import { dataPaths } from '../../common/paths.ts';
import { createMetrics } from '../../orchestrator/api/prom-client-metrics.ts';
import { createApiServer } from '../../orchestrator/api/server.ts';
import { composeMemory } from '../../orchestrator/compose-memory.ts';
import { SqliteEventLog } from '../../orchestrator/events/sqlite-event-log.ts';
import { MemoryConfig } from '../../orchestrator/memory/memory-config.ts';
import { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import { MemoryProcess } from '../../orchestrator/memory/process/memory-process-handle.ts';
import { SqliteSnapshotNotices } from '../../orchestrator/memory/sqlite-snapshot-notices.ts';
import { SqliteKeyStore } from '../../orchestrator/memory/store/sqlite-key-store.ts';
import { SqliteMemoryStore } from '../../orchestrator/memory/store/sqlite-memory-store.ts';
import { SqliteIdempotency } from '../../orchestrator/operations/sqlite-idempotency.ts';
import { schema } from '../../orchestrator/store/schema.ts';
import { SqliteStore } from '../../orchestrator/store/sqlite-store.ts';
import { FakeServices, keys } from '../contract/api/fake-services.ts';
import { allReady } from '../contract/api/harness.ts';
import { fill, FillingEmbedder, question, rssMiB, sentence, spread, turn } from './memory-fill.ts';
import { SECRET } from './memory-folder.ts';
import { modelFolder } from './memory-locations.ts';

const { values } = parseArgs({ options: { size: { type: 'string', default: '100000' }, queries: { type: 'string', default: '60' }, model: { type: 'string' } } });
const size = Number(values.size);
const queries = Number(values.queries);
const log = createLogger({ level: 'warn' });
const folder = mkdtempSync(join(tmpdir(), 'somnus-memory-rest-'));
const paths = dataPaths(join(folder, 'data'));
mkdirSync(paths.memoryDir, { recursive: true });
writeFileSync(join(paths.memoryDir, 'memory.yaml'), 'storage: { maxMemories: 5000000 }\nperformance: { memoryBudgetMiB: 65536 }\n');

const filledSeconds = await filled();
const store = SqliteStore.open({ path: join(paths.dataDir, 'somnus.db'), migrations: schema, log });
const events = new SqliteEventLog({ store, log });
const parts = composeMemory({ config: Config.parse({ dataDir: paths.dataDir, models: { embeddingDir: modelFolder(values.model) } }), paths, events, idempotency: new SqliteIdempotency({ store }), notices: new SqliteSnapshotNotices(store), log });
const fakes = new FakeServices();
const services = Object.create(fakes, { memory: { value: parts.memory } }) as FakeServices;
const server = createApiServer({ services: () => services, parts: allReady(), metrics: createMetrics([], log), log, version: '0.1.0', maxBodyBytes: 65_536 });
const url = await server.listen('127.0.0.1', 0);
await parts.memory.service();

const results: Record<string, unknown> = {};
await measured('unlock', async () => await one('POST', 'unlock', { secret: SECRET }));
await one('POST', 'recall', { query: question() }); // loads what is loaded once
await measured('recall', async () => await many(() => one('POST', 'recall', { query: question() })));
await measured('filteredByAgent', async () => await many((i) => one('POST', 'recall', { query: question(), agentId: `agent ${i % 50}` })));
await measured('filteredByMetadata', async () => await many((i) => one('POST', 'recall', { query: question(), metadata: { project: `p${(i * 10 + 9) % 200}` } })));
await measured('context', async () => await many(() => one('POST', 'context', { query: question(), conversationId: 'c0' })));
await measured('remember', async () => await many((i) => one('POST', 'remember', { ...turn(size + i) })));
await measured('file', async () => await many(async () => await file(), 5));
await measured('consolidate', async () => await one('POST', 'consolidate', {}));
await measured('recallWhileConsolidating', async () => {
  const consolidating = one('POST', 'consolidate', {});
  const times = await many(() => one('POST', 'recall', { query: question() }), 10);
  await consolidating;
  return times;
});
await measured('forgetAgent', async () => await one('POST', 'forget', { agentId: 'agent 7' }));
const process_ = parts.memory.current;
const memoryRssMiB = process_ instanceof MemoryProcess && process_.pid !== undefined ? rssMiB(process_.pid) : undefined;
await measured('lock', async () => await one('POST', 'lock', {}));
console.log(JSON.stringify({ memories: size, filledSeconds, loadAverage: Math.round(10 * loadavg()[0]!) / 10, memoryRssMiB, apiRssMiB: rssMiB(), results }, undefined, 2));

await server.close();
await parts[Symbol.asyncDispose]();
await fakes.dispose();
store.close();
rmSync(folder, { recursive: true, force: true });

/** Fills the folder in this process, with the embedder that needs no time. Returns how many seconds that took. */
async function filled(): Promise<number> {
  const started = performance.now();
  const embedder = new FillingEmbedder(await OnnxEmbedder.start(modelFolder(values.model)), true);
  const memories = SqliteMemoryStore.open(paths.memoryDir, log);
  const config = MemoryConfig.parse({ storage: { maxMemories: 5_000_000 }, performance: { memoryBudgetMiB: 65_536 } });
  const service = new MemoryService({ store: memories, keys: SqliteKeyStore.open(paths.memoryKeysDir, log), embedder, log, config });
  const owner = { keyId: 'key_write', user: 'alice', scopes: ['read' as const, 'write' as const], environmentId: null, mayPurge: true };
  await service.setUp(owner, SECRET);
  await fill({ service, store: memories, config, caller: owner }, 0, size);
  await service.close();
  return Math.round((performance.now() - started) / 1000);
}

async function one(method: string, path: string, json: unknown): Promise<number> {
  const started = performance.now();
  const response = await fetch(`${url}/v1/memory/${path}`, { method, headers: { authorization: `Bearer ${keys.write}`, 'content-type': 'application/json' }, body: JSON.stringify(json) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return performance.now() - started;
}

/** A megabyte of text, announced, sent and read. */
async function file(): Promise<number> {
  const started = performance.now();
  const headers = { authorization: `Bearer ${keys.write}` };
  const announced = await fetch(`${url}/v1/memory/files`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ name: 'notes.md' }) });
  const { id } = await announced.json() as { id: string };
  const sent = await fetch(`${url}/v1/memory/files/${id}`, { method: 'PUT', headers, body: Array.from({ length: 8000 }, sentence).join('\n') });
  if (sent.status !== 201) throw new Error(`file: ${sent.status} ${await sent.text()}`);
  return performance.now() - started;
}

async function many(work: (i: number) => Promise<number>, count: number = queries): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) times.push(await work(i));
  return times;
}

/** Probes the API while `work` runs. */
async function measured(name: string, work: () => Promise<number | number[]>): Promise<void> {
  const answers: number[] = [];
  const busy: number[] = [];
  let running = true;
  const computed = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let last = computed();
  const beat = setInterval(() => {
    const now = computed();
    busy.push(now - last);
    last = now;
  }, 1);
  const probe = (async () => {
    while (running) {
      const started = performance.now();
      await (await fetch(`${url}/healthz`)).arrayBuffer();
      answers.push(performance.now() - started);
      await delay(10);
    }
  })();
  try {
    const times = await work();
    results[name] = { ms: spread(Array.isArray(times) ? times : [times]), api: { healthzMs: spread(answers), longestWorkMs: spread(busy).max } };
  } finally {
    running = false;
    await probe;
    clearInterval(beat);
  }
}
