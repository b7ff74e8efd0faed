// An environment in a control plane's database and pool, as if created long ago: for tests that do not need its VM.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger } from '../../common/log.ts';
import { SqliteEnvironments, type EnvironmentRecord } from '../../orchestrator/environments/sqlite-environments.ts';
import { schema } from '../../orchestrator/store/schema.ts';
import { SqliteStore } from '../../orchestrator/store/sqlite-store.ts';
import type { TestControlPlane } from './control-plane.ts';

/** Belongs to the admin; stopped, unless `change` says otherwise. Stops the control plane to add it, and leaves it stopped. */
export async function putEnvironment(somnus: TestControlPlane, change: Partial<EnvironmentRecord> & { name: string }): Promise<EnvironmentRecord> {
  const { items: [user] } = (await somnus.api('GET', '/v1/users')).body as { items: { id: string }[] };
  await somnus.end();
  using store = SqliteStore.open({ path: join(somnus.dataDir, 'somnus.db'), migrations: schema, log: createLogger({ level: 'silent' }) });
  const now = new Date().toISOString();
  const record: EnvironmentRecord = {
    id: `env_${'0'.repeat(26)}`, owner: user?.id ?? '', state: 'stopped', stateReason: null, desiredState: 'stopped', operationId: null, profile: 'idle', network: 'open', restartPolicy: 'never', image: '0'.repeat(16),
    ip: '10.0.0.1', mac: '52:54:00:00:00:01', vcpus: 1, memoryMiB: 512, diskGiB: 1, snapshotId: null, packEntry: null, bootId: null, lastWords: null, labels: {}, pausedBy: null, presentSnapshotId: null,
    createdAt: now, updatedAt: now, startedAt: null, removedAt: null, purgeAt: null, version: 1, networkIndex: 1, ...change,
  };
  new SqliteEnvironments(store).insert(record);
  await mkdir(join(somnus.dataDir, 'pool/environments', record.id));
  return record;
}
