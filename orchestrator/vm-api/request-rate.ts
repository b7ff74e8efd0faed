// Limits how many requests each environment may send: a steady rate, after a burst.
import { SomnusError } from '../../common/errors.ts';

export interface Rate { perMinute: number; burst: number }

interface Bucket { left: number; atMs: number }

/** Environments that are remembered; one that is forgotten starts with a full burst again. */
const MOST_BUCKETS = 10_000;

export class RequestRate {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
  }

  /** Counts a request. @throws rate_limited with the seconds to wait */
  take(key: string): void {
    const { perMinute, burst } = this.#rate;
    const atMs = this.#now();
    const bucket = this.#buckets.get(key) ?? { left: burst, atMs };
    const left = Math.min(burst, bucket.left + ((atMs - bucket.atMs) / 60_000) * perMinute);
    this.#buckets.set(key, { left: left >= 1 ? left - 1 : left, atMs });
    if (this.#buckets.size > MOST_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    if (left >= 1) return;
    const retryAfterSeconds = Math.ceil(((1 - left) / perMinute) * 60);
    throw new SomnusError('rate_limited', `More than ${perMinute} requests per minute`, { hint: `Try again in ${retryAfterSeconds} s.`, details: { perMinute, retryAfterSeconds } });
  }
}
