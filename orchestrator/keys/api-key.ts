// API keys: what they look like and what their scopes mean.
import { z } from 'zod';
import { idSchema, Name } from '../../common/ids.ts';

/** `read` sees, `write` changes one's own environments, `admin` also manages keys, images, the pool and the host, and sees all users'. */
export const keyScopes = ['read', 'write', 'admin'] as const;
export type KeyScope = (typeof keyScopes)[number];

export const ApiKey = z.strictObject({
  id: idSchema('key'),
  name: z.string(),
  user: z.string(),
  scopes: z.array(z.enum(keyScopes)),
  /** When set, the key reaches this environment and nothing else. */
  environmentId: idSchema('env').nullable(),
  /** Whether it may destroy environments and snapshots for good: false only for keys of one environment that were not given the right. */
  mayPurge: z.boolean(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;

export const CreateApiKey = z.strictObject({
  name: Name,
  user: Name.optional().meta({ description: 'The caller when left out; only admins make keys for others. Made when it does not exist.' }),
  scopes: z.array(z.enum(keyScopes)).min(1).default(['read', 'write']),
  environment: z.string().optional().meta({ description: 'Name or id of the only environment it may reach.' }),
  mayPurge: z.boolean().default(false).meta({ description: 'Lets a key of one environment destroy it, its snapshots, or its present by a restore without a safety snapshot, for good. Other keys may anyway.' }),
  expiresInDays: z.number().positive().max(3650).optional(),
});
export type CreateApiKey = z.infer<typeof CreateApiKey>;

/** The only answer that holds the secret. */
export const CreatedApiKey = ApiKey.extend({ secret: z.string() });
export type CreatedApiKey = z.infer<typeof CreatedApiKey>;
