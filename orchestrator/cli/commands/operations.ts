// somnus op ls, show, wait, cancel
import type { Operation, OperationPage, OperationStatus } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { followOperations } from '../follow-operations.ts';
import { describeOperation, hasEnded, operationFailure } from '../operation-outcome.ts';
import { page } from '../paging.ts';
import { formatDuration } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { operationColumns, operationRow, operationText } from '../views/operation-view.ts';

interface ListOptions { status: OperationStatus | undefined; kind: string | undefined; target: string | undefined; all: boolean; limit: number | undefined; cursor: string | undefined }

export async function listOperations(cli: Cli, _args: unknown, options: ListOptions): Promise<void> {
  const { status, kind, target } = options;
  const operations: OperationPage = await page(cli, '/v1/operations', { query: { status, kind, target } }, options);
  cli.out.list(operations, { columns: operationColumns, row: (operation) => operationRow(cli.out, operation), name: ({ id }) => id, none: 'No operations.' });
}

export async function showOperation(cli: Cli, args: { id: string }): Promise<void> {
  const api = await cli.api();
  const operation = await api.call('get', '/v1/operations/{id}', { path: { id: args.id } });
  cli.out.result(operation, () => operationText(cli.out, operation));
}

/** Returns an exit code by how the operations ended; the first failure decides. */
export async function waitForOperations(cli: Cli, args: { ids: string[] }, options: { timeout: number | undefined }): Promise<number> {
  const api = await cli.api();
  const operations = await Promise.all([...new Set(args.ids)].map(async (id) => await api.call('get', '/v1/operations/{id}', { path: { id } })));
  const ended = await followOperations(cli, operations, { timeoutMs: options.timeout });
  for (const operation of ended) report(cli, operation, ended.length > 1);
  const failure = ended.map(operationFailure).find((error) => error !== undefined);
  return failure === undefined ? exitCodes.ok : exitCodeOf[failure.code];
}

export async function cancelOperation(cli: Cli, args: { id: string }, options: { wait: boolean }): Promise<void> {
  const api = await cli.api();
  const asked = await api.call('post', '/v1/operations/{id}/cancel', { path: { id: args.id } });
  const [operation = asked] = options.wait && !hasEnded(asked) ? await followOperations(cli, [asked]) : [asked];
  cli.out.result(operation, () => (cli.out.quiet ? operation.id : sentence(operation)));
}

function report({ out }: Cli, operation: Operation, many: boolean): void {
  const failure = operationFailure(operation);
  const human = (): string => (out.quiet ? operation.id : sentence(operation));
  if (failure === undefined || out.json) {
    if (many) out.item(operation, human);
    else out.result(operation, human);
  }
  if (failure !== undefined) out.failure(failure, describeOperation(operation));
}

function sentence(operation: Operation): string {
  const took = operation.startedAt === null || operation.endedAt === null ? '' : ` after ${formatDuration(Date.parse(operation.endedAt) - Date.parse(operation.startedAt))}`;
  return `${sanitize(describeOperation(operation))}: ${operation.status}${took}`;
}
