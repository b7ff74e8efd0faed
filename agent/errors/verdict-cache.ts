// Keeps the verdicts of the templates that were used last, within a fixed number.
import type { Verdict } from './verdict.ts';

export class VerdictCache {
  readonly #limit: number;
  readonly #verdicts = new Map<string, Verdict>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#verdicts.size;
  }

  get(template: string): Verdict | undefined {
    const verdict = this.#verdicts.get(template);
    if (verdict === undefined) return undefined;
    // A map keeps its order of insertion, so what is inserted again is the last to go.
    this.#verdicts.delete(template);
    this.#verdicts.set(template, verdict);
    return verdict;
  }

  set(template: string, verdict: Verdict): void {
    this.#verdicts.delete(template);
    this.#verdicts.set(template, verdict);
    if (this.#verdicts.size <= this.#limit) return;
    const [oldest] = this.#verdicts.keys();
    if (oldest !== undefined) this.#verdicts.delete(oldest);
  }

  clear(): void {
    this.#verdicts.clear();
  }
}
