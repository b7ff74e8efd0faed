// Identifies the caller and checks access to a route. The key service verifies keys; they are never logged.
import { SomnusError } from '../../common/errors.ts';
import { beyondLimit, isAdmin, type Caller } from '../keys/caller.ts';
import type { Access } from './route.ts';
import type { KeyService } from './services.ts';

/** A caller without access to anything. */
export const anonymous: Caller = { keyId: '', user: '', scopes: [], environmentId: null, mayPurge: false };

/** The API key of an Authorization header. */
export function secretIn(authorization: string | undefined): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,500})$/i.exec(authorization ?? '')?.[1];
}

/** @throws unauthenticated, key_expired */
export async function authenticate(authorization: string | undefined, keys: Pick<KeyService, 'verify'>): Promise<Caller> {
  const secret = secretIn(authorization);
  if (secret === undefined) throw new SomnusError('unauthenticated', 'The request has no API key', { hint: 'Send Authorization: Bearer KEY; the CLI reads SOMNUS_KEY.' });
  return await keys.verify(secret);
}

/** @throws forbidden */
export function authorize(access: Access, caller: Caller): void {
  if (access === 'public') return;
  if (caller.environmentId !== null && !access.limitedKeys) {
    throw beyondLimit(caller);
  }
  if (!isAdmin(caller) && !caller.scopes.includes(access.scope)) {
    throw new SomnusError('forbidden', `This request needs a key with the scope ${access.scope}`, { details: { needed: access.scope, scopes: caller.scopes } });
  }
}
