// /v1/operations: operations and their results.
import { z } from 'zod';
import { Operation, OperationQuery } from '../../operations/operation.ts';
import { OperationPage } from '../answers.ts';
import { Ref, route, Wait, type Route } from '../route.ts';

const IdParams = z.strictObject({ id: Ref });
const one = { 200: { description: 'The operation.', schema: Operation } };

export const operationRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/operations', id: 'listOperations', summary: 'List operations, newest first',
    access: { scope: 'read', limitedKeys: true }, query: OperationQuery, answers: { 200: { description: 'A page.', schema: OperationPage } },
    handle: async ({ caller, query }, { services }) => ({ status: 200, body: await services.operations.list(caller, query) }),
  }),
  route({
    method: 'get', path: '/v1/operations/{id}', id: 'getOperation', summary: 'Show an operation, or wait for it to end',
    access: { scope: 'read', limitedKeys: true }, params: IdParams, query: z.strictObject({ wait: Wait }), answers: one,
    handle: async ({ caller, params, query, ending }, { services }) => ({
      status: 200,
      body: query.wait ? await services.operations.wait(caller, params.id, query.wait * 1000, ending) : await services.operations.get(caller, params.id),
    }),
  }),
  route({
    method: 'post', path: '/v1/operations/{id}/cancel', id: 'cancelOperation', summary: 'Cancel an operation and undo its steps',
    access: { scope: 'write', limitedKeys: true }, params: IdParams, idempotent: 'replayed', answers: { 202: { description: 'Cancellation requested; see the status.', schema: Operation } },
    handle: async ({ caller, params }, { services }) => ({ status: 202, body: await services.operations.cancel(caller, params.id) }),
  }),
];
