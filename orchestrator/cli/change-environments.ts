// Sends the same change to one or more environments, follows the resulting operations, and reports the new state of each.
import { randomUUID } from 'node:crypto';
import { toSomnusError, type SomnusError } from '../../common/errors.ts';
import type { AcceptedAnswer, Environment, Operation } from '../client/schema.d.ts';
import type { ApiClient } from './api/api-client.ts';
import type { Cli } from './command.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { followOperations } from './follow-operations.ts';
import { operationFailure } from './operation-outcome.ts';
import { environmentSentence } from './views/environment-view.ts';
import { operationRow } from './views/operation-view.ts';

export interface Change {
  /** Requests it for one environment, with these headers. */
  send(api: ApiClient, name: string, headers: Readonly<Record<string, string>>): Promise<AcceptedAnswer>;
  /** Printed for an environment that no longer exists afterwards. */
  gone?: string;
}

interface Outcome { name: string; answer?: AcceptedAnswer; failure?: SomnusError }

/** Tries all names, even when some fail. Returns the exit code of the first failure. */
export async function changeEnvironments(cli: Cli, names: readonly string[], change: Change, options: { wait: boolean }): Promise<number> {
  const api = await cli.api();
  const outcomes = await Promise.all([...new Set(names)].map(async (name): Promise<Outcome> => await attempt(name, async () => await change.send(api, name, { 'idempotency-key': randomUUID() }))));
  const many = outcomes.length > 1;
  const settled = options.wait ? await settle(cli, api, outcomes) : outcomes;
  for (const outcome of settled) report(cli, outcome, many, options.wait, change.gone);
  const failed = settled.find(({ failure }) => failure !== undefined)?.failure;
  return failed === undefined ? exitCodes.ok : exitCodeOf[failed.code];
}

/** Waits for the operations, then reads each environment again. */
async function settle(cli: Cli, api: ApiClient, outcomes: readonly Outcome[]): Promise<Outcome[]> {
  const operations = outcomes.flatMap(({ answer }) => answer?.operation ?? []);
  const ended = new Map((await followOperations(cli, operations)).map((operation) => [operation.id, operation]));
  return await Promise.all(outcomes.map(async ({ name, answer, failure }): Promise<Outcome> => {
    if (answer?.operation == null) return { name, ...(answer && { answer }), ...(failure && { failure }) };
    const operation = ended.get(answer.operation.id) ?? answer.operation;
    return await attempt(name, async () => {
      const failed = operationFailure(operation);
      if (failed !== undefined) throw failed;
      return { environment: await current(api, operation, answer.environment), operation };
    });
  }));
}

/** Null when it no longer exists. */
async function current(api: ApiClient, operation: Operation, before: Environment | null): Promise<Environment | null> {
  try {
    return await api.call('get', '/v1/environments/{ref}', { path: { ref: operation.target?.id ?? before?.id ?? '' } });
  } catch (error) {
    if (toSomnusError(error).code === 'not_found') return null;
    throw error;
  }
}

async function attempt(name: string, work: () => Promise<AcceptedAnswer>): Promise<Outcome> {
  try {
    return { name, answer: await work() };
  } catch (error) {
    return { name, failure: toSomnusError(error) };
  }
}

function report({ out }: Cli, { name, answer, failure }: Outcome, many: boolean, waited: boolean, gone: string | undefined): void {
  if (failure !== undefined) {
    out.failure(failure, many ? name : undefined);
    return;
  }
  const { environment, operation } = answer ?? {};
  const print = (value: unknown, human: string): void => {
    if (many) out.item(value, () => human);
    else out.result(value, () => human);
  };
  if (!waited && operation != null) print(operation, out.quiet ? operation.id : operationRow(out, operation).slice(0, 4).join('   '));
  else if (environment != null) print(environment, out.quiet ? environment.name : environmentSentence(environment));
  else print(operation ?? null, out.quiet ? name : `${name} is ${gone ?? 'gone'}`);
}
