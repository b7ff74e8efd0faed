// Deletes what has exceeded its retention: idempotency keys, finished operations, events, removed environments and snapshots. A failure of one does not affect the others.
import type { Troubles } from './host/troubles.ts';

const INTERVAL_MS = 3_600_000;

/** Named tasks, such as `events`, done periodically in this order. */
export type Chores = Readonly<Record<string, () => unknown>>;

export class Housekeeping {
  readonly #chores: Chores;
  readonly #troubles: Troubles;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(options: { chores: Chores; troubles: Troubles; intervalMs?: number }) {
    this.#chores = options.chores;
    this.#troubles = options.troubles;
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS;
  }

  start(): void {
    this.#timer = setInterval(() => { this.#work = this.#work.then(async () => await this.run()); }, this.#intervalMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#work;
  }

  /** Never throws. */
  async run(): Promise<void> {
    for (const [name, chore] of Object.entries(this.#chores)) await this.#troubles.attempt('housekeeping', name, async () => { await chore(); });
  }
}
