// Converts each caller to the scope that all other functions take: decides which spaces a key may use, applies restores and forks before memory
// is used, and reports what was done (never what was said) to the rest of the control plane.
import type { Embedder } from '../../common/embedding/embedder.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Caller } from '../keys/caller.ts';
import { Contexts } from './contexts.ts';
import type { MemoryConfig } from './memory-config.ts';
import type { MemoryPlane } from './memory-plane.ts';
import type { OpenSpace } from './open-space.ts';
import type { QueryVectors, RecallContext } from './recalling.ts';
import type { WriteContext } from './remembering.ts';
import type { Memory } from './memory.ts';
import { scopeOf, sees, wholeSpace, type Narrowing, type Scope } from './scope.ts';
import { afterSnapshot, type SnapshotEvent, type SnapshotOutcome } from './snapshot-policy.ts';
import { MAIN_SPACE, type Spaces } from './spaces.ts';
import type { MemoryStore, SpaceRow } from './store/memory-store.ts';

export interface MemoryAccessOptions {
  spaces: Spaces;
  store: MemoryStore;
  embedder: Embedder | undefined;
  config: () => MemoryConfig;
  /** Cache of a space's question vectors. */
  queryVectors: ((space: SpaceRow) => QueryVectors | undefined) | undefined;
  plane: MemoryPlane | undefined;
  log: Logger;
  now: () => number;
}

export class MemoryAccess {
  readonly contexts: Contexts;
  readonly #options: MemoryAccessOptions;
  /** Keys that unlocked a private space: other agents of the same user lack its secret. */
  readonly #holders = new Map<string, Set<string>>();

  constructor(options: MemoryAccessOptions) {
    this.#options = options;
    this.contexts = new Contexts(options.now);
  }

  /** The space and scope of a call. @throws SomnusError `unauthenticated`, `not_found`, `locked` */
  enter(caller: Caller, space: string, narrowing: Narrowing = {}): { space: OpenSpace; scope: Scope } {
    this.noteUse(caller);
    const scope = scopeOf(caller, space, MAIN_SPACE, narrowing);
    const open = this.#options.spaces.get(caller.user, space);
    if (!this.holds(caller, space)) throw new SomnusError('locked', `The memory space ${space} is locked for this key`, { hint: 'Unlock it with its secret for this key too; another key has unlocked it.', details: { space } });
    if (space === MAIN_SPACE) this.followSnapshots(caller);
    return { space: open, scope };
  }

  writing(caller: Caller, space: string, narrowing: Narrowing = {}): WriteContext {
    const { space: open, scope } = this.enter(caller, space, narrowing);
    return this.contextOf(open, scope);
  }

  recalling(caller: Caller, name: string, narrowing: Narrowing = {}): RecallContext {
    const { space, scope } = this.enter(caller, name, narrowing);
    const { embedder, log, now, queryVectors } = this.#options;
    const config = this.#options.config();
    return { space, scope, embedder: config.embeddings.enabled ? embedder : undefined, config, log, nowMs: now(), queryVectors: queryVectors?.(space.row) };
  }

  contextOf(space: OpenSpace, scope: Scope): WriteContext {
    return { space, scope, store: this.#options.store, config: this.#options.config(), nowMs: this.#options.now() };
  }

  /** The whole main space of a user, for background work. @throws SomnusError `locked`, `not_found` */
  wholeMain(user: string): WriteContext {
    return this.contextOf(this.#options.spaces.get(user), wholeSpace(user, MAIN_SPACE));
  }

  /** Applies pending restores and forks before memory is read or written, including those that happened while it was locked. */
  followSnapshots(caller: Caller): void {
    const { plane, spaces } = this.#options;
    const pending = plane?.notices.of(caller.user) ?? [];
    if (pending.length === 0 || !spaces.status(caller.user).some((space) => space.name === MAIN_SPACE && space.unlocked)) return;
    for (const event of pending) {
      const { hidden, shown, copied } = this.follow(caller.user, event);
      plane?.notices.remove(event.id);
      this.note({ ...caller, keyId: null }, 'followed_snapshot', MAIN_SPACE, { kind: event.kind, environmentId: event.kind === 'fork' ? event.forkId : event.environmentId, hidden, shown, copied });
    }
    this.noteChange(caller, MAIN_SPACE);
  }

  follow(user: string, event: SnapshotEvent): SnapshotOutcome {
    return afterSnapshot(this.wholeMain(user), event);
  }

  /** Whether a key may use a space that is unlocked. */
  holds(caller: Caller, space: string): boolean {
    return space === MAIN_SPACE || this.#holders.get(place(caller, space))?.has(caller.keyId) === true;
  }

  /** Records that a key has unlocked a space. */
  hold(caller: Caller, space: string): void {
    const at = place(caller, space);
    this.#holders.set(at, (this.#holders.get(at) ?? new Set()).add(caller.keyId));
  }

  /** Records that a space, or all spaces of a user, are locked or gone. */
  release(caller: { user: string }, space: string | undefined): void {
    for (const key of this.#holders.keys()) if (space === undefined ? key.startsWith(place(caller, '')) : key === place(caller, space)) this.#holders.delete(key);
  }

  /** @throws SomnusError `unauthenticated` */
  noteUse(caller: Caller): void {
    if (caller.user === '') throw new SomnusError('unauthenticated', 'Memory belongs to a user');
    this.#options.plane?.idle.noteUse();
  }

  noteChange(caller: Caller, space: string): void {
    this.contexts.drop(caller.user, space);
    if (space === MAIN_SPACE) this.#options.plane?.idle.noteChange(caller.user);
  }

  /** Writes an event. */
  note(caller: { user: string; keyId: string | null }, what: string, space: string, data: Record<string, unknown> = {}): void {
    this.#options.plane?.events.append({ type: `memory.${what}`, owner: caller.user, subject: { type: 'memory', id: caller.user, name: space }, actor: caller.keyId, data: { space, ...data } });
  }
}

/** @throws SomnusError `not_found`, both for a memory that does not exist and for one that the scope does not show */
export function visible(space: OpenSpace, scope: Scope, id: string): Memory {
  const record = space.recordOf(id);
  const memory = record === undefined ? undefined : space.book.get(record);
  if (memory === undefined || !sees(scope, memory)) throw new SomnusError('not_found', `There is no memory ${id}`, { details: { id } });
  return memory;
}

function place(caller: { user: string }, space: string): string {
  return `${caller.user} ${space}`;
}
