// Decides when to consolidate: when memory has been idle for a while, one user at a time, in small slices. Stops when memory is used again.
import { toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { ConsolidationDiff } from './consolidation.ts';
import type { MemoryConfig } from './memory-config.ts';

const CHECK_EVERY_MS = 30_000;
const SLICE = 100;

/** The memory to consolidate. */
export interface Consolidated {
  readonly config: MemoryConfig;
  /** Runs one slice for a user's main space. @throws SomnusError `locked`, `not_found` */
  consolidateIdle(user: string, budget: number, signal: AbortSignal): Promise<ConsolidationDiff>;
}

export interface IdleConsolidationOptions {
  /** The service, if memory is open. */
  service: () => Consolidated | undefined;
  log: Logger;
  now?: () => number;
}

export class IdleConsolidation {
  readonly #options: IdleConsolidationOptions;
  readonly #now: () => number;
  /** Users whose memory has changed since it was last fully consolidated. */
  readonly #changed = new Set<string>();
  #usedAtMs: number;
  #timer: NodeJS.Timeout | undefined;
  #working: AbortController | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(options: IdleConsolidationOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#usedAtMs = this.#now();
  }

  start(): void {
    this.#timer ??= setInterval(() => { this.#work = this.check(); }, CHECK_EVERY_MS).unref();
  }

  /** Reports use of memory: stops consolidation and postpones the next run. */
  noteUse(): void {
    this.#usedAtMs = this.#now();
    this.#working?.abort();
  }

  noteChange(userId: string): void {
    this.#changed.add(userId);
    this.noteUse();
  }

  /** Consolidates if memory has been idle long enough. Never throws. */
  async check(): Promise<void> {
    const service = this.#options.service();
    if (service === undefined || this.#working !== undefined) return;
    const { consolidateAfterIdleMinutes: idleMinutes, consolidationBudget } = service.config.performance;
    if (idleMinutes === 0 || this.#now() - this.#usedAtMs < idleMinutes * 60_000) return;
    const working = new AbortController();
    this.#working = working;
    try {
      for (const userId of this.#changed) await this.#consolidate(service, userId, consolidationBudget, working.signal);
    } finally {
      this.#working = undefined;
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#working?.abort();
    await this.#work;
  }

  async #consolidate(service: Consolidated, userId: string, budget: number, signal: AbortSignal): Promise<void> {
    try {
      let examined = 0;
      let merged = 0;
      while (examined < budget && !signal.aborted) {
        const diff = await service.consolidateIdle(userId, SLICE, signal);
        examined += diff.examined;
        merged += diff.merged.length;
        if (!diff.complete) continue;
        this.#changed.delete(userId);
        break;
      }
      this.#options.log.info({ event: 'memory.consolidated', userId, examined, merged });
    } catch (error) {
      if (signal.aborted) return;
      const { code } = toSomnusError(error);
      if (code === 'locked' || code === 'not_found') this.#changed.delete(userId); // nothing to do until it is unlocked and changes again
      else this.#options.log.warn({ event: 'memory.consolidation_failed', userId, code, err: error });
    }
  }
}
