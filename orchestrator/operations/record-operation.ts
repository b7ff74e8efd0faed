// Every change of an operation's row goes to the disk together with the event that tells of it.
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { OperationRow, SqliteOperationStore } from './sqlite-operation-store.ts';

export interface OperationRecords {
  store: SqliteStore;
  operations: SqliteOperationStore;
  events: SqliteEventLog;
}

/** The event's subject is what the operation works on; `subject=ID` finds it by the operation's id too. */
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

/** Notes that somebody wants it to end; the row is changed only when that is on the disk. */
export function recordCancel(records: OperationRecords, row: OperationRow, actor: string | null): void {
  const asked: OperationRow = { ...row, status: 'cancelling', cancelAsked: true };
  recordOperation(records, asked, 'operation.cancelling', {}, actor);
  Object.assign(row, asked);
}
