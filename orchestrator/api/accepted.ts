// Answers changes that may take time: 200 when done, 202 with the operation's location while it is in progress.
import { toSomnusError } from '../../common/errors.ts';
import type { Accepted } from '../environments/environment-service.ts';
import { finalStatuses, type Operation } from '../operations/operation.ts';
import type { PackChangeAnswer } from '../packs/pack-schemas.ts';
import type { ProfileAccepted } from '../profiles/profile-change.ts';
import type { ForkAccepted, SnapshotAccepted } from '../snapshots/snapshot-service.ts';
import type { AcceptedAnswer, ForkAnswer, OperationAnswer, ProfileAnswer, SnapshotAnswer } from './answers.ts';
import type { Answer, RouteContext, RouteRequest } from './route.ts';

type Waiting = Pick<RouteRequest<unknown, { wait?: number | undefined }, unknown>, 'caller' | 'query' | 'ending'>;

export async function answerAccepted(accepted: Accepted, request: Waiting, context: RouteContext): Promise<Answer> {
  if (accepted.operation === null) return { status: 200, body: accepted satisfies AcceptedAnswer };
  const operation = await waitIfAsked(accepted.operation, request, context);
  const environment = request.query.wait ? await unlessGone(async () => await context.services.environments.get(request.caller, accepted.environment.id)) : accepted.environment;
  return { ...statusOf(operation), body: { environment, operation } satisfies AcceptedAnswer };
}

export async function answerProfile({ plan, ...accepted }: ProfileAccepted, request: Waiting, context: RouteContext): Promise<Answer> {
  const answer = await answerAccepted(accepted, request, context);
  return { ...answer, body: { ...answer.body as AcceptedAnswer, plan } satisfies ProfileAnswer };
}

export async function answerOperation(started: Operation, request: Waiting, context: RouteContext): Promise<Answer> {
  const operation = await waitIfAsked(started, request, context);
  return { ...statusOf(operation), body: { operation } satisfies OperationAnswer };
}

/** A change of the packs of an environment. */
export async function answerPackChange(change: PackChangeAnswer, request: Waiting, context: RouteContext): Promise<Answer> {
  if (change.operation === null) return { status: 200, body: change satisfies PackChangeAnswer };
  const operation = await waitIfAsked(change.operation, request, context);
  return { ...statusOf(operation), body: { ...change, operation } satisfies PackChangeAnswer };
}

/** A change of a snapshot; `ref` is its environment. */
export async function answerSnapshot(accepted: SnapshotAccepted, ref: string, request: Waiting, context: RouteContext): Promise<Answer> {
  if (accepted.operation === null) return { status: 200, body: accepted satisfies SnapshotAnswer };
  const operation = await waitIfAsked(accepted.operation, request, context);
  const id = accepted.snapshot?.id;
  const snapshot = request.query.wait && id !== undefined ? await unlessGone(async () => await context.services.snapshots.get(request.caller, ref, id)) : accepted.snapshot;
  return { ...statusOf(operation), body: { snapshot, operation } satisfies SnapshotAnswer };
}

export async function answerFork(accepted: ForkAccepted, request: Waiting, context: RouteContext): Promise<Answer> {
  const operation = await waitIfAsked(accepted.operation, request, context);
  const now = await Promise.all(accepted.environments.map(async ({ id }) => await unlessGone(async () => await context.services.environments.get(request.caller, id))));
  return { ...statusOf(operation), body: { environments: now.filter((environment) => environment !== null), operation } satisfies ForkAnswer };
}

function statusOf(operation: Operation): Pick<Answer, 'status' | 'headers'> {
  return { status: finalStatuses.includes(operation.status) ? 200 : 202, headers: { location: `/v1/operations/${operation.id}` } };
}

async function waitIfAsked(operation: Operation, { caller, query, ending }: Waiting, { services }: RouteContext): Promise<Operation> {
  if (!query.wait || finalStatuses.includes(operation.status)) return operation;
  return await services.operations.wait(caller, operation.id, query.wait * 1000, ending);
}

async function unlessGone<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (thrown) {
    const error = toSomnusError(thrown);
    if (error.code === 'not_found') return null;
    throw error;
  }
}
