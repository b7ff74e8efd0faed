// Decides whether and when a VM that ended, panicked or froze is restarted: pure rules, and a count of restarts for each environment.
import { z } from 'zod';

export const RestartPolicy = z.enum(['always', 'on-failure', 'never']).meta({
  description: '`on-failure`: restart the VM automatically after it crashed, froze or was lost, but not after the guest shut itself down. `always`: restart it in both cases. `never`: do not restart it.',
});
export type RestartPolicy = z.infer<typeof RestartPolicy>;

/** `guest`: the guest shut itself down, as with `poweroff`. */
export type EndCause = 'guest' | 'panic' | 'frozen' | 'other';

export function restarts(policy: RestartPolicy, cause: EndCause): boolean {
  return policy === 'always' || (policy === 'on-failure' && cause !== 'guest');
}

/** At most this many restarts within the window, each after twice the pause of the one before; then the VM is left off. */
export const restartLimits = { count: 5, withinMs: 10 * 60_000, firstPauseMs: 5_000 } as const;

export class RestartCounts {
  readonly #restarts = new Map<string, number[]>();

  /** How long to wait before the next restart: 0 for the first in the window, undefined after too many. */
  pauseMs(id: string, nowMs: number): number | undefined {
    const recent = this.#recent(id, nowMs);
    if (recent.length >= restartLimits.count) return undefined;
    const last = recent.at(-1);
    if (last === undefined) return 0;
    return Math.max(0, last + restartLimits.firstPauseMs * 2 ** (recent.length - 1) - nowMs);
  }

  record(id: string, nowMs: number): void {
    this.#restarts.set(id, [...this.#recent(id, nowMs), nowMs]);
  }

  #recent(id: string, nowMs: number): number[] {
    return (this.#restarts.get(id) ?? []).filter((atMs) => atMs > nowMs - restartLimits.withinMs);
  }
}
