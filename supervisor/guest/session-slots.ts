// Who may have an SSH session now: a limit, and a fair queue beyond it. The host's own control commands (signals, clean-up) have a reserve, so that
// a full house can still be emptied.
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

  /** Resolves to the function that gives the slot back (repeatable). First come, first served within a kind. @throws cancelled */
  async acquire(kind: SlotKind, signal?: AbortSignal): Promise<() => void> {
    throwIfAborted(signal);
    if (this.#used < this.#limits[kind] && !this.#waiting.some((waiter) => waiter.kind === kind)) return this.#take();
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const waiter: Waiter = { kind, grant: () => resolve(this.#take()), refuse: reject };
    this.#waiting.push(waiter);
    try {
      return await untilAborted(promise, signal);
    } catch (error) {
      this.#forget(waiter);
      promise.then((giveBack) => giveBack(), () => {}); // granted at the same moment
      throw error;
    }
  }

  /** Refuses all who wait; slots in use are still to be given back. */
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
    this.#forget(next);
    next.grant();
  }

  #forget(waiter: Waiter): void {
    const index = this.#waiting.indexOf(waiter);
    if (index >= 0) this.#waiting.splice(index, 1);
  }
}
