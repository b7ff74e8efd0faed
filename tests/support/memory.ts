// Memory as the control plane composes it, on its own folder.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config } from '../../common/config.ts';
import { createLogger } from '../../common/log.ts';
import { dataPaths } from '../../common/paths.ts';
import { composeMemory, type MemoryParts } from '../../orchestrator/compose-memory.ts';
import { SqliteSnapshotNotices } from '../../orchestrator/memory/sqlite-snapshot-notices.ts';
import { SqliteEventLog } from '../../orchestrator/events/sqlite-event-log.ts';
import { SqliteIdempotency } from '../../orchestrator/operations/sqlite-idempotency.ts';
import { schema } from '../../orchestrator/store/schema.ts';
import { SqliteStore } from '../../orchestrator/store/sqlite-store.ts';

export interface ScratchMemory extends AsyncDisposable { dataDir: string; parts: MemoryParts; events: SqliteEventLog; store: SqliteStore; notices: SqliteSnapshotNotices; idempotency: SqliteIdempotency }

export function scratchMemory(): ScratchMemory {
  const folder = mkdtempSync(join(tmpdir(), 'somnus-memory-'));
  const dataDir = join(folder, 'data'); // the keys are beside it
  mkdirSync(dataDir);
  const log = createLogger({ level: 'silent' });
  const store = SqliteStore.open({ path: join(dataDir, 'somnus.db'), migrations: schema, log });
  const events = new SqliteEventLog({ store, log });
  const notices = new SqliteSnapshotNotices(store);
  const idempotency = new SqliteIdempotency({ store });
  const parts = composeMemory({ config: Config.parse({ dataDir }), paths: dataPaths(dataDir), events, idempotency, notices, log });
  return {
    dataDir, parts, events, store, notices, idempotency,
    async [Symbol.asyncDispose]() {
      await parts[Symbol.asyncDispose]();
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
