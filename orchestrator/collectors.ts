// Metrics of environments, operations and the pool, read when /metrics is requested.
import { poolLevels } from '../supervisor/storage/pool-level.ts';
import type { StoragePool } from '../supervisor/storage/pool.ts';
import type { AgentWatch } from './agent/agent-watch.ts';
import type { Collector } from './api/prom-client-metrics.ts';
import type { PoolWatch } from './environments/pool-watch.ts';
import type { SqliteEnvironments } from './environments/sqlite-environments.ts';
import type { SqliteOperationStore } from './operations/sqlite-operation-store.ts';

export interface CollectorDeps { pool: StoragePool; poolWatch: Pick<PoolWatch, 'state'>; records: SqliteEnvironments; operations: SqliteOperationStore; agents: Pick<AgentWatch, 'all'> }

export function collectorsOf({ pool, poolWatch, records, operations, agents }: CollectorDeps): Collector[] {
  return [
    gauge('somnus_pool_total_bytes', 'Size of the storage pool.', async () => (await pool.usage()).totalBytes),
    gauge('somnus_pool_free_bytes', 'Free space in the storage pool.', async () => (await pool.usage()).freeBytes),
    gauge('somnus_pool_kept_bytes', 'Space that must stay free: the reserve and the memory of running VMs.', async () => (await pool.usage()).reserveBytes + poolWatch.state().keptBytes),
    gauge('somnus_pool_level', '0 ok, 1 filling, 2 full.', () => poolLevels.indexOf(poolWatch.state().level)),
    gauge('somnus_environments_paused_for_space', 'Environments that are suspended until the pool has space.', () => poolWatch.state().paused.length),
    {
      name: 'somnus_environments', help: 'Environments by state.', labels: ['state'],
      read: async () => Object.entries(Object.groupBy(records.all(), ({ state }) => state)).map(([state, found]) => ({ labels: { state }, value: found.length })),
    },
    gauge('somnus_agents_unreachable', 'Agents of running environments that do not answer.', () => agents.all().filter(({ unreachableSinceMs }) => unreachableSinceMs !== undefined).length),
    {
      name: 'somnus_incidents_open', help: 'Open incidents in running environments, by category.', labels: ['category'],
      read: async () => Object.entries(Object.groupBy(agents.all().flatMap(({ incidents }) => incidents).filter(({ closedAtMs }) => closedAtMs === null), ({ category }) => category)).map(([category, found]) => ({ labels: { category }, value: found.length })),
    },
    gauge('somnus_operations_unfinished', 'Operations that have not finished.', () => operations.unfinished().length),
  ];
}

function gauge(name: string, help: string, value: () => number | Promise<number>): Collector {
  return { name, help, labels: [], read: async () => [{ labels: {}, value: await value() }] };
}
