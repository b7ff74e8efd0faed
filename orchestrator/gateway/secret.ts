// A secret: the key of a service outside, which VMs use through the gateway without ever having it. Defines requests, answers and the service for the API, which secret-manager.ts implements.
import { z } from 'zod';
import { Name } from '../../common/ids.ts';
import type { Caller } from '../keys/caller.ts';

export const SecretProvider = z.enum(['anthropic', 'openai', 'generic']);
export type SecretProvider = z.infer<typeof SecretProvider>;

const Method = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const PathPattern = z.string().max(300).regex(/^\/[A-Za-z0-9._~:@!$&'()+,;=/-]*\*?$/, 'must be a path such as /v1/messages, or one that ends with *, such as /v1/*');
/** A header name, optionally with what precedes the key in its value. */
const HeaderTemplate = z.string().max(200).regex(/^[A-Za-z0-9-]+(: ?[A-Za-z]+)?$/, 'must be a header name such as X-Api-Key, or a name and a scheme such as "Authorization: Bearer"');

const Limit = z.int().min(1).nullable();

export const SecretBudget = z.strictObject({
  requestsPerMinute: Limit,
  requests: Limit.meta({ description: 'Maximum number of requests since the secret was set; null for no limit.' }),
  bytes: Limit.meta({ description: 'Maximum number of bytes in both directions since the secret was set; null for no limit.' }),
});
export type SecretBudget = z.infer<typeof SecretBudget>;

export const SetSecret = z.strictObject({
  value: z.string().min(8, 'must have at least 8 characters').max(4096).regex(/^[\x21-\x7e]+$/, 'must consist of visible ASCII characters without spaces').meta({ description: 'The key. No answer ever contains it.' }),
  provider: SecretProvider,
  baseUrl: z.url({ protocol: /^https?$/ }).max(500).optional().meta({ description: "Where the service is. Required for `generic`; otherwise defaults to the provider's. Only admins can set it." }),
  header: HeaderTemplate.optional().meta({ description: 'The header that contains the key, such as X-Api-Key or `Authorization: Bearer`. Required for `generic`.' }),
  methods: z.array(Method).min(1).default(['GET', 'POST']),
  paths: z.array(PathPattern).min(1).max(50).default(['/v1/*']).meta({ description: 'The paths below `baseUrl` that VMs may use.' }),
  budget: z.strictObject({ requestsPerMinute: Limit.default(60), requests: Limit.default(null), bytes: Limit.default(null) }).prefault({}),
  allowPrivate: z.boolean().default(false).meta({ description: 'Whether `baseUrl` may be http, and lead to this host or a private network. Only admins can set it.' }),
});
export type SetSecret = z.infer<typeof SetSecret>;

export const Secret = z.strictObject({
  name: Name,
  owner: z.string().meta({ description: 'Id of the user.' }),
  provider: SecretProvider,
  baseUrl: z.string(),
  header: z.string(),
  methods: z.array(Method),
  paths: z.array(z.string()),
  budget: SecretBudget,
  allowPrivate: z.boolean(),
  usage: z.strictObject({ requests: z.int(), bytes: z.int() }),
  environments: z.array(z.strictObject({ id: z.string(), name: z.string() })).meta({ description: 'The environments that may use it.' }),
  setAt: z.iso.datetime(),
});
export type Secret = z.infer<typeof Secret>;

export interface SecretService {
  /** Creates or replaces it; grants stay, usage starts at zero, open requests end. @throws forbidden; invalid_request */
  set(caller: Caller, name: string, request: SetSecret): Promise<Secret>;
  /** The caller's own, by name. */
  list(caller: Caller): Promise<Secret[]>;
  /** Also ends its open requests. @throws not_found */
  remove(caller: Caller, name: string): Promise<void>;
  /** Repeatable. @throws not_found */
  grant(caller: Caller, name: string, environment: string): Promise<Secret>;
  /** Also ends the environment's open requests. Repeatable. @throws not_found */
  revoke(caller: Caller, name: string, environment: string): Promise<Secret>;
}
