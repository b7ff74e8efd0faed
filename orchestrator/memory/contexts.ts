// Contexts of the last minute, in RAM: a context is requested repeatedly within a turn, and what time alone changes can wait that long.
import type { Context, ContextInput } from './context.ts';
import type { Scope } from './scope.ts';

const TTL_MS = 60_000;
const MOST = 500;

export class Contexts {
  readonly #now: () => number;
  readonly #kept = new Map<string, { answer: Context; untilMs: number; user: string; space: string }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get(scope: Scope, input: ContextInput): Context | undefined {
    const kept = this.#kept.get(keyOf(scope, input));
    return kept === undefined || kept.untilMs < this.#now() ? undefined : kept.answer;
  }

  put(scope: Scope, input: ContextInput, answer: Context): void {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MOST && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(keyOf(scope, input), { answer, untilMs: this.#now() + TTL_MS, user: scope.user, space: scope.space });
  }

  /** Drops all contexts of a space. */
  drop(user: string, space: string): void {
    for (const [key, kept] of this.#kept) if (kept.user === user && kept.space === space) this.#kept.delete(key);
  }

  clear(): void {
    this.#kept.clear();
  }
}

function keyOf(scope: Scope, input: ContextInput): string {
  return JSON.stringify([scope, input]);
}
