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
import { cachedQueryVectors } from './memory/cached-query-vectors.ts';
import { IdleConsolidation } from './memory/idle-consolidation.ts';
import { MemoryLoader, type MemoryState } from './memory/memory-loader.ts';
import { openMemory } from './memory/open-memory.ts';
import type { SqliteSnapshotNotices } from './memory/sqlite-snapshot-notices.ts';
import { userSealer } from './memory/user-sealer.ts';
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
  const loader: MemoryLoader = new MemoryLoader({
    open: async () => await openMemory({
      dataDir: paths.memoryDir, keysDir: paths.memoryKeysDir, formerKeysDir: paths.formerMemoryKeysDir, embeddingDir: config.models.embeddingDir ?? paths.embeddingDir, configFile: config.memory.configFile, log,
      queryVectors: ({ userId, private: isPrivate }) => isPrivate ? undefined : cachedQueryVectors(cache, userId),
      plane: { cache, events, idempotency, idle, notices },
    }),
    restore: async (input) => await restore({ dataDir: paths.memoryDir, keysDir: paths.memoryKeysDir, configFile: config.memory.configFile ?? join(paths.memoryDir, 'memory.yaml') }, input, log),
    keyFiles: config.memory.keyFiles, log,
  });
  const cache = new SystemCache({
    store: SqliteCacheStore.open(paths.dataDir, log), budgetBytes: config.cache.budgetMiB * 2 ** 20, log,
    sealer: {
      seal: (...args) => loader.current && userSealer(loader.current.service.spaces).seal(...args),
      unseal: (...args) => loader.current && userSealer(loader.current.service.spaces).unseal(...args),
    },
  });
  const idle: IdleConsolidation = new IdleConsolidation({ service: () => loader.current?.service, log });
  return {
    memory: loader, cache,
    collectors: [...cacheCollectors(cache), ...memoryCollectors(loader)],
    state: () => loader.state,
    failure: () => loader.failure,
    begin: () => {
      loader.begin();
      idle.start();
    },
    async [Symbol.asyncDispose]() {
      await idle.stop();
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
  const whenOpen = async (read: (memory: NonNullable<MemoryLoader['current']>) => Sample[]): Promise<Sample[]> => loader.current === undefined ? [] : read(loader.current);
  return [
    {
      name: 'somnus_memory_records', help: 'Memories on disk, of all users, by layer and type.', type: 'gauge', labels: ['layer', 'type'],
      read: async () => await whenOpen(({ service }) => service.totals().map(({ layer, type, count }) => ({ labels: { layer, type }, value: count }))),
    },
    {
      name: 'somnus_memory_unlocked_spaces', help: 'Memory spaces that are unlocked.', type: 'gauge', labels: [],
      read: async () => await whenOpen(({ service }) => [{ labels: {}, value: service.spaces.unlocked().length }]),
    },
    {
      name: 'somnus_memory_waiting_for_vectors', help: 'Chunks in unlocked spaces that have no vector yet, so that only keywords find them.', type: 'gauge', labels: [],
      read: async () => await whenOpen(({ service }) => [{ labels: {}, value: service.spaces.unlocked().reduce((sum, space) => sum + space.vectors.waiting, 0) }]),
    },
    {
      name: 'somnus_memory_vectors', help: 'Whether memory searches by meaning (1) or by keywords only (0).', type: 'gauge', labels: [],
      read: async () => await whenOpen(({ degraded }) => [{ labels: {}, value: degraded === undefined ? 1 : 0 }]),
    },
  ];
}
