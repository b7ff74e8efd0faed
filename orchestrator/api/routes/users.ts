// /v1/users: who has keys, and removing somebody. Users are made with their first key.
import { z } from 'zod';
import { RemovedUser } from '../../users/user.ts';
import { UserPage } from '../answers.ts';
import { Flag, Ref, route, type Route } from '../route.ts';

const admin = { scope: 'admin', limitedKeys: false } as const;

export const userRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/users', id: 'listUsers', summary: 'List users', description: 'A user is made with the first key for that name.',
    access: admin, answers: { 200: { description: 'All of them, by name.', schema: UserPage } },
    handle: async (_request, { services }) => ({ status: 200, body: { items: await services.users.list(), nextCursor: null } satisfies UserPage }),
  }),
  route({
    method: 'delete', path: '/v1/users/{user}', id: 'removeUser', summary: 'Remove a user: all their keys are revoked',
    description: 'Refused while the user owns environments, unless `removeEnvironments` is true: those can then be brought back until they are purged. Memory stays, sealed, unless `shredMemory` is true: then it is destroyed for good. '
      + 'A key made for the same name brings the user back.',
    access: admin, params: z.strictObject({ user: Ref }), query: z.strictObject({ removeEnvironments: Flag, shredMemory: Flag }), answers: { 200: { description: 'Removed.', schema: RemovedUser } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.users.remove(caller, params.user, query) }),
  }),
];
