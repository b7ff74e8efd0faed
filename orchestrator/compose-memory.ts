// The composition root of the memory core and the system cache, with their metrics.
import { join } from 'node:path';
import type { Config } from '../common/config.ts';
import type { SomnusError } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { DataPaths } from '../common/paths.ts';
import type { Collector, Sample } from './api/prom-client-metrics.ts';
import { SqliteCacheStore } from './cache/sqlite-cache-store.ts';
import { SystemCache, type NamespaceFigures } from './cache/system-cache.ts';
import type { SqliteEventLog } from './events/sqlite-event-log.ts';
import { restore } from './memory/backup.ts';
import { MemoryLoader, type LoadedMemory, type MemoryState } from './memory/memory-loader.ts';
import { MemoryProcess } from './memory/process/memory-process-handle.ts';
import { UserKeys } from './memory/process/user-keys.ts';
import type { SqliteSnapshotNotices } from './memory/sqlite-snapshot-notices.ts';
import type { SqliteIdempotency } from './operations/sqlite-idempotency.ts';

export interface MemoryParts extends AsyncDisposable {
  memory: MemoryLoader;
  cache: SystemCache;
  collectors: Collector[];
  /** Whether memory is open, and if not, why. */
  state(): MemoryState;
  failure(): SomnusError | undefined;
  /** Starts opening memory; the rest of the control plane does not wait for it. */
  begin(): void;
}

export function composeMemory(deps: { config: Config; paths: DataPaths; events: SqliteEventLog; idempotency: SqliteIdempotency; notices: SqliteSnapshotNotices; log: Logger }): MemoryParts {
  const { config, paths, events, idempotency, notices, log } = deps;
  const configFile = config.memory.configFile ?? join(paths.memoryDir, 'memory.yaml');
  const keys = new UserKeys();
  const cache = new SystemCache({ store: SqliteCacheStore.open(paths.dataDir, log), budgetBytes: config.cache.budgetMiB * 2 ** 20, sealer: keys, log });
  const loader = new MemoryLoader({
    open: async () => await MemoryProcess.start({
      dataDir: paths.memoryDir, keysDir: paths.memoryKeysDir, formerKeysDir: paths.formerMemoryKeysDir, embeddingDir: config.models.embeddingDir ?? paths.embeddingDir, configFile, logLevel: log.level,
    }, { cache, keys, events, idempotency, notices, log }),
    restore: async (input) => await restore({ dataDir: paths.memoryDir, keysDir: paths.memoryKeysDir, configFile }, input, log),
    keyFiles: config.memory.keyFiles, log,
  });
  return {
    memory: loader, cache,
    collectors: [...cacheCollectors(cache), ...memoryCollectors(loader)],
    state: () => loader.state,
    failure: () => loader.failure,
    begin: () => loader.begin(),
    async [Symbol.asyncDispose]() {
      cache.close(); // while the keys that encrypt its entries still exist
      await loader.close();
    },
  };
}

const cacheFigures: readonly [keyof NamespaceFigures, 'gauge' | 'counter', string][] = [
  ['entries', 'gauge', 'Entries of the system cache.'],
  ['bytes', 'gauge', 'Bytes of the system cache.'],
  ['hits', 'counter', 'Values found in the system cache.'],
  ['misses', 'counter', 'Values not found in the system cache.'],
  ['evictions', 'counter', 'Values evicted to make space for others.'],
];

function cacheCollectors(cache: SystemCache): Collector[] {
  return cacheFigures.map(([figure, type, help]) => ({
    name: `somnus_cache_${figure}${type === 'counter' ? '_total' : ''}`, help: `${help} By namespace.`, type, labels: ['namespace'],
    read: async () => Object.entries(cache.figures()).map(([namespace, figures]) => ({ labels: { namespace }, value: figures[figure] })),
  }));
}

function memoryCollectors(loader: MemoryLoader): Collector[] {
  const whenOpen = async (read: (memory: LoadedMemory) => Promise<Sample[]>): Promise<Sample[]> => loader.current === undefined ? [] : await read(loader.current);
  return [
    {
      name: 'somnus_memory_records', help: 'Memories on disk, of all users, by layer and type.', type: 'gauge', labels: ['layer', 'type'],
      read: async () => await whenOpen(async ({ service }) => (await service.figures()).totals.map(({ layer, type, count }) => ({ labels: { layer, type }, value: count }))),
    },
    {
      name: 'somnus_memory_unlocked_spaces', help: 'Memory spaces that are unlocked.', type: 'gauge', labels: [],
      read: async () => await whenOpen(async ({ service }) => [{ labels: {}, value: (await service.figures()).unlocked }]),
    },
    {
      name: 'somnus_memory_waiting_for_vectors', help: 'Chunks in unlocked spaces that have no vector yet, so that only keywords find them.', type: 'gauge', labels: [],
      read: async () => await whenOpen(async ({ service }) => [{ labels: {}, value: (await service.figures()).waitingForVectors }]),
    },
    {
      name: 'somnus_memory_vectors', help: 'Whether memory searches by meaning (1) or by keywords only (0).', type: 'gauge', labels: [],
      read: async () => await whenOpen(async ({ degraded }) => [{ labels: {}, value: degraded === undefined ? 1 : 0 }]),
    },
  ];
}
