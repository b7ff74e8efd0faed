// Who may see and change what in memory. Storage, duplicates, facts, standing memories, ranking, context, consolidation and lineage all take one scope;
// nothing reads or writes memories without it. Other files decide what is stored and found within it.
import { SomnusError } from '../../common/errors.ts';
import type { Caller } from '../keys/caller.ts';
import type { Memory } from './memory.ts';

/** A part of a space. A field that is set admits only memories that carry the same value. */
export interface Scope {
  readonly user: string;
  readonly space: string;
  /** The environment that memories must belong to. Set for every call of a key that is limited to one environment. */
  readonly environmentId: string | undefined;
  readonly agentId: string | undefined;
  readonly sessionId: string | undefined;
  /** Whether the scope is all that its caller may ever see; it is then not told what else the space holds, not even how much. */
  readonly limited: boolean;
}

/** The parts of a scope that a request can narrow. */
export interface Narrowing { environmentId?: string | undefined; agentId?: string | undefined; sessionId?: string | undefined }

/** The scope of a call. A limited key cannot leave its environment, whichever one it names. @throws SomnusError `unauthenticated`, `not_found` */
export function scopeOf(caller: Caller, space: string, mainSpace: string, { environmentId, agentId, sessionId }: Narrowing = {}): Scope {
  if (caller.user === '') throw new SomnusError('unauthenticated', 'Memory belongs to a user');
  const limited = caller.environmentId !== null;
  if (limited && space !== mainSpace) throw new SomnusError('not_found', `There is no memory space ${space}`);
  return { user: caller.user, space, environmentId: caller.environmentId ?? environmentId, agentId, sessionId, limited };
}

/** A whole space, for background work and for what the owner asks for without naming an environment. */
export function wholeSpace(user: string, space: string): Scope {
  return { user, space, environmentId: undefined, agentId: undefined, sessionId: undefined, limited: false };
}

export function sees(scope: Scope, memory: Pick<Memory, 'environmentId' | 'agentId' | 'sessionId'>): boolean {
  return (scope.environmentId === undefined || memory.environmentId === scope.environmentId)
    && (scope.agentId === undefined || memory.agentId === scope.agentId)
    && (scope.sessionId === undefined || memory.sessionId === scope.sessionId);
}

/**
 * Whether a standing memory (fact, instruction) or a relation counts in a scope. What an environment says stays in it: a guest that is not trusted must
 * not instruct agents elsewhere. The owner's own standing memories count in each of their environments, but are not shown to keys limited to one.
 */
export function stands(scope: Scope, memory: Pick<Memory, 'environmentId' | 'agentId'>): boolean {
  if (memory.agentId !== undefined && scope.agentId !== undefined && memory.agentId !== scope.agentId) return false;
  return memory.environmentId === scope.environmentId || (memory.environmentId === undefined && !scope.limited);
}

/** Whether two memories belong together: only then may one be a duplicate of the other, replace it or be merged with it. */
export function sameHome(a: Pick<Memory, 'environmentId'>, b: Pick<Memory, 'environmentId'>): boolean {
  return a.environmentId === b.environmentId;
}

/** Identifies a conversation: the same name in two environments, or in one and outside, stands for two conversations. */
export function conversationKey(conversationId: string, environmentId: string | undefined): string {
  return environmentId === undefined ? conversationId : `${environmentId}\u0000${conversationId}`;
}

export function conversationOf(key: string): { conversationId: string; environmentId: string | undefined } {
  const at = key.indexOf('\u0000');
  return at === -1 ? { conversationId: key, environmentId: undefined } : { environmentId: key.slice(0, at), conversationId: key.slice(at + 1) };
}
