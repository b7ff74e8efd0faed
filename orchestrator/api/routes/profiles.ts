// /v1/profiles: profiles; and /v1/environments/{ref}/profile, which applies one to an environment.
import { z } from 'zod';
import { Profile } from '../../../supervisor/profiles/profile.ts';
import { Autoscaling, SetAutoscaling } from '../../autoscaling/autoscaling.ts';
import { ApplyProfile } from '../../profiles/profile-change.ts';
import { answerProfile } from '../accepted.ts';
import { ProfileAnswer, ProfilePage } from '../answers.ts';
import { vmParts } from '../../startup/parts.ts';
import { Ref, RefParams, route, Wait, type Route } from '../route.ts';

export const profileRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/profiles', id: 'listProfiles', summary: 'List profiles',
    access: { scope: 'read', limitedKeys: false }, answers: { 200: { description: 'All profiles.', schema: ProfilePage } },
    handle: async (_request, { services }) => ({ status: 200, body: { items: await services.profiles.list(), nextCursor: null } satisfies ProfilePage }),
  }),
  route({
    method: 'get', path: '/v1/profiles/{name}', id: 'getProfile', summary: 'Show a profile',
    access: { scope: 'read', limitedKeys: false }, params: z.strictObject({ name: Ref }), answers: { 200: { description: 'The profile.', schema: Profile } },
    handle: async ({ params }, { services }) => ({ status: 200, body: await services.profiles.get(params.name) }),
  }),
  route({
    method: 'post', path: '/v1/environments/{ref}/profile', id: 'applyProfile', summary: 'Change the profile of an environment',
    description: 'Changes take effect at once where the running VM allows it, and otherwise at its next start; `plan` says which, and why. If a field is `unsupported` or a step fails, '
      + 'the environment keeps its resources. Reducing memory takes some seconds per GiB and is refused if the guest needs the memory.',
    access: { scope: 'write', limitedKeys: true }, params: RefParams, query: z.strictObject({ wait: Wait }), body: ApplyProfile, example: { profile: 'research', dryRun: true }, idempotent: true, needs: vmParts,
    answers: { 200: { description: 'Done, or the plan of a dry run.', schema: ProfileAnswer }, 202: { description: 'Accepted; Location is the operation.', schema: ProfileAnswer } },
    handle: async (request, context) => await answerProfile(await context.services.profileChanges.apply(request.caller, request.params.ref, request.body, request.idempotencyKey), request, context),
  }),
  route({
    method: 'get', path: '/v1/environments/{ref}/autoscaling', id: 'getAutoscaling', summary: 'Show the autoscaling limits of an environment',
    access: { scope: 'read', limitedKeys: true }, params: RefParams, answers: { 200: { description: 'The limits.', schema: Autoscaling } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.autoscaling.get(caller, params.ref) }),
  }),
  route({
    method: 'put', path: '/v1/environments/{ref}/autoscaling', id: 'setAutoscaling', summary: 'Change the profile of an environment automatically',
    description: 'After a minute without enough memory or vCPUs, the environment gets the next larger profile; after half an hour of idleness, the next smaller one that is large enough. '
      + 'The events `environment.autoscaled` and `environment.autoscale-blocked` give the reason.',
    access: { scope: 'write', limitedKeys: false }, params: RefParams, body: SetAutoscaling, example: { smallest: 'idle', largest: 'research' }, answers: { 200: { description: 'The limits.', schema: Autoscaling } },
    handle: async ({ caller, params, body }, { services }) => ({ status: 200, body: await services.autoscaling.set(caller, params.ref, body) }),
  }),
  route({
    method: 'delete', path: '/v1/environments/{ref}/autoscaling', id: 'removeAutoscaling', summary: 'Turn off autoscaling of an environment',
    access: { scope: 'write', limitedKeys: true }, params: RefParams, answers: { 200: { description: 'No limits.', schema: Autoscaling } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.autoscaling.remove(caller, params.ref) }),
  }),
];
