// /v1/environments/{ref}/agent: the health of a VM as its agent sees it, its incidents, and soft reboots.
import { z } from 'zod';
import { AgentUpgrade, ApplyFix, EnvironmentHealth, FixAttempt, FixSettings, IncidentList, SoftReboot, SoftRebootRequest, UpgradeAgent } from '../../agent/agent-schemas.ts';
import { PageQuery } from '../../store/page.ts';
import { PastIncidentPage } from '../answers.ts';
import { Ref, RefParams, route, type Route } from '../route.ts';

const see = { scope: 'read', limitedKeys: true } as const;
const change = { scope: 'write', limitedKeys: true } as const;
const IncidentParams = RefParams.extend({ incident: Ref });
const Nothing = z.strictObject({});

export const agentRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/environments/{ref}/agent/health', id: 'getEnvironmentHealth', summary: 'Show what is wrong in an environment, why, and what to do',
    description: 'Asks the agent in the VM. If it does not answer within four seconds, the state is `unreachable`, and `unreachableSince` says since when.',
    access: see, params: RefParams, answers: { 200: { description: 'The health of the environment.', schema: EnvironmentHealth } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.agents.health(caller, params.ref) }),
  }),
  route({
    method: 'get', path: '/v1/environments/{ref}/agent/incidents', id: 'listIncidents', summary: 'List incidents: errors in the logs of an environment, with causes and fixes',
    description: 'Asks the agent in the VM. If it does not answer, returns the incidents that it last reported, with `current` false.',
    access: see, params: RefParams, answers: { 200: { description: 'The incidents, most recent first.', schema: IncidentList } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.agents.incidents(caller, params.ref) }),
  }),
  route({
    method: 'get', path: '/v1/environments/{ref}/agent/incidents/history', id: 'listIncidentHistory', summary: 'List the incidents that the agent of an environment has reported, newest first',
    description: 'The history is stored on the host, so it includes incidents that the agent has forgotten or that a restored VM no longer has, and is available while the VM is off. The newest 500 per environment are kept, for as long as events.',
    access: see, params: RefParams, query: PageQuery, answers: { 200: { description: 'A page.', schema: PastIncidentPage } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.agents.incidentHistory(caller, params.ref, query) }),
  }),
  route({
    method: 'post', path: '/v1/environments/{ref}/agent/incidents/{incident}/fix', id: 'applyFix', summary: 'Apply a fix for an incident',
    description: 'Where possible, the agent first confirms the cause, and verifies the outcome afterwards. The commands of fixes are fixed; text from a log is used only as validated arguments.',
    access: change, params: IncidentParams, body: ApplyFix, example: { fixId: 'disk/apt-cache' },
    answers: { 200: { description: 'What was done, and whether it helped.', schema: FixAttempt } },
    handle: async ({ caller, params, body, signal }, { services }) => ({ status: 200, body: await services.agents.applyFix(caller, params.ref, params.incident, body, signal) }),
  }),
  route({
    method: 'post', path: '/v1/environments/{ref}/agent/incidents/{incident}/not-an-error', id: 'learnBenign', summary: 'Mark an incident as not an error',
    description: 'The agent forgets the incidents with its message, and no longer opens one for it in this environment.',
    access: change, params: IncidentParams, body: Nothing, answers: { 204: { description: 'Learned.' } },
    handle: async ({ caller, params }, { services }) => {
      await services.agents.learn(caller, params.ref, params.incident);
      return { status: 204 };
    },
  }),
  route({
    method: 'put', path: '/v1/environments/{ref}/agent/fixes', id: 'setFixes', summary: 'Set which fixes the agent of an environment may apply',
    access: change, params: RefParams, body: FixSettings, example: { mode: 'act' }, answers: { 204: { description: 'Set.' } },
    handle: async ({ caller, params, body }, { services }) => {
      await services.agents.setFixes(caller, params.ref, body);
      return { status: 204 };
    },
  }),
  route({
    method: 'post', path: '/v1/environments/{ref}/agent/upgrade', id: 'upgradeAgent', summary: 'Upgrade the agent of an environment to this version of Somnus, without a reboot',
    description: 'If the new agent is not ready within 30 seconds, the VM rolls back to the previous one.',
    access: change, params: RefParams, body: UpgradeAgent, example: { engine: 'embedding' }, answers: { 200: { description: 'The agent that it has now.', schema: AgentUpgrade } },
    handle: async ({ caller, params, body, signal }, { services }) => ({ status: 200, body: await services.agents.upgrade(caller, params.ref, body, signal) }),
  }),
  route({
    method: 'post', path: '/v1/environments/{ref}/agent/soft-reboot', id: 'softReboot', summary: 'Restart the watched processes of an environment, without a reboot',
    description: 'Asks the processes to stop, kills them after the deadline, and answers when they are running again.',
    access: change, params: RefParams, body: SoftRebootRequest, example: { deadlineSeconds: 10 },
    answers: { 200: { description: 'What stopped, what is running again, and how long it took.', schema: SoftReboot } },
    handle: async ({ caller, params, body, signal }, { services }) => ({ status: 200, body: await services.agents.softReboot(caller, params.ref, body, signal) }),
  }),
];
