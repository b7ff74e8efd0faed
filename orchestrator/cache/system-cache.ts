// The system cache: values by namespace and key within a byte budget. Kept in memory, written to disk in the background, and loaded again after a restart.
// Callers must not rely on a hit; they must be able to compute the value again.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { CacheNamespace, evictions, type CachePriority, type EntryUse } from './cache-policy.ts';
import type { CacheStore, StoredEntry, UserSealer } from './cache-store.ts';

export interface CacheOptions {
  store: CacheStore;
  sealer: UserSealer;
  budgetBytes: number;
  /** Milliseconds until a change is written. */
  persistAfterMs?: number;
  log: Logger;
  now?: () => number;
}

export interface PutOptions {
  priority?: CachePriority;
  /** The owner of the content: it is encrypted with their key on disk, visible only to their calls, and deleted with them. */
  owner?: string;
  ttlMs?: number;
  /** The sources of the value; `invalidate` of any of them removes it. */
  dependsOn?: readonly string[];
}

export interface NamespaceFigures { entries: number; bytes: number; hits: number; misses: number; evictions: number }

interface Entry extends EntryUse {
  id: string;
  namespace: CacheNamespace;
  key: string;
  owner: string | undefined;
  value: Buffer;
  expiresAtMs: number | undefined;
  dependsOn: readonly string[];
}

const Payload = z.strictObject({ key: z.string(), dependsOn: z.array(z.string()), valueBytes: z.int() });
const ENTRY_OVERHEAD_BYTES = 200;
/** Evicts a little more than needed, so that a full cache does not evict at every put. */
const SPARE = 0.05;
const PERSIST_AFTER_MS = 2_000;

export class SystemCache {
  readonly #options: CacheOptions;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #dependents = new Map<string, Set<string>>();
  readonly #figures = new Map(CacheNamespace.options.map((namespace) => [namespace, { hits: 0, misses: 0, evictions: 0 }]));
  readonly #changed = new Set<string>();
  #removed: string[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Loads entries without an owner; `warm` loads a user's entries once they are unlocked. */
  constructor(options: CacheOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#load(undefined);
  }

  /** Loads a user's entries. Repeatable. */
  warm(userId: string): void {
    this.#load(userId);
  }

  /** Removes a user's entries from memory when their space is locked. They stay on disk, encrypted. */
  cool(userId: string): void {
    this.persist();
    for (const entry of this.#entries.values()) if (entry.owner === userId) this.#drop(entry, false);
  }

  /** Deletes a user's entries from memory and disk when their keys are destroyed. */
  forgetOwner(userId: string): void {
    for (const entry of this.#entries.values()) if (entry.owner === userId) this.#drop(entry, true);
    this.#removed.push(...this.#options.store.load(userId).map(({ id }) => id));
    this.persist();
  }

  get(namespace: CacheNamespace, key: string, owner?: string): Buffer | undefined {
    const figures = this.#figures.get(namespace)!;
    const entry = this.#entries.get(place(namespace, key, owner));
    if (entry !== undefined && entry.expiresAtMs !== undefined && entry.expiresAtMs <= this.#now()) this.#drop(entry, true);
    else if (entry !== undefined) {
      entry.hits += 1;
      entry.usedAtMs = this.#now();
      figures.hits += 1;
      return entry.value;
    }
    figures.misses += 1;
    return undefined;
  }

  /** @throws SomnusError `too_large` for a value above a quarter of the budget, `quota_exceeded` when critical entries fill the cache */
  put(namespace: CacheNamespace, key: string, value: Buffer, options: PutOptions = {}): void {
    const bytes = value.length + key.length + ENTRY_OVERHEAD_BYTES;
    if (bytes > this.#options.budgetBytes / 4) throw new SomnusError('too_large', `A value of ${value.length} bytes is too large for the cache`, { details: { namespace } });
    const at = place(namespace, key, options.owner);
    const old = this.#entries.get(at);
    this.#freeSpace(bytes - (old?.bytes ?? 0), old);
    if (old !== undefined) this.#drop(old, true);
    this.#add({
      id: randomBytes(12).toString('hex'), namespace, key, owner: options.owner, value, bytes, priority: options.priority ?? 'MEDIUM', hits: 0, usedAtMs: this.#now(),
      expiresAtMs: options.ttlMs === undefined ? undefined : this.#now() + options.ttlMs, dependsOn: options.dependsOn ?? [],
    });
    this.#changed.add(at);
    this.#timer ??= setTimeout(() => this.persist(), this.#options.persistAfterMs ?? PERSIST_AFTER_MS).unref();
  }

  /** Like `put`, for a value that is simply not stored when there is no space. */
  offer(namespace: CacheNamespace, key: string, value: Buffer, options: PutOptions = {}): void {
    try {
      this.put(namespace, key, value, options);
    } catch (thrown) {
      const { code } = toSomnusError(thrown);
      if (code !== 'too_large' && code !== 'quota_exceeded') throw thrown;
    }
  }

  delete(namespace: CacheNamespace, key: string, owner?: string): boolean {
    const entry = this.#entries.get(place(namespace, key, owner));
    if (entry !== undefined) this.#drop(entry, true);
    return entry !== undefined;
  }

  /** Removes everything derived from this source, and everything derived from that. @returns the number of removed entries */
  invalidate(dependency: string): number {
    const dependents = [...this.#dependents.get(dependency) ?? []];
    let gone = 0;
    for (const at of dependents) {
      const entry = this.#entries.get(at);
      if (entry === undefined) continue;
      this.#drop(entry, true);
      gone += 1 + this.invalidate(`${entry.namespace}:${entry.key}`);
    }
    return gone;
  }

  /** Hits, misses and sizes by namespace, for /metrics. */
  figures(): Record<CacheNamespace, NamespaceFigures> {
    const result = Object.fromEntries([...this.#figures].map(([namespace, figures]) => [namespace, { entries: 0, bytes: 0, ...figures }])) as Record<CacheNamespace, NamespaceFigures>;
    for (const entry of this.#entries.values()) {
      result[entry.namespace].entries += 1;
      result[entry.namespace].bytes += entry.bytes;
    }
    return result;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Writes changes to disk. Failures are logged; the cache keeps working in memory. */
  persist(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const entries = [...this.#changed].map((at) => this.#entries.get(at)).filter((entry) => entry !== undefined);
    const removed = this.#removed;
    this.#changed.clear();
    this.#removed = [];
    try {
      this.#options.store.apply(entries.map((entry) => this.#stored(entry)).filter((entry) => entry !== undefined), removed);
    } catch (thrown) {
      this.#options.log.warn({ event: 'cache.not-persisted', code: toSomnusError(thrown).code, err: thrown });
    }
  }

  close(): void {
    this.persist();
    this.#options.store.close();
  }

  #freeSpace(bytes: number, replaced: Entry | undefined): void {
    const missing = this.#bytes + bytes - this.#options.budgetBytes;
    if (missing <= 0) return;
    const now = this.#now();
    for (const entry of this.#entries.values()) if (entry.expiresAtMs !== undefined && entry.expiresAtMs <= now && entry !== replaced) this.#drop(entry, true);
    const left = this.#bytes + bytes - this.#options.budgetBytes;
    if (left <= 0) return;
    const others = [...this.#entries.values()].filter((entry) => entry !== replaced);
    const gone = evictions(others, left + this.#options.budgetBytes * SPARE, now) ?? evictions(others, left, now);
    if (gone === undefined) throw new SomnusError('quota_exceeded', 'The cache is full of critical entries', { hint: 'Increase its budget.' });
    for (const entry of gone) {
      this.#figures.get(entry.namespace)!.evictions += 1;
      this.#drop(entry, true);
    }
  }

  #add(entry: Entry): void {
    const at = place(entry.namespace, entry.key, entry.owner);
    this.#entries.set(at, entry);
    this.#bytes += entry.bytes;
    for (const dependency of entry.dependsOn) {
      const dependents = this.#dependents.get(dependency);
      if (dependents === undefined) this.#dependents.set(dependency, new Set([at]));
      else dependents.add(at);
    }
  }

  #drop(entry: Entry, fromDisk: boolean): void {
    const at = place(entry.namespace, entry.key, entry.owner);
    this.#entries.delete(at);
    this.#changed.delete(at);
    this.#bytes -= entry.bytes;
    for (const dependency of entry.dependsOn) {
      const dependents = this.#dependents.get(dependency);
      dependents?.delete(at);
      if (dependents?.size === 0) this.#dependents.delete(dependency);
    }
    if (!fromDisk) return;
    this.#removed.push(entry.id);
    this.#timer ??= setTimeout(() => this.persist(), this.#options.persistAfterMs ?? PERSIST_AFTER_MS).unref();
  }

  #stored(entry: Entry): StoredEntry | undefined {
    const header = Buffer.from(`${JSON.stringify({ key: entry.key, dependsOn: [...entry.dependsOn], valueBytes: entry.value.length } satisfies z.infer<typeof Payload>)}\n`);
    const plain = Buffer.concat([header, entry.value]);
    const payload = entry.owner === undefined ? plain : this.#options.sealer.seal(entry.owner, plain, sealContext(entry.id));
    return payload === undefined ? undefined : { id: entry.id, namespace: entry.namespace, priority: entry.priority, owner: entry.owner, expiresAtMs: entry.expiresAtMs, hits: entry.hits, usedAtMs: entry.usedAtMs, payload };
  }

  #load(owner: string | undefined): void {
    for (const stored of this.#options.store.load(owner)) {
      if (stored.expiresAtMs !== undefined && stored.expiresAtMs <= this.#now()) {
        this.#removed.push(stored.id);
        continue;
      }
      const plain = owner === undefined ? stored.payload : this.#options.sealer.unseal(owner, stored.payload, sealContext(stored.id));
      if (plain === undefined) continue;
      const end = plain.indexOf(10);
      const { key, dependsOn } = Payload.parse(JSON.parse(plain.toString('utf8', 0, end)));
      const value = plain.subarray(end + 1);
      const bytes = value.length + key.length + ENTRY_OVERHEAD_BYTES;
      if (this.#entries.has(place(stored.namespace, key, owner)) || this.#bytes + bytes > this.#options.budgetBytes) continue;
      this.#add({ ...stored, key, value, bytes, dependsOn });
    }
  }
}

function place(namespace: CacheNamespace, key: string, owner: string | undefined): string {
  return `${namespace}\0${owner ?? ''}\0${key}`;
}

function sealContext(id: string): string {
  return `cache entry ${id}`;
}
