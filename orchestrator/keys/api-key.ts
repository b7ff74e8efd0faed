// API keys: their fields and the meaning of their scopes.
import { z } from 'zod';
import { idSchema, Name } from '../../common/ids.ts';

/** `read` can see, `write` can change one's own environments, `admin` also manages keys, images, the pool and the host, and sees all users' objects. */
export const KeyScope = z.enum(['read', 'write', 'admin']);
export type KeyScope = z.infer<typeof KeyScope>;

export const ApiKey = z.strictObject({
  id: idSchema('key'),
  name: z.string(),
  user: z.string(),
  scopes: z.array(KeyScope),
  /** When set, the key can access only this environment. */
  environmentId: idSchema('env').nullable(),
  /** Whether it may permanently destroy environments and snapshots. False only for keys limited to one environment without that right. */
  mayPurge: z.boolean(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;

export const CreateApiKey = z.strictObject({
  name: Name,
  user: Name.optional().meta({ description: 'User of the key; defaults to the caller. Only admins can create keys for other users. The user is created if necessary.' }),
  scopes: z.array(KeyScope).min(1).default(['read', 'write']),
  environment: z.string().optional().meta({ description: 'Name or id of the environment to limit the key to.' }),
  mayPurge: z.boolean().default(false).meta({ description: 'Whether a key that is limited to one environment may permanently destroy data: purge the environment or its snapshots, or restore without a safety snapshot. Other keys always may.' }),
  expiresInDays: z.number().positive().max(3650).optional(),
});
export type CreateApiKey = z.infer<typeof CreateApiKey>;

/** The only answer that contains the secret. */
export const CreatedApiKey = ApiKey.extend({ secret: z.string() });
export type CreatedApiKey = z.infer<typeof CreatedApiKey>;
