// Ids and names: how they are generated and validated.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford base32, lower case: no i, l, o, u

export type IdKind = 'env' | 'op' | 'snap' | 'key' | 'usr' | 'evt' | 'req' | 'mem' | 'conv' | 'trn' | 'quar' | 'exp' | 'act' | 'job' | 'cap' | 'run' | 'fix' | 'sec' | 'art' | 'arun' | 'col' | 'sub' | 'lease' | 'file';

/** Returns a new id such as `env_01k8…`: 48 bits of time (so ids sort by creation) and 80 random bits. */
export function newId(kind: IdKind, nowMs: number = Date.now()): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  randomBytes(10).copy(bytes, 6);
  let value = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let i = 0; i < 26; i += 1) {
    text = ALPHABET[Number(value & 31n)] + text;
    value >>= 5n;
  }
  return `${kind}_${text}`;
}

/** Returns the schema for one kind of id. */
export function idSchema(kind: IdKind) {
  return z.string().regex(new RegExp(`^${kind}_[0-9a-hjkmnp-tv-z]{26}$`), `must be an id that starts with ${kind}_`);
}

/**
 * A user-chosen name that works unchanged as a host name label (RFC 1123), a file name and a URL segment.
 * Never starts with a dash, so it can never be taken for an option.
 */
export const Name = z.string()
  .min(1, 'must not be empty')
  .max(63, 'must have at most 63 characters')
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must consist of lower-case letters, digits and dashes, and start and end with a letter or digit');
export type Name = z.infer<typeof Name>;
