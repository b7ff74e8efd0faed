// What an operation's status means for a caller that waits for it. Pure.
import { SomnusError } from '../../common/errors.ts';
import type { Operation, OperationStatus } from '../client/schema.d.ts';
import type { OperationWarning } from '../operations/operation.ts';
import { problemError } from './api/api-client.ts';

const ended: Readonly<Record<OperationStatus, boolean>> = {
  queued: false, running: false, cancelling: false, undoing: false, succeeded: true, failed: true, cancelled: true,
};

export function hasEnded(operation: Operation): boolean {
  return ended[operation.status];
}

/** Why an ended operation failed; undefined when it succeeded. */
export function operationFailure(operation: Operation): SomnusError | undefined {
  if (operation.status === 'succeeded') return undefined;
  const { error } = operation;
  const hint = `See \`somnus op show ${operation.id}\`.`;
  if (error === null) return new SomnusError(operation.status === 'cancelled' ? 'cancelled' : 'internal', `${describeOperation(operation)} was ${operation.status}`, { hint });
  return problemError({ ...error, hint: error.hint || hint });
}

/** What a successful operation did not finish, one line each. */
export function operationWarnings({ result }: Operation): string[] {
  const warnings = (result as { warnings?: OperationWarning[] } | null)?.warnings ?? [];
  return warnings.map(({ step, message }) => `${step}: ${message}`);
}

/** For example `environment.create demo`. */
export function describeOperation(operation: Operation): string {
  return operation.target === null ? operation.kind : `${operation.kind} ${operation.target.name}`;
}
