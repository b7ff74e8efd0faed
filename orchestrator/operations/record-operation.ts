// Writes every change of an operation's row together with its event.
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { OperationRow, SqliteOperationStore } from './sqlite-operation-store.ts';

export interface OperationRecords {
  store: SqliteStore;
  operations: SqliteOperationStore;
  events: SqliteEventLog;
}

/** The event's subject is the operation's target; `subject=ID` also finds it by the operation's id. */
export function recordOperation(records: OperationRecords, row: OperationRow, type: string, data: Record<string, unknown> = {}, actor: string | null = row.actor): void {
  records.store.transaction(() => {
    records.operations.save(row);
    if (row.endedAt !== null) records.events.dropProgress(row.id);
    records.events.append({
      type,
      owner: row.owner,
      subject: row.target ?? { type: 'operation', id: row.id },
      actor,
      data: { operationId: row.id, kind: row.kind, status: row.status, ...data },
    });
  });
}

/** Records a request to cancel; the row in memory changes only when that is on disk. */
export function recordCancel(records: OperationRecords, row: OperationRow, actor: string | null): void {
  const asked: OperationRow = { ...row, status: 'cancelling', cancelAsked: true };
  recordOperation(records, asked, 'operation.cancelling', {}, actor);
  Object.assign(row, asked);
}
