// Who is calling, as the key says: passed to every service, which decides what the caller sees.
import type { KeyScope } from './api-key.ts';

export interface Caller {
  keyId: string;
  /** Id of the user (usr_…): the owner of what they make. */
  user: string;
  scopes: readonly KeyScope[];
  /** When set, this environment is all the caller reaches. */
  environmentId: string | null;
}

export function isAdmin(caller: Caller): boolean {
  return caller.scopes.includes('admin');
}
