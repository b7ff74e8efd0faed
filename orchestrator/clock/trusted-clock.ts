// The time that decides what expires. After a jump of the wall clock nothing may be deleted early, and no valid key may expire. Detects a jump by comparison with the time since boot,
// then continues the old time until the new one has been steady for a day or an admin has confirmed it. Deadlines do not need this: they use monotonic time.
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { z } from 'zod';
import { writeFileDurably } from '../../common/durable-file.ts';

/** Smaller adjustments are normal: NTP, leap seconds, rounding of the boot time. */
const TOLERANCE_MS = 120_000;
/** After a shorter time off, the wall clock is trusted at once. */
const SHORT_OFF_MS = 86_400_000;
const CONFIRMED_AFTER_MS = 86_400_000;

export const SavedClock = z.strictObject({ bootId: z.string(), steadyMs: z.number(), atLeastMs: z.number() });
export type SavedClock = z.infer<typeof SavedClock>;

export interface ClockSources {
  wallMs(): number;
  /** Milliseconds since the host booted, including time suspended. */
  steadyMs(): number;
  bootId: string;
}

export interface ClockDoubt {
  /** `jumped`: while the host was running. `unknown`: the host was off, and only the wall clock says for how long. */
  kind: 'jumped' | 'unknown';
  wall: string;
  expected: string;
}

export class TrustedClock {
  readonly #sources: ClockSources;
  readonly #onDoubt: (doubt: ClockDoubt | undefined) => void;
  /** The earliest time it can be. */
  #atLeastMs: number;
  #steadyMs: number;
  #doubt: { kind: ClockDoubt['kind']; sinceSteadyMs: number; offsetMs: number } | undefined;

  constructor(options: { sources: ClockSources; saved: SavedClock | undefined; onDoubt?: (doubt: ClockDoubt | undefined) => void }) {
    const { sources, saved } = options;
    this.#sources = sources;
    this.#onDoubt = options.onDoubt ?? (() => {});
    this.#steadyMs = sources.steadyMs();
    this.#atLeastMs = saved === undefined ? sources.wallMs() : saved.atLeastMs + (saved.bootId === sources.bootId ? Math.max(0, this.#steadyMs - saved.steadyMs) : 0);
    const offsetMs = sources.wallMs() - this.#atLeastMs;
    if (saved !== undefined && saved.bootId !== sources.bootId && offsetMs > 0) {
      if (offsetMs <= SHORT_OFF_MS) this.#atLeastMs = sources.wallMs();
      else this.#doubt = { kind: 'unknown', sinceSteadyMs: this.#steadyMs, offsetMs };
    }
    if (this.#doubt) this.#onDoubt(this.doubt());
  }

  /** For decisions about the present, such as whether a key has expired. */
  now(): Date {
    this.#look();
    return new Date(this.#doubt?.kind === 'unknown' ? this.#atLeastMs + this.#doubt.offsetMs : this.#atLeastMs);
  }

  /** For deletions: a time that has certainly been reached. */
  atLeast(): Date {
    this.#look();
    return new Date(this.#atLeastMs);
  }

  /** Why the wall clock is not trusted; undefined when it is. */
  doubt(): ClockDoubt | undefined {
    if (!this.#doubt) return undefined;
    return { kind: this.#doubt.kind, wall: new Date(this.#sources.wallMs()).toISOString(), expected: new Date(this.#atLeastMs).toISOString() };
  }

  /** Trusts the wall clock from now on. */
  confirm(): void {
    this.#look();
    this.#atLeastMs = this.#sources.wallMs();
    this.#settle(undefined);
  }

  save(): SavedClock {
    this.#look();
    return { bootId: this.#sources.bootId, steadyMs: this.#steadyMs, atLeastMs: this.#atLeastMs };
  }

  #look(): void {
    const steadyMs = this.#sources.steadyMs();
    this.#atLeastMs += Math.max(0, steadyMs - this.#steadyMs);
    this.#steadyMs = steadyMs;
    const wallMs = this.#sources.wallMs();
    const offsetMs = wallMs - this.#atLeastMs;
    if (Math.abs(offsetMs) <= TOLERANCE_MS) {
      this.#atLeastMs = wallMs;
      this.#settle(undefined);
    } else if (!this.#doubt || Math.abs(offsetMs - this.#doubt.offsetMs) > TOLERANCE_MS) {
      this.#settle({ kind: 'jumped', sinceSteadyMs: steadyMs, offsetMs });
    } else if (steadyMs - this.#doubt.sinceSteadyMs >= CONFIRMED_AFTER_MS) {
      this.#atLeastMs = wallMs;
      this.#settle(undefined);
    }
  }

  #settle(doubt: { kind: ClockDoubt['kind']; sinceSteadyMs: number; offsetMs: number } | undefined): void {
    const changed = doubt !== this.#doubt;
    this.#doubt = doubt;
    if (changed) this.#onDoubt(this.doubt());
  }
}

export function hostClock(): ClockSources {
  return { wallMs: () => Date.now(), steadyMs: () => uptime() * 1_000, bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() };
}

/** The time saved by the last control plane. An unreadable file counts as none; then the wall clock is trusted. */
export function readSavedClock(file: string): SavedClock | undefined {
  try {
    return SavedClock.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

export async function writeSavedClock(file: string, clock: TrustedClock): Promise<void> {
  await writeFileDurably(file, JSON.stringify(clock.save()), 0o600);
}
