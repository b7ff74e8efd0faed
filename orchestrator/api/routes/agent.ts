// /v1/environments/{ref}/agent: the health of a VM as its agent sees it, its incidents, and soft reboots.
import { z } from 'zod';
import { AgentUpgrade, ApplyFix, EnvironmentHealth, FixAttempt, FixSettings, IncidentList, SoftReboot, SoftRebootRequest, UpgradeAgent } from '../../agent/agent-schemas.ts';
import { Ref, RefParams, route, type Route } from '../route.ts';

const see = { scope: 'read', limitedKeys: true } as const;
const change = { scope: 'write', limitedKeys: true } as const;
const IncidentParams = RefParams.extend({ incident: Ref });
const Nothing = z.strictObject({});

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
    method: 'post', path: '/v1/environments/{ref}/agent/incidents/{incident}/fix', id: 'applyFix', summary: 'Apply a fix of an incident',
    description: 'The agent confirms the cause first, and verifies the outcome. Fixes have fixed commands; what a log says only fills validated arguments.',
    access: change, params: IncidentParams, body: ApplyFix, example: { fixId: 'disk/apt-cache' },
    answers: { 200: { description: 'What was done, and whether it helped.', schema: FixAttempt } },
    handle: async ({ caller, params, body, signal }, { services }) => ({ status: 200, body: await services.agents.applyFix(caller, params.ref, params.incident, body, signal) }),
  }),
  route({
    method: 'post', path: '/v1/environments/{ref}/agent/incidents/{incident}/not-an-error', id: 'learnBenign', summary: 'Teach an environment that an incident is no error',
    description: 'Its message opens no incident in this environment anymore, and its incidents disappear.',
    access: change, params: IncidentParams, body: Nothing, answers: { 204: { description: 'Learned.' } },
    handle: async ({ caller, params }, { services }) => {
      await services.agents.learn(caller, params.ref, params.incident);
      return { status: 204 };
    },
  }),
  route({
    method: 'put', path: '/v1/environments/{ref}/agent/fixes', id: 'setFixes', summary: 'Set how far the agent of an environment may go in fixing what it finds',
    access: change, params: RefParams, body: FixSettings, example: { mode: 'act' }, answers: { 204: { description: 'Set.' } },
    handle: async ({ caller, params, body }, { services }) => {
      await services.agents.setFixes(caller, params.ref, body);
      return { status: 204 };
    },
  }),
  route({
    method: 'post', path: '/v1/environments/{ref}/agent/upgrade', id: 'upgradeAgent', summary: 'Replace the agent of an environment by that of this version, without a reboot',
    description: 'The VM goes back to the previous agent by itself when the new one is not ready within 30 seconds.',
    access: change, params: RefParams, body: UpgradeAgent, example: { engine: 'embedding' }, answers: { 200: { description: 'Which agent it has now.', schema: AgentUpgrade } },
    handle: async ({ caller, params, body, signal }, { services }) => ({ status: 200, body: await services.agents.upgrade(caller, params.ref, body, signal) }),
  }),
  route({
    method: 'post', path: '/v1/environments/{ref}/agent/soft-reboot', id: 'softReboot', summary: 'Restart the watched processes of an environment, without a reboot',
    description: 'Asks them to end, kills them after the deadline, and answers when they are back.',
    access: change, params: RefParams, body: SoftRebootRequest, example: { deadlineSeconds: 10 },
    answers: { 200: { description: 'What ended, what came back, and how long it took.', schema: SoftReboot } },
    handle: async ({ caller, params, body, signal }, { services }) => ({ status: 200, body: await services.agents.softReboot(caller, params.ref, body, signal) }),
  }),
];
