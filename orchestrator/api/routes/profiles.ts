// /v1/profiles: the named hardware shapes.
import { z } from 'zod';
import { Profile } from '../../../supervisor/profiles/profile.ts';
import { ProfilePage } from '../answers.ts';
import { Ref, route, type Route } from '../route.ts';

export const profileRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/profiles', id: 'listProfiles', summary: 'List profiles',
    access: { scope: 'read', limitedKeys: false }, answers: { 200: { description: 'All of them.', schema: ProfilePage } },
    handle: async (_request, { services }) => ({ status: 200, body: { items: await services.profiles.list(), nextCursor: null } satisfies ProfilePage }),
  }),
  route({
    method: 'get', path: '/v1/profiles/{name}', id: 'getProfile', summary: 'Show a profile',
    access: { scope: 'read', limitedKeys: false }, params: z.strictObject({ name: Ref }), answers: { 200: { description: 'The profile.', schema: Profile } },
    handle: async ({ params }, { services }) => ({ status: 200, body: await services.profiles.get(params.name) }),
  }),
];
