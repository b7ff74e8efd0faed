// Users and their API keys in SQLite: create, verify, list, revoke. api-key.ts defines the scopes.
//
// Stores only SHA-256 hashes of secrets. Slow hashes (scrypt, argon2) are for passwords that people choose: 256 random bits cannot
// be guessed, and every request would pay the cost.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Migration } from '../store/migrations.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { ApiKey, CreateApiKey, CreatedApiKey, KeyScope } from './api-key.ts';
import { beyondLimit, isAdmin, type Caller } from './caller.ts';

export const keyMigrations: readonly Migration[] = [{
  version: 4,
  name: 'users and keys',
  up: `
    CREATE TABLE users (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      created_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE api_keys (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      user_id TEXT NOT NULL REFERENCES users (id),
      scopes TEXT NOT NULL,
      environment_id TEXT,
      secret_hash BLOB NOT NULL,
      created_at TEXT NOT NULL,
      expires_at TEXT,
      last_used_at TEXT,
      revoked_at TEXT
    ) STRICT;
    CREATE INDEX api_keys_by_user ON api_keys (user_id, id);
    CREATE INDEX api_keys_by_environment ON api_keys (environment_id) WHERE environment_id IS NOT NULL;
  `,
}, {
  version: 150,
  name: 'keys that may purge',
  up: 'ALTER TABLE api_keys ADD COLUMN may_purge INTEGER NOT NULL DEFAULT 0',
}, {
  version: 151,
  name: 'users that were removed',
  up: 'ALTER TABLE users ADD COLUMN removed_at TEXT',
}];

interface KeyRow {
  id: string; name: string; user_id: string; user_name: string; scopes: string; environment_id: string | null; environment_name: string | null; secret_hash: Buffer;
  may_purge: number; created_at: string; expires_at: string | null; last_used_at: string | null; revoked_at: string | null;
}

/** A user with the number of their valid keys. */
export interface UserRow { id: string; name: string; createdAt: string; keys: number }

export interface ApiKeysOptions {
  store: SqliteStore;
  events: SqliteEventLog;
  /** Id of an environment that the caller can see, by name or id. @throws SomnusError `not_found` */
  resolveEnvironment: (caller: Caller, ref: string) => Promise<string>;
  now?: () => Date;
}

/** The content of a key that has already been permitted. */
export interface IssueKey {
  name: string;
  /** Name of the user, who is created if missing. */
  user: string;
  scopes: readonly KeyScope[];
  environmentId: string | null;
  /** For keys limited to one environment. */
  mayPurge?: boolean;
  expiresAt: Date | null;
  /** Id of the key that created it; null for Somnus itself. */
  actor: string | null;
}

/** Accuracy of `lastUsedAt`, so that not every request writes. */
const LAST_USED_INTERVAL_MS = 60_000;
const DAY_MS = 86_400_000;
const SELECT = 'SELECT api_keys.*, users.name AS user_name, environments.name AS environment_name FROM api_keys JOIN users ON users.id = api_keys.user_id LEFT JOIN environments ON environments.id = api_keys.environment_id';
/** Compared with when the key is unknown, so that the answer takes as long. */
const NO_HASH = Buffer.alloc(32);

export class SqliteApiKeys {
  readonly #store: SqliteStore;
  readonly #events: SqliteEventLog;
  readonly #resolveEnvironment: ApiKeysOptions['resolveEnvironment'];
  readonly #now: () => Date;

  constructor(options: ApiKeysOptions) {
    this.#store = options.store;
    this.#events = options.events;
    this.#resolveEnvironment = options.resolveEnvironment;
    this.#now = options.now ?? (() => new Date());
  }

  /** Returns the caller of this key. @throws SomnusError `unauthenticated` (malformed, unknown or revoked: the answer does not say which), `key_expired` */
  async verify(secret: string): Promise<Caller> {
    const part = /^somnus_([0-9a-z]{26})_[0-9a-f]{64}$/.exec(secret)?.[1];
    const row = part === undefined ? undefined : this.#find(`key_${part}`);
    const matches = timingSafeEqual(hash(secret), row?.secret_hash ?? NO_HASH);
    if (!row || !matches || row.revoked_at !== null) throw new SomnusError('unauthenticated', 'The API key is unknown or was revoked');
    const now = this.#now();
    if (row.expires_at !== null && row.expires_at <= now.toISOString()) throw new SomnusError('key_expired', `The API key ${row.name} expired at ${row.expires_at}`, { details: { keyId: row.id, expiresAt: row.expires_at } });
    if (row.last_used_at === null || now.getTime() - Date.parse(row.last_used_at) >= LAST_USED_INTERVAL_MS) {
      try {
        this.#store.transaction(() => this.#store.db.prepare('UPDATE api_keys SET last_used_at = ? WHERE id = ?').run(now.toISOString(), row.id));
      } catch (thrown) { // a full disk must not prevent users from reading or freeing space
        const { code } = toSomnusError(thrown);
        if (code !== 'insufficient_space' && code !== 'unavailable') throw thrown;
      }
    }
    return { keyId: row.id, user: row.user_id, scopes: scopesOf(row), environmentId: row.environment_id, ...(row.environment_name === null ? {} : { environmentName: row.environment_name }), mayPurge: mayPurge(row) };
  }

  /**
   * Creates a key with at most the rights and lifetime of the caller's own; admins can create any.
   * @throws SomnusError `forbidden` for scopes, users or environments beyond the caller's own; `invalid_request`; `not_found`
   */
  async create(caller: Caller, request: CreateApiKey): Promise<CreatedApiKey> {
    const own = this.#find(caller.keyId);
    const userName = request.user ?? this.#store.read(() => this.#store.db.prepare<[string], string>('SELECT name FROM users WHERE id = ?').pluck().get(caller.user));
    if (userName === undefined) throw new SomnusError('unauthenticated', 'The API key has no user');
    let expiresAt = request.expiresInDays === undefined ? null : new Date(this.#now().getTime() + request.expiresInDays * DAY_MS);
    if (!isAdmin(caller)) {
      if (caller.environmentId !== null) throw beyondLimit(caller, 'cannot create keys');
      if (request.user !== undefined && request.user !== own?.user_name) throw new SomnusError('forbidden', 'Only admins can create keys for other users');
      const beyond = request.scopes.filter((scope) => !caller.scopes.includes(scope));
      if (beyond.length > 0) throw new SomnusError('forbidden', `The API key cannot grant scopes that it does not have: ${beyond.join(', ')}`, { details: { scopes: beyond } });
      const end = own?.expires_at == null ? null : new Date(own.expires_at);
      if (end && (!expiresAt || expiresAt > end)) expiresAt = end;
    }
    if (request.environment !== undefined && request.scopes.includes('admin')) throw new SomnusError('invalid_request', 'A key that is limited to one environment cannot have the scope admin', { details: { field: 'scopes' } });
    const environmentId = request.environment === undefined ? null : await this.#resolveEnvironment(caller, request.environment);
    return this.issue({ name: request.name, user: userName, scopes: request.scopes, environmentId, mayPurge: request.mayPurge, expiresAt, actor: caller.keyId });
  }

  /** Creates a key without a permission check, for set-up and for the tokens of VMs. */
  issue(request: IssueKey): CreatedApiKey {
    const id = newId('key', this.#now().getTime());
    const secret = `somnus_${id.slice('key_'.length)}_${randomBytes(32).toString('hex')}`;
    return this.#store.transaction(() => {
      const userId = this.#userId(request.user);
      this.#store.db.prepare('INSERT INTO api_keys (id, name, user_id, scopes, environment_id, secret_hash, may_purge, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
        .run(id, request.name, userId, JSON.stringify(request.scopes), request.environmentId, hash(secret), Number(request.mayPurge ?? false), this.#now().toISOString(), request.expiresAt?.toISOString() ?? null);
      const key = this.#require(id);
      this.#record('key.created', key, request.actor);
      return { ...toApiKey(key), secret };
    });
  }

  /** Newest first: the caller's own, or all for admins. */
  async list(caller: Caller, query: PageQuery): Promise<Page<ApiKey>> {
    const rows = this.#store.read(() => this.#store.db
      .prepare<unknown[], KeyRow>(`${SELECT} WHERE api_keys.id < @before AND (@everyone OR user_id = @user) AND (@environment IS NULL OR environment_id = @environment) ORDER BY api_keys.id DESC LIMIT @limit`)
      .all({ before: query.cursor ?? '~', everyone: Number(isAdmin(caller)), user: caller.user, environment: caller.environmentId, limit: query.limit + 1 }));
    const items = rows.slice(0, query.limit).map(toApiKey);
    return { items, nextCursor: rows.length > query.limit ? items.at(-1)?.id ?? null : null };
  }

  /** Revokes a key at once, by id or name. Repeatable by id. @throws SomnusError `not_found`, also for another user's; `forbidden` for a key that is limited to an environment; `invalid_request` when several have the name */
  async revoke(caller: Caller, ref: string): Promise<ApiKey> {
    return this.#store.transaction(() => {
      const row = this.#find(ref) ?? this.#named(caller, ref);
      if (!row || !(isAdmin(caller) || row.user_id === caller.user)) throw new SomnusError('not_found', `There is no key ${ref}`, { hint: 'See `somnus key ls`.' });
      if (caller.environmentId !== null && row.id !== caller.keyId) throw beyondLimit(caller, 'can only revoke itself');
      this.#revoke(row, caller.keyId);
      return toApiKey(row);
    });
  }

  /** Revokes the keys that are limited to a removed environment. Repeatable. */
  revokeAllOf(environmentId: string): void {
    this.#store.transaction(() => {
      for (const row of this.#store.db.prepare<[string], KeyRow>(`${SELECT} WHERE environment_id = ?`).all(environmentId)) this.#revoke(row, null);
    });
  }

  /** By name, without removed users. */
  users(): UserRow[] {
    return this.#store.read(() => this.#store.db.prepare<[string], UserRow>(`
      SELECT id, name, created_at AS createdAt,
        (SELECT count(*) FROM api_keys WHERE user_id = users.id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)) AS keys
      FROM users WHERE removed_at IS NULL ORDER BY name`).all(this.#now().toISOString()));
  }

  /** Revokes all keys of a user. Creating a key for that name restores the user with their memory and removed environments. Repeatable. */
  removeUser(user: { id: string; name: string }, actor: string): void {
    this.#store.transaction(() => {
      for (const row of this.#store.db.prepare<[string], KeyRow>(`${SELECT} WHERE user_id = ?`).all(user.id)) this.#revoke(row, actor);
      const { changes } = this.#store.db.prepare('UPDATE users SET removed_at = ? WHERE id = ? AND removed_at IS NULL').run(this.#now().toISOString(), user.id);
      if (changes > 0) this.#events.append({ type: 'user.removed', owner: user.id, subject: { type: 'user', id: user.id, name: user.name }, actor, data: {} });
    });
  }

  #revoke(row: KeyRow, actor: string | null): void {
    if (row.revoked_at !== null) return;
    row.revoked_at = this.#now().toISOString();
    this.#store.db.prepare('UPDATE api_keys SET revoked_at = ? WHERE id = ?').run(row.revoked_at, row.id);
    this.#record('key.revoked', row, actor);
  }

  #userId(name: string): string {
    const known = this.#store.db.prepare<[string], { id: string; removed_at: string | null }>('SELECT id, removed_at FROM users WHERE name = ?').get(name);
    if (known && known.removed_at !== null) {
      this.#store.db.prepare('UPDATE users SET removed_at = NULL WHERE id = ?').run(known.id);
      this.#events.append({ type: 'user.restored', owner: known.id, subject: { type: 'user', id: known.id, name }, actor: null, data: {} });
    }
    if (known) return known.id;
    const id = newId('usr', this.#now().getTime());
    this.#store.db.prepare('INSERT INTO users (id, name, created_at) VALUES (?, ?, ?)').run(id, name, this.#now().toISOString());
    return id;
  }

  #find(id: string): KeyRow | undefined {
    return this.#store.read(() => this.#store.db.prepare<[string], KeyRow>(`${SELECT} WHERE api_keys.id = ?`).get(id));
  }

  /** The only valid key of this name that the caller sees. */
  #named(caller: Caller, name: string): KeyRow | undefined {
    const rows = this.#store.read(() => this.#store.db.prepare<unknown[], KeyRow>(`${SELECT} WHERE api_keys.name = @name AND revoked_at IS NULL AND (@everyone OR user_id = @user) AND (@environment IS NULL OR environment_id = @environment)`)
      .all({ name, everyone: Number(isAdmin(caller)), user: caller.user, environment: caller.environmentId }));
    if (rows.length > 1) throw new SomnusError('invalid_request', `${rows.length} keys have the name ${name}`, { hint: `Use the id: ${rows.map(({ id }) => id).join(', ')}.`, details: { ids: rows.map(({ id }) => id) } });
    return rows[0];
  }

  #require(id: string): KeyRow {
    const row = this.#find(id);
    if (!row) throw new SomnusError('internal', `The key ${id} no longer exists`);
    return row;
  }

  #record(type: string, key: KeyRow, actor: string | null): void {
    this.#events.append({ type, owner: key.user_id, subject: { type: 'key', id: key.id, name: key.name }, actor, data: { user: key.user_name, scopes: scopesOf(key), environmentId: key.environment_id } });
  }
}

function hash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function scopesOf(row: KeyRow): KeyScope[] {
  return JSON.parse(row.scopes) as KeyScope[];
}

function mayPurge(row: KeyRow): boolean {
  return row.environment_id === null || row.may_purge === 1;
}

function toApiKey(row: KeyRow): ApiKey {
  return {
    id: row.id, name: row.name, user: row.user_name, scopes: scopesOf(row), environmentId: row.environment_id, mayPurge: mayPurge(row),
    createdAt: row.created_at, expiresAt: row.expires_at, lastUsedAt: row.last_used_at, revokedAt: row.revoked_at,
  };
}
