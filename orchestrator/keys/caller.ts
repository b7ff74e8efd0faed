// Who is calling, as the key says: passed to every service, which decides what the caller sees.
import { SomnusError } from '../../common/errors.ts';
import type { KeyScope } from './api-key.ts';

export interface Caller {
  keyId: string;
  /** Id of the user (usr_…): the owner of what they make. */
  user: string;
  scopes: readonly KeyScope[];
  /** When set, this environment is all the caller reaches. */
  environmentId: string | null;
  /** Whether a key of one environment may destroy it, or its snapshots, for good; others may. */
  mayPurge: boolean;
}

/** @throws forbidden for a key that may not destroy anything for good */
export function assertMayPurge(caller: Caller): void {
  if (caller.mayPurge) return;
  throw new SomnusError('forbidden', 'This key is limited to one environment and may not purge: what it removes can be brought back', {
    hint: 'Leave --purge out, or use a key that was made with `somnus key create --environment NAME --may-purge`.', details: { environmentId: caller.environmentId },
  });
}

export function isAdmin(caller: Caller): boolean {
  return caller.scopes.includes('admin');
}
