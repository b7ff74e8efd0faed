// /v1/keys: API keys. Not accessible with a key limited to one environment.
import { z } from 'zod';
import { ApiKey, CreateApiKey, CreatedApiKey } from '../../keys/api-key.ts';
import { PageQuery } from '../../store/page.ts';
import { ApiKeyPage } from '../answers.ts';
import { Ref, route, type Route } from '../route.ts';

export const keyRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/keys', id: 'listKeys', summary: 'List your API keys; admins see all keys',
    access: { scope: 'read', limitedKeys: false }, query: PageQuery, answers: { 200: { description: 'A page of keys without their secrets.', schema: ApiKeyPage } },
    handle: async ({ caller, query }, { services }) => ({ status: 200, body: await services.keys.list(caller, query) }),
  }),
  route({
    method: 'post', path: '/v1/keys', id: 'createKey', summary: 'Create an API key',
    description: 'This is the only response that contains the secret; repeating the request with the same Idempotency-Key and API key returns it again for a day. A key cannot grant more than it has.',
    access: { scope: 'write', limitedKeys: false }, body: CreateApiKey, example: { name: 'agent', scopes: ['read', 'write'], environment: 'demo', expiresInDays: 30 }, idempotent: 'replayed', answers: { 201: { description: 'The new key.', schema: CreatedApiKey } },
    handle: async ({ caller, body }, { services }) => {
      const key = await services.keys.create(caller, body);
      return { status: 201, headers: { location: `/v1/keys/${key.id}` }, body: key };
    },
  }),
  route({
    method: 'delete', path: '/v1/keys/{id}', id: 'revokeKey', summary: 'Revoke an API key permanently',
    description: '`id` is the id of a key, or the name of the only valid key that has it.',
    access: { scope: 'write', limitedKeys: false }, params: z.strictObject({ id: Ref }), answers: { 200: { description: 'The revoked key.', schema: ApiKey } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.keys.revoke(caller, params.id) }),
  }),
];
