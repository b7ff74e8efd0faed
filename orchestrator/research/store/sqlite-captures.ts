// Captures on disk. Bytes and texts are stored once by hash, compressed, and never changed.
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { SomnusError } from '../../../common/errors.ts';
import type { Migration } from '../../store/migrations.ts';
import type { Page, PageQuery } from '../../store/page.ts';
import type { SqliteStore } from '../../store/sqlite-store.ts';
import { Capture } from '../capture.ts';

export const captureMigrations: readonly Migration[] = [{
  version: 1,
  name: 'captures',
  up: `
    CREATE TABLE contents (hash TEXT PRIMARY KEY, zipped BLOB NOT NULL) STRICT;
    CREATE TABLE captures (
      id TEXT PRIMARY KEY,
      url TEXT NOT NULL,
      content_hash TEXT NOT NULL REFERENCES contents (hash),
      text_hash TEXT REFERENCES contents (hash),
      checked_at TEXT NOT NULL,
      headers TEXT NOT NULL,
      capture TEXT NOT NULL
    ) STRICT;
    CREATE INDEX captures_by_url ON captures (url, id);
    CREATE INDEX captures_by_content ON captures (content_hash);
    CREATE INDEX captures_by_text ON captures (text_hash);
  `,
}];

/** The parts of a new capture. */
export interface NewCapture {
  capture: Capture;
  headers: Readonly<Record<string, string>>;
  bytes: Uint8Array;
  text: string | undefined;
}

export interface StoredCapture { capture: Capture; headers: Record<string, string> }

interface Row { capture: string; checked_at: string; headers: string }

const zip = promisify(gzip);
const unzip = promisify(gunzip);

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

export class SqliteCaptures {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Stores a capture; `alsoDo` runs in the same transaction. Content that is already stored is not stored again. */
  async add({ capture, headers, bytes, text }: NewCapture, alsoDo: () => void = () => {}): Promise<void> {
    const contents = [{ hash: capture.contentHash, zipped: await zip(bytes) }, ...(text === undefined || capture.textHash === null ? [] : [{ hash: capture.textHash, zipped: await zip(text) }])];
    this.#store.transaction(() => {
      const put = this.#store.db.prepare('INSERT OR IGNORE INTO contents (hash, zipped) VALUES (?, ?)');
      for (const { hash, zipped } of contents) put.run(hash, zipped);
      this.#store.db.prepare('INSERT INTO captures (id, url, content_hash, text_hash, checked_at, headers, capture) VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(capture.id, capture.url, capture.contentHash, capture.textHash, capture.checkedAt, JSON.stringify(headers), JSON.stringify(capture));
      alsoDo();
    });
  }

  /** The newest capture of an address. */
  latest(url: string): StoredCapture | undefined {
    const row = this.#store.read(() => this.#store.db.prepare<[string], Row>('SELECT capture, checked_at, headers FROM captures WHERE url = ? ORDER BY id DESC LIMIT 1').get(url));
    return row && storedOf(row);
  }

  /** The newest capture of an address that has a text. */
  latestRead(url: string): StoredCapture | undefined {
    const row = this.#store.read(() => this.#store.db.prepare<[string], Row>('SELECT capture, checked_at, headers FROM captures WHERE url = ? AND text_hash IS NOT NULL ORDER BY id DESC LIMIT 1').get(url));
    return row && storedOf(row);
  }

  /** @throws SomnusError `not_found` */
  get(id: string): StoredCapture {
    const row = this.#row(id);
    if (row === undefined) throw new SomnusError('not_found', `There is no capture ${id}`, { hint: 'See `somnus research ls`.' });
    return storedOf(row);
  }

  /** Undefined if it was deleted. */
  find(id: string): Capture | undefined {
    const row = this.#row(id);
    return row && storedOf(row).capture;
  }

  /** Newest first. */
  list({ limit, cursor, url }: PageQuery & { url?: string | undefined }): Page<Capture> {
    const rows = this.#store.read(() => this.#store.db
      .prepare<(string | number | null)[], Row>('SELECT capture, checked_at, headers FROM captures WHERE (? IS NULL OR id < ?) AND (? IS NULL OR url = ?) ORDER BY id DESC LIMIT ?')
      .all(cursor ?? null, cursor ?? null, url ?? null, url ?? null, limit + 1));
    const items = rows.slice(0, limit).map((row) => storedOf(row).capture);
    return { items, nextCursor: rows.length > limit ? items.at(-1)?.id ?? null : null };
  }

  /** Records that the server confirmed that the page has not changed. */
  confirm(id: string, at: string): void {
    this.#store.transaction(() => this.#store.db.prepare('UPDATE captures SET checked_at = ? WHERE id = ?').run(at, id));
  }

  /** Bytes or a text by hash; compares them with the hash. @throws SomnusError `corrupt` */
  async content(hash: string): Promise<Buffer> {
    const zipped = this.#store.read(() => this.#store.db.prepare<[string], Buffer>('SELECT zipped FROM contents WHERE hash = ?').pluck().get(hash));
    const bytes = zipped === undefined ? undefined : await unzip(zipped).catch(() => undefined);
    if (bytes === undefined || sha256(bytes) !== hash) throw new SomnusError('corrupt', `The content ${hash} of a capture is damaged or missing`);
    return bytes;
  }

  /** Deletes a capture, and its content if no other capture has it. @throws SomnusError `not_found` */
  remove(id: string): void {
    this.#store.transaction(() => {
      this.get(id);
      this.#store.db.prepare('DELETE FROM captures WHERE id = ?').run(id);
      this.#store.db.prepare('DELETE FROM contents WHERE NOT EXISTS (SELECT 1 FROM captures WHERE content_hash = hash) AND NOT EXISTS (SELECT 1 FROM captures WHERE text_hash = hash)').run();
    });
  }

  #row(id: string): Row | undefined {
    return this.#store.read(() => this.#store.db.prepare<[string], Row>('SELECT capture, checked_at, headers FROM captures WHERE id = ?').get(id));
  }
}

function storedOf(row: Row): StoredCapture {
  return { capture: { ...Capture.parse(JSON.parse(row.capture)), checkedAt: row.checked_at }, headers: JSON.parse(row.headers) as Record<string, string> };
}
