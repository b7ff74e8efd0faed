// A limited number of places, given to waiting callers in the order in which they asked.
import { throwIfAborted, untilAborted } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';

export class Places {
  readonly #count: number;
  readonly #mostWaiting: number;
  #taken = 0;
  readonly #waiting: PromiseWithResolvers<void>[] = [];

  constructor(count: number, mostWaiting: number) {
    this.#count = count;
    this.#mostWaiting = mostWaiting;
  }

  /** Waits for a place. Returns a function that frees it, which can be called repeatedly. @throws cancelled; quota_exceeded when too many callers already wait */
  async take(signal?: AbortSignal): Promise<() => void> {
    throwIfAborted(signal);
    if (this.#taken < this.#count) this.#taken += 1;
    else await this.#turn(signal);
    let held = true;
    return () => {
      if (held) this.#pass();
      held = false;
    };
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting) throw new SomnusError('quota_exceeded', `${this.#count} containers are running, and ${this.#waiting.length} actions are waiting for one`, { hint: 'Try again later, or increase containers.atOnce.' });
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn);
    try {
      await untilAborted(turn.promise, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(turn);
      if (at >= 0) this.#waiting.splice(at, 1);
      else this.#pass(); // its turn came at the same moment
      throw error;
    }
  }

  #pass(): void {
    const next = this.#waiting.shift();
    if (next) next.resolve();
    else this.#taken -= 1;
  }
}
