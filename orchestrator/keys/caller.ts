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
  /** Whether a key of one environment may destroy it, its snapshots or its present, for good; others may. */
  mayPurge: boolean;
}

/** @throws forbidden for a key that may not destroy anything for good */
export function assertMayPurge(caller: Caller): void {
  assertMayDestroy(caller, 'may not purge: what it removes can be brought back', 'Leave --purge out');
}

/** A restore without a safety snapshot loses the present for good. @throws forbidden for a key that may not do that */
export function assertMayLosePresent(caller: Caller): void {
  assertMayDestroy(caller, 'may not restore without a safety snapshot: the present would be lost for good', 'Leave --no-safety out (`"safety": true`)');
}

function assertMayDestroy({ mayPurge, environmentId }: Caller, refused: string, otherwise: string): void {
  if (mayPurge) return;
  throw new SomnusError('forbidden', `This key is limited to one environment and ${refused}`, {
    hint: `${otherwise}, or use a key that was made with \`somnus key create --environment NAME --may-purge\`.`, details: { environmentId },
  });
}

export function isAdmin(caller: Caller): boolean {
  return caller.scopes.includes('admin');
}
