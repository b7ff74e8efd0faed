// Decides which operation may run next. Slow background work has its own lanes, so that it does not delay VMs; within a lane each user gets a fair share.
// A lane is what a queue sees of the engine: it announces only operations that may run now, so their order is decided here and not in Redis.
import type { WorkSource } from '../queue/work-source.ts';

export const laneNames = ['vms', 'checks', 'images', 'research'] as const;
export type LaneName = (typeof laneNames)[number];

export interface LaneLimits {
  /** Operations that may run at the same time. */
  atOnce: number;
  /** How many of them may belong to one user; the rest is kept for other users. */
  perUser: number;
}

const laneLimits: Readonly<Record<LaneName, LaneLimits>> = {
  vms: { atOnce: 8, perUser: 6 },
  checks: { atOnce: 2, perUser: 1 },
  images: { atOnce: 1, perUser: 1 },
  research: { atOnce: 4, perUser: 2 },
};

/** An unfinished operation. */
export interface UnfinishedOperation {
  id: string;
  lane: LaneName;
  /** Whose share of the lane it takes: its owner's, or Somnus's own for automatic operations, such as restarting a VM. */
  share: string;
  running: boolean;
}

export interface LaneEngine {
  /** Oldest first. */
  unfinished(): UnfinishedOperation[];
  /** Calls `listener` whenever an operation was submitted or has stopped running. @returns a function that stops this */
  onChange(listener: () => void): () => void;
  run(id: string): Promise<void>;
}

export class Lane implements WorkSource {
  readonly #name: LaneName;
  readonly #engine: LaneEngine;
  readonly #limits: LaneLimits;
  readonly #isOpen: () => boolean;
  readonly #listeners = new Set<(id: string) => void>();

  /** Starts nothing new while `isOpen` returns false; call `announce` when it returns true again. */
  constructor(options: { name: LaneName; engine: LaneEngine; isOpen?: () => boolean; limits?: LaneLimits }) {
    this.#name = options.name;
    this.#engine = options.engine;
    this.#limits = options.limits ?? laneLimits[options.name];
    this.#isOpen = options.isOpen ?? (() => true);
  }

  get atOnce(): number {
    return this.#limits.atOnce;
  }

  waiting(): string[] {
    return this.#isOpen() ? chooseNext(this.#engine.unfinished().filter(({ lane }) => lane === this.#name), this.#limits) : [];
  }

  onReady(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    const stop = this.#engine.onChange(() => this.#announceTo(listener));
    return () => {
      this.#listeners.delete(listener);
      stop();
    };
  }

  /** Announces to the queue what may run now. */
  announce(): void {
    for (const listener of this.#listeners) this.#announceTo(listener);
  }

  /** Does nothing if another operation's turn has come in the meantime; it is announced again when there is capacity. */
  async run(id: string): Promise<void> {
    if (this.waiting().includes(id)) await this.#engine.run(id);
  }

  #announceTo(listener: (id: string) => void): void {
    for (const id of this.waiting()) listener(id);
  }
}

/** Pure. Gives each free slot to the user with the fewest running operations; among equals, to the one who has waited longest. */
export function chooseNext(unfinished: readonly UnfinishedOperation[], { atOnce, perUser }: LaneLimits): string[] {
  const taken = new Map<string, number>();
  const take = (share: string): void => { taken.set(share, (taken.get(share) ?? 0) + 1); };
  const running = unfinished.filter((operation) => operation.running);
  for (const { share } of running) take(share);
  const waiting = unfinished.filter((operation) => !operation.running);
  const chosen: string[] = [];
  while (running.length + chosen.length < atOnce) {
    let next: UnfinishedOperation | undefined;
    for (const operation of waiting) {
      const has = taken.get(operation.share) ?? 0;
      if (chosen.includes(operation.id) || has >= perUser) continue;
      if (next === undefined || has < (taken.get(next.share) ?? 0)) next = operation;
    }
    if (next === undefined) return chosen;
    take(next.share);
    chosen.push(next.id);
  }
  return chosen;
}
