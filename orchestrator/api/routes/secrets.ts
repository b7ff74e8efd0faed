// /v1/secrets: keys of services that VMs use through the gateway.
import { z } from 'zod';
import { Name } from '../../../common/ids.ts';
import { Secret, SetSecret } from '../../gateway/secret.ts';
import { SecretPage } from '../answers.ts';
import { Ref, route, type Route } from '../route.ts';

const own = { scope: 'write', limitedKeys: false } as const;
const SecretParams = z.strictObject({ secret: Ref });
const GrantParams = z.strictObject({ secret: Ref, environment: Ref });
const path = '/v1/secrets';
const shown = { 200: { description: 'The secret, without its key.', schema: Secret } };

export const secretRoutes: readonly Route[] = [
  route({
    method: 'put', path: `${path}/{secret}`, id: 'setSecret', summary: 'Create or replace a secret',
    description: 'The key is encrypted on the host, and no answer contains it. Programs in environments to which the secret is granted reach the service at `/gateway/NAME/…` of the VM API; the host adds the key. Grants are kept; the usage starts at zero, and open requests end.',
    access: own, params: z.strictObject({ secret: Name }), body: SetSecret, example: { value: 'sk-ant-0000', provider: 'anthropic' }, answers: shown,
    handle: async ({ caller, params, body }, { services }) => ({ status: 200, body: await services.secrets.set(caller, params.secret, body) }),
  }),
  route({
    method: 'get', path, id: 'listSecrets', summary: 'List your secrets, without their keys',
    access: { scope: 'read', limitedKeys: false }, answers: { 200: { description: 'All secrets, by name.', schema: SecretPage } },
    handle: async ({ caller }, { services }) => ({ status: 200, body: { items: await services.secrets.list(caller), nextCursor: null } satisfies SecretPage }),
  }),
  route({
    method: 'delete', path: `${path}/{secret}`, id: 'removeSecret', summary: 'Permanently remove a secret', description: 'Also ends its open requests.',
    access: own, params: SecretParams, answers: { 204: { description: 'Removed.' } },
    handle: async ({ caller, params }, { services }) => {
      await services.secrets.remove(caller, params.secret);
      return { status: 204 };
    },
  }),
  route({
    method: 'put', path: `${path}/{secret}/grants/{environment}`, id: 'grantSecret', summary: 'Allow an environment to use a secret', description: 'Forks of the environment may not use it until it is granted to them.',
    access: own, params: GrantParams, answers: shown,
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.secrets.grant(caller, params.secret, params.environment) }),
  }),
  route({
    method: 'delete', path: `${path}/{secret}/grants/{environment}`, id: 'revokeSecret', summary: 'No longer allow an environment to use a secret', description: 'Also ends the open requests of the environment.',
    access: own, params: GrantParams, answers: shown,
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.secrets.revoke(caller, params.secret, params.environment) }),
  }),
];
