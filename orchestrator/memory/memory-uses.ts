// Extends the life of memories that are used. Writes uses with a delay and in small batches, so that recall never waits for the disk.
import type { MemoryConfig } from './memory-config.ts';
import type { OpenSpace } from './open-space.ts';
import { expiryOf } from './remembering.ts';
import type { MemoryStore } from './store/memory-store.ts';

/** How often new expiry times and use counts are written. */
const USES_FLUSH_MS = 2_000;
const USES_AT_ONCE = 32;

export interface MemoryUsesOptions { store: MemoryStore; config: () => MemoryConfig; now: () => number }

export class MemoryUses {
  readonly #options: MemoryUsesOptions;
  readonly #uses = new Map<string, { space: OpenSpace; ids: Set<string> }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MemoryUsesOptions) {
    this.#options = options;
  }

  note(space: OpenSpace, ids: readonly string[]): void {
    if (ids.length === 0) return;
    const noted = this.#uses.get(space.row.id) ?? { space, ids: new Set<string>() };
    for (const id of ids) noted.ids.add(id);
    this.#uses.set(space.row.id, noted);
    this.#timer ??= setTimeout(() => this.flush(USES_AT_ONCE), USES_FLUSH_MS).unref();
  }

  /** Writes at most `count` uses per space, so that concurrent requests do not wait long; the rest follows soon. */
  flush(count = Infinity): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const nowMs = this.#options.now();
    for (const [spaceId, { space, ids }] of this.#uses) {
      const batch = [...ids].slice(0, count);
      for (const id of batch) ids.delete(id);
      if (ids.size === 0 || space.closed) this.#uses.delete(spaceId);
      if (!space.closed) this.#options.store.touch(spaceId, batch, nowMs, (id) => this.#newExpiry(space, id, nowMs));
    }
    if (this.#uses.size > 0) this.#timer = setTimeout(() => this.flush(USES_AT_ONCE), USES_FLUSH_MS / 8).unref();
  }

  /** When a memory that is used now expires; undefined: unchanged. */
  #newExpiry(space: OpenSpace, id: string, nowMs: number): number | undefined {
    const config = this.#options.config();
    const record = config.retention.adaptive ? space.recordOf(id) : undefined;
    if (record === undefined || space.book.expires.values[record] === Infinity) return undefined;
    const expiresAtMs = expiryOf(space.book.get(record), nowMs, config);
    if (expiresAtMs !== undefined) space.book.expires.values[record] = expiresAtMs;
    return expiresAtMs;
  }
}
