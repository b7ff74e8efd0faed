// …/ssh: what SSH clients need to log in to an environment.
import { SshAccess } from '../../environments/ssh-access.ts';
import { RefParams, route, type Route } from '../route.ts';

export const sshRoutes: readonly Route[] = [
  route({
    method: 'post', path: '/v1/environments/{ref}/ssh', id: 'getSshAccess', summary: 'Get the SSH key of an environment',
    description: 'For SSH clients that connect through `somnus ssh-proxy`. The key is the same until the environment is purged; a fork has another one. It is a POST so that the audit log records it.',
    access: { scope: 'write', limitedKeys: true }, params: RefParams, answers: { 200: { description: 'The key, and the host key to expect.', schema: SshAccess } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.ssh.of(caller, params.ref) }),
  }),
];
