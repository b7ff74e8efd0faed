// Wraps a space's data key with a secret that a person knows (scrypt) or with a random key (recovery key, key file).
import { hkdf, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { SomnusError } from '../../../common/errors.ts';
import { KEY_BYTES, seal, unseal } from './seal.ts';

const runScrypt = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);
const runHkdf = promisify(hkdf);

/** OWASP's second choice for scrypt (password storage cheat sheet, 2025): 64 MiB, 0.4 s when measured. */
const COST = { N: 65_536, r: 8, p: 2 } as const;
const MAX_MEMORY = 256 * 2 ** 20;
const MIN_SECRET_LENGTH = 12;

/** How a wrap's key is derived from the credential. The parameters are stored, so that they can be raised without locking users out. */
export const WrapMethod = z.discriminatedUnion('kdf', [
  z.strictObject({ kdf: z.literal('scrypt'), salt: z.base64(), N: z.int().min(32_768).max(1_048_576), r: z.int().min(8).max(16), p: z.int().min(1).max(4) }),
  z.strictObject({ kdf: z.literal('hkdf'), salt: z.base64() }),
]);
export type WrapMethod = z.infer<typeof WrapMethod>;

/** What unlocks a wrap: the user's secret, the recovery key that is shown once, or an unattended host's key file. */
export const WrapKind = z.enum(['secret', 'recovery', 'key-file']);
export type WrapKind = z.infer<typeof WrapKind>;

export interface Wrap { kind: WrapKind; method: WrapMethod; wrapped: Buffer }

/** Wraps a data key. @throws SomnusError `invalid_request` when a secret is too short. */
export async function wrapKey(kind: WrapKind, dataKey: Buffer, credential: string, spaceId: string): Promise<Wrap> {
  if (kind === 'secret' && credential.length < MIN_SECRET_LENGTH) {
    throw new SomnusError('invalid_request', `A memory secret needs at least ${MIN_SECRET_LENGTH} characters`, { details: { field: 'secret' } });
  }
  const salt = randomBytes(16).toString('base64');
  const method: WrapMethod = kind === 'secret' ? { kdf: 'scrypt', salt, ...COST } : { kdf: 'hkdf', salt };
  return { kind, method, wrapped: seal(await wrappingKey(method, credential), dataKey, wrapContext(spaceId, kind)) };
}

/** Unwraps the data key. @throws SomnusError `locked` when the credential is wrong. */
export async function unwrapKey(wrap: Wrap, credential: string, spaceId: string): Promise<Buffer> {
  const key = await wrappingKey(wrap.method, credential);
  try {
    return unseal(key, wrap.wrapped, wrapContext(spaceId, wrap.kind));
  } catch (cause) {
    throw new SomnusError('locked', 'The secret or key is wrong', { hint: 'Check the secret, or unlock the space with the recovery key.', cause });
  } finally {
    key.fill(0);
  }
}

/** Creates a random key for recovery and key files: groups of letters and digits that can be read aloud. */
export function randomCredential(): string {
  const text = BigInt(`0x${randomBytes(KEY_BYTES).toString('hex')}`).toString(36).padStart(50, '0');
  return (text.match(/.{1,5}/g) ?? []).join('-');
}

function wrapContext(spaceId: string, kind: WrapKind): string {
  return `wrap ${kind} of ${spaceId}`;
}

async function wrappingKey(method: WrapMethod, credential: string): Promise<Buffer> {
  const salt = Buffer.from(method.salt, 'base64');
  if (method.kdf === 'hkdf') return Buffer.from(await runHkdf('sha256', credential.trim().toLowerCase(), salt, 'somnus memory wrap', KEY_BYTES));
  const { N, r, p } = method;
  return await runScrypt(credential.normalize('NFKC'), salt, KEY_BYTES, { N, r, p, maxmem: MAX_MEMORY });
}
