// Decides when a unit that restarts repeatedly is stopped for a while, and when permanently. Pure; receives the time in milliseconds of
// a monotonic clock.

/** A unit with this many restarts within this time is flapping. */
const RESTARTS = 5;
const WITHIN_MS = 120_000;
/** The first pause; each further one is twice as long. */
const FIRST_PAUSE_MS = 60_000;
const MOST_PAUSES = 5;
/** After this time without a restart, a unit has recovered. */
const RECOVERED_AFTER_MS = 600_000;

export class Flapping {
  #restarts: number[] = [];
  #pauses = 0;

  /** Records restarts, or that systemd has given up restarting. Returns how long to keep the unit stopped: 0 for no pause, undefined for permanently. */
  restarted(count: number, nowMs: number, gaveUp = false): number | undefined {
    const last = this.#restarts.at(-1);
    if (last !== undefined && nowMs - last > RECOVERED_AFTER_MS) this.#pauses = 0;
    this.#restarts = [...this.#restarts, ...Array.from({ length: Math.min(count, RESTARTS) }, () => nowMs)].filter((atMs) => nowMs - atMs <= WITHIN_MS);
    if (this.#restarts.length < RESTARTS && !gaveUp) return 0;
    if (this.#pauses >= MOST_PAUSES) return undefined;
    const pauseMs = FIRST_PAUSE_MS * 2 ** this.#pauses;
    this.#pauses += 1;
    this.#restarts = [nowMs + pauseMs]; // counts starting the unit after the pause as a restart
    return pauseMs;
  }
}
