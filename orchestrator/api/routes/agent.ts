// /v1/environments/{ref}/agent: the health of a VM as its agent sees it, its incidents, and soft reboots.
import { EnvironmentHealth, IncidentList, SoftReboot, SoftRebootRequest } from '../../agent/agent-schemas.ts';
import { RefParams, route, type Route } from '../route.ts';

const see = { scope: 'read', limitedKeys: true } as const;

export const agentRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/environments/{ref}/agent/health', id: 'getEnvironmentHealth', summary: 'Get what is wrong in an environment, why, and what to do',
    description: 'Asks the agent in the VM. If it does not answer within four seconds, the state is `unreachable`, with the time since when.',
    access: see, params: RefParams, answers: { 200: { description: 'The health of the environment.', schema: EnvironmentHealth } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.agents.health(caller, params.ref) }),
  }),
  route({
    method: 'get', path: '/v1/environments/{ref}/agent/incidents', id: 'listIncidents', summary: 'List incidents: errors in the logs of an environment, with causes and fixes',
    description: 'Asks the agent in the VM. If it does not answer, the incidents are those that it last reported, and `current` is false.',
    access: see, params: RefParams, answers: { 200: { description: 'The incidents, the one with the newest line first.', schema: IncidentList } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.agents.incidents(caller, params.ref) }),
  }),
  route({
    method: 'post', path: '/v1/environments/{ref}/agent/soft-reboot', id: 'softReboot', summary: 'Restart the watched processes of an environment, without a reboot',
    description: 'Asks them to end, kills them after the deadline, and answers when they are back.',
    access: { scope: 'write', limitedKeys: true }, params: RefParams, body: SoftRebootRequest, example: { deadlineSeconds: 10 },
    answers: { 200: { description: 'What ended, what came back, and how long it took.', schema: SoftReboot } },
    handle: async ({ caller, params, body, signal }, { services }) => ({ status: 200, body: await services.agents.softReboot(caller, params.ref, body, signal) }),
  }),
];
