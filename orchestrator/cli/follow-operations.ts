// Waits for operations and shows their steps. Ctrl-C ends the wait, not the operations.
import { setTimeout as delay } from 'node:timers/promises';
import { stretched } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Operation } from '../client/schema.d.ts';
import type { ApiClient } from './api/api-client.ts';
import type { Cli } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { describeOperation, hasEnded, operationWarnings } from './operation-outcome.ts';
import { sanitize } from './terminal/sanitize.ts';
import { stepDisplay, type StepDisplay } from './terminal/step-display.ts';

/** How long the API holds each request; also how often progress is updated. */
const waitSeconds = 1;
/** A restart of the control plane resumes operations, so some time without answers is not a failure. */
const patienceMs = 60_000;
const retryMs = 500;

/**
 * Settles when all operations have ended, with their last state; the caller checks whether they succeeded.
 * @throws SomnusError `timeout` after `timeoutMs`, `unavailable` when the control plane stays unreachable; the operations continue.
 */
export async function followOperations(cli: Cli, operations: readonly Operation[], options: { timeoutMs?: number | undefined } = {}): Promise<Operation[]> {
  const api = await cli.api();
  using display = stepDisplay(cli.out.json || cli.out.quiet ? 'silent' : 'steps', operations.length > 1);
  const running = new Map(operations.filter((operation) => !hasEnded(operation)).map((operation) => [operation.id, operation]));
  const onInterrupt = (): void => {
    display[Symbol.dispose]();
    for (const operation of running.values()) cli.out.warn(runningNote(operation));
    process.exit(exitCodes.interrupted);
  };
  process.once('SIGINT', onInterrupt);
  const deadline = options.timeoutMs === undefined ? undefined : Date.now() + options.timeoutMs;
  try {
    return await Promise.all(operations.map(async (operation) => {
      const last = await follow(api, operation, display, deadline);
      running.delete(operation.id);
      for (const warning of operationWarnings(last)) cli.out.warn(sanitize(`${describeOperation(last)} succeeded, but did not finish ${warning}`));
      return last;
    }));
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

async function follow(api: ApiClient, first: Operation, display: StepDisplay, deadline: number | undefined): Promise<Operation> {
  let operation = first;
  let answeredAt = Date.now();
  display.show(operation);
  while (!hasEnded(operation)) {
    if (deadline !== undefined && Date.now() >= deadline) throw new SomnusError('timeout', `${describeOperation(operation)} is still ${operation.status}`, { hint: `It keeps running; wait for it with \`somnus op wait ${operation.id}\`.` });
    const askedAt = Date.now();
    const asked = await ask(api, operation.id);
    if (asked instanceof SomnusError) {
      if (Date.now() - answeredAt > stretched(patienceMs)) throw asked;
      if (answeredAt === askedAt || askedAt - answeredAt < retryMs * 2) display.say(`  The control plane does not answer; waiting for it.`);
      await delay(retryMs);
      continue;
    }
    answeredAt = Date.now();
    operation = asked;
    display.show(operation);
    // Do not poll in a tight loop when the API answers at once despite being asked to wait.
    if (!hasEnded(operation) && answeredAt - askedAt < retryMs) await delay(retryMs - (answeredAt - askedAt));
  }
  return operation;
}

/** Returns the operation after a change or `waitSeconds`, or an error that may pass. */
async function ask(api: ApiClient, id: string): Promise<Operation | SomnusError> {
  try {
    return await api.call('get', '/v1/operations/{id}', { path: { id }, query: { wait: waitSeconds }, timeoutMs: 15_000 });
  } catch (error) {
    if (error instanceof SomnusError && (error.code === 'unavailable' || error.code === 'timeout' || error.code === 'starting')) return error;
    throw error;
  }
}

function runningNote(operation: Operation): string {
  return [
    `${sanitize(describeOperation(operation))} keeps running.`,
    `  follow it:  somnus op wait ${operation.id}`,
    ...(operation.cancellable ? [`  cancel it:  somnus op cancel ${operation.id}`] : []),
  ].join('\n');
}
