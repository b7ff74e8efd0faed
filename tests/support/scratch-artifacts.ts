// The real artifacts in a folder of their own, for environments that a test provides.
import { join } from 'node:path';
import { SomnusError } from '../../common/errors.ts';
import { ArtifactRunner, type ArtifactRunnerDeps } from '../../orchestrator/artifacts/artifact-runner.ts';
import { SqliteArtifactRuns } from '../../orchestrator/artifacts/sqlite-artifact-runs.ts';
import { ArtifactManager, type ArtifactManagerDeps } from '../../orchestrator/artifacts/artifact-manager.ts';
import { BlobStore } from '../../orchestrator/store/blob-store.ts';
import { SqliteArtifacts } from '../../orchestrator/artifacts/sqlite-artifacts.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import { SqliteEnvironments } from '../../orchestrator/environments/sqlite-environments.ts';
import { SqliteEventLog } from '../../orchestrator/events/sqlite-event-log.ts';
import { schema } from '../../orchestrator/store/schema.ts';
import { SqliteStore } from '../../orchestrator/store/sqlite-store.ts';
import { log, scratchFolder } from './operations.ts';

export interface ScratchArtifacts extends Disposable { manager: ArtifactManager; records: SqliteArtifacts; blobs: BlobStore; events: SqliteEventLog; store: SqliteStore; folder: string;
  runs: SqliteArtifactRuns;
  /** Runs artifacts in these containers and environments. */
  runner(deps: Pick<ArtifactRunnerDeps, 'environments'> & Partial<Pick<ArtifactRunnerDeps, 'containers'>>): ArtifactRunner;
}

const noContainers: ArtifactRunnerDeps['containers'] = {
  problem: async () => 'Docker does not answer',
  run: async () => { throw new SomnusError('unavailable', 'Docker does not answer'); },
};

/** `existing` are the environments that artifacts can belong to. */
export function scratchArtifacts(environments: ArtifactManagerDeps['environments'], existing: readonly Environment[], more: Partial<ArtifactManagerDeps> = {}): ScratchArtifacts {
  const folder = scratchFolder();
  const store = SqliteStore.open({ path: join(folder.path, 'somnus.db'), migrations: schema, log });
  const rows = new SqliteEnvironments(store);
  for (const [at, environment] of existing.entries()) rows.insert({ ...environment, networkIndex: at + 1 });
  const records = new SqliteArtifacts(store);
  const blobs = new BlobStore(join(folder.path, 'artifacts'));
  const events = new SqliteEventLog({ store, log });
  const manager = new ArtifactManager({ artifacts: records, blobs, environments, events, quotaBytes: 64 * 1_048_576, removedDays: 7, now: () => new Date(), ...more });
  const runs = new SqliteArtifactRuns(store, records);
  return { manager, runs, runner: (deps) => new ArtifactRunner({ artifacts: manager, runs, blobs, events, log, containers: noContainers, ...deps }), records, blobs, events, store, folder: folder.path, [Symbol.dispose]: () => {
    store.close();
    folder[Symbol.dispose]();
  } };
}
