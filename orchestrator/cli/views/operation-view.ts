// Formats operations for a terminal.
import type { Operation, OperationStatus, OperationStep } from '../../client/schema.d.ts';
import { operationWarnings } from '../operation-outcome.ts';
import { formatDuration, formatWhen } from '../terminal/humanize.ts';
import type { Color, Output } from '../terminal/output.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatFacts, formatTable, type Column } from '../terminal/text-table.ts';

export const operationColumns: readonly Column[] = [{ title: 'ID' }, { title: 'KIND' }, { title: 'TARGET' }, { title: 'STATUS' }, { title: 'STEP' }, { title: 'TOOK', align: 'right' }, { title: 'CREATED' }];

export function operationRow(out: Output, operation: Operation): string[] {
  return [
    operation.id, sanitize(operation.kind), sanitize(operation.target?.name ?? '-'), paintStatus(out, operation.status),
    sanitize(operation.steps.find(({ status }) => status === 'running')?.name ?? '-'), took(operation.startedAt, operation.endedAt), formatWhen(operation.createdAt),
  ];
}

export function operationText(out: Output, operation: Operation): string {
  const facts: [string, string | null][] = [
    ['id', operation.id],
    ['kind', sanitize(operation.kind)],
    ['target', operation.target === null ? null : sanitize(`${operation.target.name} (${operation.target.id})`)],
    ['status', paintStatus(out, operation.status)],
    ['progress', operation.progress === null ? null : sanitize([operation.progress.message, operation.progress.percent === null ? '' : `${Math.round(operation.progress.percent)} %`].filter((word) => word !== '').join('  '))],
    ['attempt', operation.attempt > 1 ? String(operation.attempt) : null],
    ['created', `${operation.createdAt} (${formatWhen(operation.createdAt)})`],
    ['took', operation.startedAt === null ? null : took(operation.startedAt, operation.endedAt)],
    ['error', operation.error === null ? null : sanitize(`${operation.error.detail} (${operation.error.code})`)],
    ...operationWarnings(operation).map((warning): [string, string] => ['warning', sanitize(warning)]),
    ['hint', operation.error === null ? null : sanitize(operation.error.hint)],
  ];
  const steps = formatTable(
    [{ title: 'STEP' }, { title: 'STATUS' }, { title: 'TOOK', align: 'right' }],
    operation.steps.map((step) => [sanitize(step.name), step.status, took(step.startedAt, step.endedAt)]),
  );
  return `${formatFacts(facts.filter((fact): fact is [string, string] => fact[1] !== null && fact[1] !== ''))}${operation.steps.length === 0 ? '' : `\n\n${steps}`}`;
}

const statusColors: Readonly<Record<OperationStatus, Color>> = { queued: 'gray', running: 'cyan', cancelling: 'yellow', undoing: 'yellow', succeeded: 'green', failed: 'red', cancelled: 'gray' };

function paintStatus(out: Output, status: OperationStatus): string {
  return out.paint(statusColors[status] ?? 'gray', sanitize(status));
}

function took(startedAt: OperationStep['startedAt'], endedAt: OperationStep['endedAt']): string {
  if (startedAt === null) return '-';
  return formatDuration(Math.max(0, (endedAt === null ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt)));
}
