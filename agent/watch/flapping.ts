// Decides when a unit that restarts again and again is left alone for a while, and when for good. Pure; receives the time in milliseconds of a
// monotonic clock.

/** This many restarts within this time are flapping. */
const RESTARTS = 5;
const WITHIN_MS = 120_000;
/** The first pause; each further one is twice as long. */
const FIRST_PAUSE_MS = 60_000;
const MOST_PAUSES = 5;
/** A unit that has run this long without a restart has recovered. */
const RECOVERED_AFTER_MS = 600_000;

export class Flapping {
  #restarts: number[] = [];
  #pauses = 0;

  /** Records restarts, or that systemd has given up after restarting. Returns how long to leave the unit alone; 0 for not at all; undefined for good. */
  restarted(count: number, nowMs: number, gaveUp = false): number | undefined {
    const last = this.#restarts.at(-1);
    if (last !== undefined && nowMs - last > RECOVERED_AFTER_MS) this.#pauses = 0;
    this.#restarts = [...this.#restarts, ...Array.from({ length: Math.min(count, RESTARTS) }, () => nowMs)].filter((atMs) => nowMs - atMs <= WITHIN_MS);
    if (this.#restarts.length < RESTARTS && !gaveUp) return 0;
    if (this.#pauses >= MOST_PAUSES) return undefined;
    const pauseMs = FIRST_PAUSE_MS * 2 ** this.#pauses;
    this.#pauses += 1;
    this.#restarts = [nowMs + pauseMs]; // the start after the pause
    return pauseMs;
  }
}
