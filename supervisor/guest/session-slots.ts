// Limits the number of SSH sessions, with a fair queue beyond the limit. The host's own control commands (signals, clean-up) have a reserve, so that
// they work even when programs use all other sessions.
import { throwIfAborted, untilAborted } from '../../common/deadline.ts';
import type { SomnusError } from '../../common/errors.ts';

export type SlotKind = 'program' | 'control';

interface Waiter { kind: SlotKind; grant: () => void; refuse: (error: SomnusError) => void }

export class SessionSlots {
  readonly #limits: Record<SlotKind, number>;
  #used = 0;
  readonly #waiting: Waiter[] = [];

  /** `programs` sessions for anyone, and `control` more for control commands only. */
  constructor(limits: { programs: number; control: number }) {
    this.#limits = { program: limits.programs, control: limits.programs + limits.control };
  }

  get used(): number {
    return this.#used;
  }

  /** Resolves to a function that releases the slot (repeatable). First come, first served within a kind. @throws cancelled */
  async acquire(kind: SlotKind, signal?: AbortSignal): Promise<() => void> {
    throwIfAborted(signal);
    if (this.#used < this.#limits[kind] && !this.#waiting.some((waiter) => waiter.kind === kind)) return this.#take();
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const waiter: Waiter = { kind, grant: () => resolve(this.#take()), refuse: reject };
    this.#waiting.push(waiter);
    try {
      return await untilAborted(promise, signal);
    } catch (error) {
      this.#remove(waiter);
      promise.then((release) => release(), () => {}); // granted at the same moment
      throw error;
    }
  }

  /** Refuses all waiting callers; slots in use must still be released. */
  refuseAll(error: SomnusError): void {
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(error);
  }

  #take(): () => void {
    this.#used += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#used -= 1;
      this.#grantNext();
    };
  }

  #grantNext(): void {
    const next = this.#waiting.find((waiter) => this.#used < this.#limits[waiter.kind]);
    if (next === undefined) return;
    this.#remove(next);
    next.grant();
  }

  #remove(waiter: Waiter): void {
    const index = this.#waiting.indexOf(waiter);
    if (index >= 0) this.#waiting.splice(index, 1);
  }
}
