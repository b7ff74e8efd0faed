// …/session: the DevSession of an environment.
import { DevSession, SessionPage, SessionQuery, SessionSettings } from '../../sessions/dev-session.ts';
import { RefParams, route, type Route } from '../route.ts';

const path = '/v1/environments/{ref}/session';
const see = { scope: 'read', limitedKeys: true } as const;

export const sessionRoutes: readonly Route[] = [
  route({
    method: 'get', path, id: 'getSession', summary: "Show an environment's session",
    description: 'The session opens with the environment and never ends by itself: starts, restores, reboots and restarts of Somnus continue it. It consists of what is recorded anyway.',
    access: see, params: RefParams, answers: { 200: { description: 'The session.', schema: DevSession } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.sessions.show(caller, params.ref) }),
  }),
  route({
    method: 'put', path, id: 'setSession', summary: "Change the settings of an environment's session",
    description: 'With `rememberActions`, each action that ends is remembered as a tool result, while memory is unlocked for the key that ran it; secrets are redacted. Off by default.',
    access: { scope: 'write', limitedKeys: true }, params: RefParams, body: SessionSettings, example: { rememberActions: true }, answers: { 200: { description: 'The session.', schema: DevSession } },
    handle: async ({ caller, params, body }, { services }) => ({ status: 200, body: await services.sessions.set(caller, params.ref, body) }),
  }),
  route({
    method: 'get', path: `${path}/log`, id: 'listSessionEntries', summary: "List the entries of an environment's session, oldest first",
    access: see, params: RefParams, query: SessionQuery, answers: { 200: { description: 'A page.', schema: SessionPage } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.sessions.log(caller, params.ref, query) }),
  }),
];
