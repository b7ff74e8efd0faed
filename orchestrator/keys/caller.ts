// The caller, as identified by the key. Passed to every service, which decides what the caller sees.
import { SomnusError } from '../../common/errors.ts';
import type { KeyScope } from './api-key.ts';

export interface Caller {
  keyId: string;
  /** Id of the user (usr_…), who owns what they create. */
  user: string;
  scopes: readonly KeyScope[];
  /** When set, the caller can access only this environment. */
  environmentId: string | null;
  /** The name of that environment, for messages. */
  environmentName?: string;
  /** Set for requests from inside the VM of that environment, which have no API key: `keyId` is then the environment's id. */
  inside?: true;
  /** Whether a key limited to one environment may permanently destroy the environment, its snapshots or its present state; other keys always may. */
  mayPurge: boolean;
}

/** @throws forbidden for a key that may not permanently destroy anything */
export function assertMayPurge(caller: Caller): void {
  assertMayDestroy(caller, 'may not purge', 'Omit --purge');
}

/** A restore without a safety snapshot permanently loses the present state. @throws forbidden for a key that may not do that */
export function assertMayLosePresent(caller: Caller): void {
  assertMayDestroy(caller, 'may not restore without a safety snapshot, which would permanently lose the present state', 'Omit --no-safety (`"safety": true`)');
}

function assertMayDestroy(caller: Caller, refused: string, otherwise: string): void {
  if (caller.mayPurge) return;
  throw beyondLimit(caller, refused, `${otherwise}, or use a key created with \`somnus key create NAME --environment ${caller.environmentName ?? 'NAME'} --may-purge\`.`);
}

/** The refusal of what a key limited to one environment may not do. */
export function beyondLimit({ environmentId, environmentName }: Caller, refused?: string, hint?: string): SomnusError {
  return new SomnusError('forbidden', `This key is limited to ${environmentName ?? 'one environment'}${refused === undefined ? '' : ` and ${refused}`}`, { hint: hint ?? 'Use a key that is not limited to one environment.', details: { environmentId } });
}

export function isAdmin(caller: Caller): boolean {
  return caller.scopes.includes('admin');
}
