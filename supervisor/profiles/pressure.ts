// Decides from a guest's statistics whether its VM has had too few resources for a while, or far more than it uses. Pure: receives samples with their times.

export interface PressureSample {
  atMs: number;
  /** Share of the guest's memory, 0 to 1. */
  memoryUsedShare: number;
  memoryUsedMiB: number;
  /** Share of all its vCPUs since the previous sample, 0 to 1. */
  cpuUsedShare: number;
  /** Percentage of the last minute in which some task waited; null if the kernel does not report it. */
  memoryPressure: number | null;
  cpuPressure: number | null;
}

export type Verdict =
  | { kind: 'raise'; resource: 'memory' | 'cpu'; why: string }
  | { kind: 'lower'; memoryUsedMiB: number; why: string };

/** The limits are far apart, so that a change does not cause the opposite one. */
const HIGH = { memoryUsedShare: 0.9, memoryPressure: 10, cpuUsedShare: 0.9, cpuPressure: 40, forMs: 60_000 } as const;
const LOW = { memoryUsedShare: 0.5, memoryPressure: 1, cpuUsedShare: 0.1, cpuPressure: 5, forMs: 30 * 60_000 } as const;
/** After a longer gap between two samples, the measurement starts again. */
const GAP_MS = 30_000;

export class Pressure {
  #last: PressureSample | undefined;
  #memorySinceMs: number | undefined;
  #cpuSinceMs: number | undefined;
  #idleSinceMs: number | undefined;
  /** The most that was used while idle. */
  #idlePeakMiB = 0;

  /** Adds a sample. Returns a verdict while a condition has lasted long enough. */
  add(sample: PressureSample): Verdict | undefined {
    if (this.#last !== undefined && (sample.atMs - this.#last.atMs > GAP_MS || sample.atMs < this.#last.atMs)) this.reset();
    this.#last = sample;
    const { atMs, memoryUsedShare, memoryUsedMiB, cpuUsedShare, memoryPressure, cpuPressure } = sample;
    const memoryShort = memoryUsedShare >= HIGH.memoryUsedShare || (memoryPressure ?? 0) >= HIGH.memoryPressure;
    const cpuShort = cpuUsedShare >= HIGH.cpuUsedShare && (cpuPressure ?? 100) >= HIGH.cpuPressure;
    const idle = memoryUsedShare <= LOW.memoryUsedShare && cpuUsedShare <= LOW.cpuUsedShare && (memoryPressure ?? 0) <= LOW.memoryPressure && (cpuPressure ?? 0) <= LOW.cpuPressure;
    this.#memorySinceMs = memoryShort ? this.#memorySinceMs ?? atMs : undefined;
    this.#cpuSinceMs = cpuShort ? this.#cpuSinceMs ?? atMs : undefined;
    this.#idlePeakMiB = idle ? Math.max(this.#idlePeakMiB, memoryUsedMiB) : 0;
    this.#idleSinceMs = idle ? this.#idleSinceMs ?? atMs : undefined;
    const percent = (share: number): string => `${Math.round(share * 100)} %`;
    if (lasted(this.#memorySinceMs, atMs, HIGH.forMs)) {
      return { kind: 'raise', resource: 'memory', why: `${percent(memoryUsedShare)} of the memory was used${memoryPressure === null ? '' : ` and tasks waited for memory ${Math.round(memoryPressure)} % of the time`} for ${seconds(this.#memorySinceMs, atMs)}` };
    }
    if (lasted(this.#cpuSinceMs, atMs, HIGH.forMs)) {
      return { kind: 'raise', resource: 'cpu', why: `${percent(cpuUsedShare)} of the vCPU time was used${cpuPressure === null ? '' : ` and tasks waited for a vCPU ${Math.round(cpuPressure)} % of the time`} for ${seconds(this.#cpuSinceMs, atMs)}` };
    }
    if (lasted(this.#idleSinceMs, atMs, LOW.forMs)) {
      return { kind: 'lower', memoryUsedMiB: this.#idlePeakMiB, why: `at most ${Math.round(this.#idlePeakMiB)} MiB of memory and ${percent(LOW.cpuUsedShare)} of the vCPU time were used for ${seconds(this.#idleSinceMs, atMs)}` };
    }
    return undefined;
  }

  /** Forgets the earlier samples, because the resources have changed. */
  reset(): void {
    this.#last = this.#memorySinceMs = this.#cpuSinceMs = this.#idleSinceMs = undefined;
    this.#idlePeakMiB = 0;
  }
}

function lasted(sinceMs: number | undefined, atMs: number, forMs: number): boolean {
  return sinceMs !== undefined && atMs - sinceMs >= forMs;
}

function seconds(sinceMs: number | undefined, atMs: number): string {
  return `${Math.round((atMs - (sinceMs ?? atMs)) / 1000)} s`;
}
