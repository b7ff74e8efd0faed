// /v1/users: users with their keys, and removing a user. A user is created with their first key.
import { z } from 'zod';
import { RemovedUser } from '../../users/user.ts';
import { UserPage } from '../answers.ts';
import { Flag, Ref, route, type Route } from '../route.ts';

const admin = { scope: 'admin', limitedKeys: false } as const;

export const userRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/users', id: 'listUsers', summary: 'List users', description: 'A user is created with their first key.',
    access: admin, answers: { 200: { description: 'All users, by name.', schema: UserPage } },
    handle: async (_request, { services }) => ({ status: 200, body: { items: await services.users.list(), nextCursor: null } satisfies UserPage }),
  }),
  route({
    method: 'delete', path: '/v1/users/{user}', id: 'removeUser', summary: 'Remove a user and revoke their keys',
    description: 'Fails if the user owns environments, unless `removeEnvironments` is true; these can be restored until they are purged. Their encrypted memory is kept unless `shredMemory` is true, which destroys it permanently. '
      + 'Creating a key for the same name restores the user.',
    access: admin, params: z.strictObject({ user: Ref }), query: z.strictObject({ removeEnvironments: Flag, shredMemory: Flag }), answers: { 200: { description: 'Removed.', schema: RemovedUser } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.users.remove(caller, params.user, query) }),
  }),
];
