// Limits how often progress is reported, and always reports the last one.
import type { Operation } from './operation.ts';

type Progress = NonNullable<Operation['progress']>;

export class ProgressThrottle {
  readonly #write: (progress: Progress) => void;
  readonly #intervalMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #waiting: Progress | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (progress: Progress) => void, intervalMs: number) {
    this.#write = write;
    this.#intervalMs = intervalMs;
  }

  report(progress: Progress): void {
    this.#waiting = progress;
    this.#timer ??= setTimeout(() => this.#flush(), Math.max(0, this.#lastMs + this.#intervalMs - performance.now()));
  }

  /** Drops unreported progress, because its step has ended. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = undefined;
  }

  #flush(): void {
    const progress = this.#waiting;
    this.clear();
    this.#lastMs = performance.now();
    if (progress) this.#write(progress);
  }
}
