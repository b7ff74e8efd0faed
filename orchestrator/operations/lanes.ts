// Which operation may run next. Slow background work has lanes of its own, so that it delays nobody's VMs; in a lane each user gets a fair share.
// A lane is what a queue sees of the engine: it announces no more operations than may run now, so their order is decided here and not in Redis.
import type { WorkSource } from '../queue/work-source.ts';

export const laneNames = ['vms', 'checks', 'images'] as const;
export type LaneName = (typeof laneNames)[number];

export interface LaneLimits {
  /** Operations that may run at the same time. */
  atOnce: number;
  /** How many of them may belong to one user: the rest is there for whoever comes next. */
  perUser: number;
}

export const laneLimits: Readonly<Record<LaneName, LaneLimits>> = {
  vms: { atOnce: 8, perUser: 6 },
  checks: { atOnce: 2, perUser: 1 },
  images: { atOnce: 1, perUser: 1 },
};

/** An operation that has not ended. */
export interface UnfinishedOperation {
  id: string;
  lane: LaneName;
  /** Whose share of the lane it takes: its owner's, or Somnus's own for what Somnus does by itself, such as starting a VM again. */
  share: string;
  running: boolean;
}

export interface LaneEngine {
  /** Oldest first. */
  unfinished(): UnfinishedOperation[];
  /** Calls `listener` whenever an operation was submitted or has stopped running. @returns what ends that */
  onChange(listener: () => void): () => void;
  run(id: string): Promise<void>;
}

export class Lane implements WorkSource {
  readonly #name: LaneName;
  readonly #engine: LaneEngine;
  readonly #limits: LaneLimits;
  readonly #isOpen: () => boolean;
  readonly #listeners = new Set<(id: string) => void>();

  /** While `isOpen` says no, nothing new begins; call `announce` when it says yes again. */
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
    const stop = this.#engine.onChange(() => this.#tell(listener));
    return () => {
      this.#listeners.delete(listener);
      stop();
    };
  }

  /** Tells the queue what may run now. */
  announce(): void {
    for (const listener of this.#listeners) this.#tell(listener);
  }

  /** Does nothing when somebody else's turn has come meanwhile: it is announced again when there is room. */
  async run(id: string): Promise<void> {
    if (this.waiting().includes(id)) await this.#engine.run(id);
  }

  #tell(listener: (id: string) => void): void {
    for (const id of this.waiting()) listener(id);
  }
}

/** Pure. Gives each free place to the user who has the fewest running; among equals, to the one who has waited longest. */
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
