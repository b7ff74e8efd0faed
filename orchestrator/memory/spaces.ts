// Spaces and their keys: creates, unlocks, locks, changes secrets, destroys. OpenSpace holds the content of an unlocked space.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Name, newId } from '../../common/ids.ts';
import { randomCredential, unwrapKey, wrapKey, type Wrap, type WrapKind } from './crypto/key-wrap.ts';
import { KEY_BYTES, SpaceKeys } from './crypto/seal.ts';
import { readLinks, useLinks } from './entity-links.ts';
import { OpenSpace, type OpenSpaceOptions } from './open-space.ts';
import type { MemoryStore, SpaceRow } from './store/memory-store.ts';
import type { SqliteKeyStore } from './store/sqlite-key-store.ts';

/** The space that every user has; all other spaces are private. */
export const MAIN_SPACE = 'main';

export const SpaceRef = z.strictObject({ space: Name.default(MAIN_SPACE) });
export type SpaceRef = z.input<typeof SpaceRef>;

export const Unlock = z.strictObject({
  space: Name.default(MAIN_SPACE),
  secret: z.string().max(1024).optional(),
  recoveryKey: z.string().max(200).optional(),
  /** The key from a key file, for unattended hosts. */
  fileKey: z.string().max(400).optional(),
}).refine((value) => [value.secret, value.recoveryKey, value.fileKey].filter((one) => one !== undefined).length === 1, 'needs exactly one of secret, recoveryKey, fileKey');
export type Unlock = z.input<typeof Unlock>;

export const SpaceStatus = z.strictObject({ name: z.string(), private: z.boolean(), unlocked: z.boolean(), createdAt: z.iso.datetime() });
export type SpaceStatus = z.infer<typeof SpaceStatus>;

export type SpaceLoader = Omit<OpenSpaceOptions, 'row' | 'keys' | 'store' | 'timeZone'> & {
  timeZone: () => string;
  /** Limit for the estimated RAM of the content of all unlocked spaces. */
  budgetBytes: () => number;
  now: () => number;
};

/** A space that was used within this time keeps its content, because a call may still be using it. */
const IN_USE_MS = 300_000;

export class Spaces {
  readonly #store: MemoryStore;
  readonly #keys: SqliteKeyStore;
  readonly #loader: SpaceLoader;
  readonly #open = new Map<string, OpenSpace>();
  /** Unlocked spaces whose content was dropped to stay within the budget; it is loaded again at the next use. */
  readonly #resting = new Map<string, { row: SpaceRow; keys: SpaceKeys }>();
  /** When each unlocked space was last used, by id. */
  readonly #usedAtMs = new Map<string, number>();
  /** Spaces that are being locked; they must finish writing before they are loaded again. */
  readonly #closing = new Map<string, Promise<void>>();

  constructor(store: MemoryStore, keys: SqliteKeyStore, loader: SpaceLoader) {
    this.#store = store;
    this.#keys = keys;
    this.#loader = loader;
    // Removes content whose keys were destroyed: a process that ended between destroying the keys and the content, or a restored backup, may have left it.
    for (const spaceId of keys.destroyed()) store.removeSpace(spaceId);
  }

  /**
   * Creates a user's space with its own key and unlocks it. The recovery key is only returned here.
   * @throws SomnusError `name_taken`; `invalid_request` for a secret that is too short
   */
  async create(userId: string, name: string, secret: string): Promise<{ recoveryKey: string }> {
    if (this.#row(userId, name) !== undefined) throw new SomnusError('name_taken', `A memory space ${name} already exists`);
    const row: SpaceRow = { id: `spc_${randomBytes(16).toString('hex')}`, userId, name, private: name !== MAIN_SPACE, createdAt: new Date().toISOString() };
    const dataKey = randomBytes(KEY_BYTES);
    const recoveryKey = randomCredential();
    const wraps = [await wrapKey('secret', dataKey, secret, row.id), await wrapKey('recovery', dataKey, recoveryKey, row.id)];
    if (this.#row(userId, name) !== undefined) throw new SomnusError('name_taken', `A memory space ${name} already exists`);
    this.#keys.create(row.id, wraps);
    this.#store.createSpace(row);
    this.#load(row, dataKey);
    return { recoveryKey };
  }

  /** Repeatable. @throws SomnusError `locked` for a wrong key or destroyed keys, `not_found` for an unknown space */
  async unlock(userId: string, options: Unlock): Promise<void> {
    const request = parsed(Unlock, options);
    const row = this.#known(userId, request.space);
    const { dataKey } = await this.#dataKey(row, request);
    await this.#closing.get(row.id);
    if (this.#row(userId, request.space)?.id !== row.id) { // the wraps were destroyed while the key was being derived
      dataKey.fill(0);
      this.#known(userId, request.space);
      throw new SomnusError('locked', `The memory space ${row.name} was replaced in the meantime`);
    }
    if (this.#isUnlocked(row.id)) dataKey.fill(0);
    else this.#load(row, dataKey);
  }

  /** Repeatable. Waits for background work on the space, then forgets its key. */
  async lock(userId: string, name: string): Promise<void> {
    const row = this.#known(userId, name);
    const open = this.#open.get(row.id);
    this.#forget(row.id);
    if (open !== undefined) this.#closing.set(row.id, open.close().finally(() => this.#closing.delete(row.id)));
    await this.#closing.get(row.id);
  }

  /** Replaces the secret, authorized by the old one or the recovery key. Replaces only the wrap; data does not change. */
  async changeSecret(userId: string, credential: Unlock, newSecret: string): Promise<void> {
    const request = parsed(Unlock, credential);
    const row = this.#known(userId, request.space);
    const { dataKey, wrap } = await this.#dataKey(row, request);
    try {
      this.#keys.replace(row.id, await wrapKey('secret', dataKey, newSecret, row.id), wrap);
    } finally {
      dataKey.fill(0);
    }
  }

  /** Creates a key for a key file, which unlocks the space on unattended hosts; the previous one stops working. Keep the file out of the data folder and of backups. */
  async newFileKey(userId: string, credential: Unlock): Promise<{ fileKey: string }> {
    return { fileKey: await this.#newKey(userId, credential, 'key-file') };
  }

  /** Creates a new recovery key, which is only returned here; the previous one stops working. */
  async newRecoveryKey(userId: string, credential: Unlock): Promise<{ recoveryKey: string }> {
    return { recoveryKey: await this.#newKey(userId, credential, 'recovery') };
  }

  /** Destroys the keys and then the data: backups of the data stay unreadable. Cannot be undone. */
  async shred(userId: string, name?: string): Promise<number> {
    const rows = this.#store.spacesOf(userId).filter((row) => name === undefined || row.name === name);
    if (rows.length === 0) throw new SomnusError('not_found', name === undefined ? 'This user has no memory' : `There is no memory space ${name}`);
    for (const row of rows) this.#keys.destroy(row.id);
    for (const row of rows) {
      const open = this.#open.get(row.id);
      this.#forget(row.id);
      await open?.discard();
      await this.#closing.get(row.id);
      this.#store.removeSpace(row.id);
    }
    return rows.length;
  }

  /** Returns an unlocked space. @throws SomnusError `locked`, `not_found` */
  get(userId: string, name: string = MAIN_SPACE): OpenSpace {
    const row = this.#known(userId, name);
    const resting = this.#resting.get(row.id);
    const open = this.#open.get(row.id) ?? (resting && this.#fill(row, resting.keys));
    this.#usedAtMs.set(row.id, this.#loader.now());
    if (open === undefined) throw new SomnusError('locked', `The memory space ${name} is locked`, { hint: 'Unlock it with its secret, recovery key or key file.', details: { space: name } });
    return open;
  }

  status(userId: string): SpaceStatus[] {
    return this.#store.spacesOf(userId).map((row) => ({ name: row.name, private: row.private, unlocked: this.#isUnlocked(row.id), createdAt: row.createdAt }));
  }

  /** All users' unlocked spaces whose content is loaded, for background work. */
  loaded(): OpenSpace[] {
    return [...this.#open.values()];
  }

  /** All users' unlocked spaces, and when each was last used. */
  unlocked(): { row: SpaceRow; usedAtMs: number }[] {
    return [...[...this.#open.values()].map(({ row }) => row), ...[...this.#resting.values()].map(({ row }) => row)].map((row) => ({ row, usedAtMs: this.#usedAtMs.get(row.id) ?? 0 }));
  }

  /** Drops the content of the least recently used spaces until the rest fits the budget. They stay unlocked. Keeps content that a call may be using. */
  keepToBudget(): void {
    const byUse = [...this.#open.values()].toSorted((a, b) => (this.#usedAtMs.get(a.row.id) ?? 0) - (this.#usedAtMs.get(b.row.id) ?? 0));
    let bytes = byUse.reduce((sum, space) => sum + space.bytes, 0);
    for (const space of byUse) {
      if (bytes <= this.#loader.budgetBytes()) return;
      if (this.#loader.now() - (this.#usedAtMs.get(space.row.id) ?? 0) < IN_USE_MS) return;
      const freed = space.bytes;
      if (!space.rest()) continue;
      bytes -= freed;
      this.#open.delete(space.row.id);
      this.#resting.set(space.row.id, { row: space.row, keys: space.keys });
    }
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    this.#resting.clear();
    for (const space of open) await space.close();
    await Promise.all(this.#closing.values());
  }

  #load(row: SpaceRow, dataKey: Buffer): void {
    const keys = new SpaceKeys(dataKey);
    dataKey.fill(0);
    this.#fill(row, keys);
  }

  #fill(row: SpaceRow, keys: SpaceKeys): OpenSpace {
    const space = OpenSpace.load({ ...this.#loader, timeZone: this.#loader.timeZone(), row, keys, store: this.#store });
    useLinks(space, readLinks(space, this.#store).links);
    this.#resting.delete(row.id);
    this.#open.set(row.id, space);
    this.#usedAtMs.set(row.id, this.#loader.now());
    this.keepToBudget();
    return space;
  }

  #isUnlocked(spaceId: string): boolean {
    return this.#open.has(spaceId) || this.#resting.has(spaceId);
  }

  #forget(spaceId: string): void {
    this.#open.delete(spaceId);
    this.#resting.delete(spaceId);
    this.#usedAtMs.delete(spaceId);
  }

  async #newKey(userId: string, credential: Unlock, kind: WrapKind): Promise<string> {
    const request = parsed(Unlock, credential);
    const row = this.#known(userId, request.space);
    const { dataKey, wrap } = await this.#dataKey(row, request);
    try {
      const key = randomCredential();
      this.#keys.replace(row.id, await wrapKey(kind, dataKey, key, row.id), wrap);
      return key;
    } finally {
      dataKey.fill(0);
    }
  }

  /** The data key, and the wrap that authorizes its use. */
  async #dataKey(row: SpaceRow, request: z.output<typeof Unlock>): Promise<{ dataKey: Buffer; wrap: Wrap }> {
    const [kind, credential]: [WrapKind, string] = request.secret !== undefined ? ['secret', request.secret]
      : request.recoveryKey !== undefined ? ['recovery', request.recoveryKey] : ['key-file', request.fileKey ?? ''];
    const wrap = this.#keys.get(row.id, kind);
    if (wrap === undefined) throw new SomnusError('locked', `The memory space ${row.name} has no ${kind}`, { hint: 'Its keys may have been destroyed, or the key store was not restored.' });
    return { dataKey: await unwrapKey(wrap, credential, row.id), wrap };
  }

  #row(userId: string, name: string): SpaceRow | undefined {
    return this.#store.spacesOf(userId).find((row) => row.name === name);
  }

  #known(userId: string, name: string): SpaceRow {
    const row = this.#row(userId, name);
    if (row === undefined) throw new SomnusError('not_found', `There is no memory space ${name}`, { hint: 'Set up memory first with `somnus memory setup`.' });
    return row;
  }
}

/** Parses an input. @throws SomnusError `invalid_request` naming the field */
export function parsed<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new SomnusError('invalid_request', field === '' ? issue?.message ?? 'Not valid' : `${field}: ${issue?.message}`, { details: { field } });
}

export function newMemoryId(nowMs: number): string {
  return newId('mem', nowMs);
}
