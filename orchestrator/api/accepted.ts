// How a change that may take time is answered: 200 when it is done, 202 with the operation's place when it is at work.
import { toSomnusError } from '../../common/errors.ts';
import type { Accepted } from '../environments/environment-service.ts';
import { finalStatuses, type Operation } from '../operations/operation.ts';
import type { AcceptedAnswer, OperationAnswer } from './answers.ts';
import type { Answer, RouteContext, RouteRequest } from './route.ts';

type Waiting = Pick<RouteRequest<unknown, { wait?: number | undefined }, unknown>, 'caller' | 'query' | 'ending'>;

export async function answerAccepted(accepted: Accepted, request: Waiting, context: RouteContext): Promise<Answer> {
  if (accepted.operation === null) return { status: 200, body: accepted satisfies AcceptedAnswer };
  const operation = await waitIfAsked(accepted.operation, request, context);
  const environment = request.query.wait ? await findEnvironment(accepted.environment.id, request, context) : accepted.environment;
  return { ...statusOf(operation), body: { environment, operation } satisfies AcceptedAnswer };
}

export async function answerOperation(started: Operation, request: Waiting, context: RouteContext): Promise<Answer> {
  const operation = await waitIfAsked(started, request, context);
  return { ...statusOf(operation), body: { operation } satisfies OperationAnswer };
}

function statusOf(operation: Operation): Pick<Answer, 'status' | 'headers'> {
  return { status: finalStatuses.includes(operation.status) ? 200 : 202, headers: { location: `/v1/operations/${operation.id}` } };
}

async function waitIfAsked(operation: Operation, { caller, query, ending }: Waiting, { services }: RouteContext): Promise<Operation> {
  if (!query.wait || finalStatuses.includes(operation.status)) return operation;
  return await services.operations.wait(caller, operation.id, query.wait * 1000, ending);
}

async function findEnvironment(id: string, { caller }: Waiting, { services }: RouteContext): Promise<AcceptedAnswer['environment']> {
  try {
    return await services.environments.get(caller, id);
  } catch (thrown) {
    const error = toSomnusError(thrown);
    if (error.code === 'not_found') return null;
    throw error;
  }
}
