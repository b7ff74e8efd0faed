// The local index: finds passages of all collected texts by their words (SQLite FTS5) and by vectors, which are quantized to int8 and all compared. Each passage is a span of a stored text, so it can be quoted.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Migration } from '../../store/migrations.ts';
import type { SqliteStore } from '../../store/sqlite-store.ts';
import { terms, words } from '../../memory/text/terms.ts';
import { quantize } from '../../memory/vectors/vector-index.ts';
import { passagesOf } from '../passages.ts';
import type { Span } from '../capture.ts';

export const passageMigrations: readonly Migration[] = [{
  version: 2,
  name: 'passages',
  up: `
    CREATE TABLE passages (
      id INTEGER PRIMARY KEY,
      text_hash TEXT NOT NULL REFERENCES contents (hash) ON DELETE CASCADE,
      start INTEGER NOT NULL,
      end INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX passages_by_text ON passages (text_hash);
    CREATE VIRTUAL TABLE passage_words USING fts5 (text, content='', contentless_delete=1, tokenize='porter unicode61 remove_diacritics 2');
    CREATE TRIGGER passages_removed AFTER DELETE ON passages BEGIN DELETE FROM passage_words WHERE rowid = old.id; END;
  `,
}, {
  version: 8,
  name: 'passage vectors',
  up: 'CREATE TABLE passage_vectors (passage_id INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE, model TEXT NOT NULL, scale REAL NOT NULL, vector BLOB NOT NULL) STRICT;',
}];

export interface PassageHit extends Span {
  captureId: string;
  textHash: string;
  /** Higher is better; comparable within one search. */
  score: number;
}

const MAX_QUERY_WORDS = 40;
/** Vectors that are compared before other work gets its turn; a few milliseconds. */
const VECTORS_AT_ONCE = 2000;

export class SqlitePassages {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Indexes a text, if it is not indexed yet. Joins the current transaction, which must have stored the text. */
  add(textHash: string, text: string): void {
    const { db } = this.#store;
    this.#store.transaction(() => {
      if (db.prepare('SELECT 1 FROM passages WHERE text_hash = ?').get(textHash) !== undefined) return;
      const [insert, index] = [db.prepare('INSERT INTO passages (text_hash, start, end) VALUES (?, ?, ?)'), db.prepare('INSERT INTO passage_words (rowid, text) VALUES (?, ?)')];
      for (const { start, end } of passagesOf(text)) index.run(insert.run(textHash, start, end).lastInsertRowid, text.slice(start, end));
    });
  }

  /** The best passages that contain any of the words, at most `perText` from each text, each with its newest capture. Best first. */
  search(query: string, { limit, perText = 2 }: { limit: number; perText?: number }): PassageHit[] {
    const asked = [...new Set(words(query))];
    const telling = asked.filter((word) => terms(word).length > 0);
    const match = (telling.length > 0 ? telling : asked).slice(0, MAX_QUERY_WORDS).map((word) => `"${word}"`).join(' OR '); // words contain no quotation marks
    if (match === '') return [];
    return this.#store.read(() => this.#store.db.prepare<[string, number, number], PassageHit>(`
      WITH ranked AS MATERIALIZED (SELECT rowid, -bm25(passage_words) AS score FROM passage_words WHERE passage_words MATCH ? ORDER BY score DESC LIMIT 2000),
        found AS (SELECT text_hash AS textHash, start, end, score, row_number() OVER (PARTITION BY text_hash ORDER BY score DESC) AS place FROM ranked JOIN passages ON passages.id = ranked.rowid)
      SELECT (SELECT id FROM captures WHERE text_hash = textHash ORDER BY id DESC LIMIT 1) AS captureId, textHash, start, end, score FROM found
      WHERE place <= ? ORDER BY score DESC LIMIT ?`).all(match, perText, limit));
  }

  count(): number {
    return this.#store.read(() => this.#store.db.prepare<[], number>('SELECT count(*) FROM passages').pluck().get() ?? 0);
  }

  /** How many passages have a vector of this model. */
  withVectors(model: string): number {
    return this.#store.read(() => this.#store.db.prepare<[string], number>('SELECT count(*) FROM passage_vectors WHERE model = ?').pluck().get(model) ?? 0);
  }

  /** Passages without a vector of this model, by id. */
  withoutVector(model: string, { after, limit }: { after: number; limit: number }): (Span & { id: number; textHash: string })[] {
    return this.#store.read(() => this.#store.db.prepare<[string, number, number], Span & { id: number; textHash: string }>(`
      SELECT id, text_hash AS textHash, start, end FROM passages LEFT JOIN passage_vectors ON passage_id = id AND model = ? WHERE passage_id IS NULL AND id > ? ORDER BY id LIMIT ?`).all(model, after, limit));
  }

  /** Replaces vectors of other models. Leaves out passages that were deleted in the meantime. */
  setVectors(model: string, vectors: readonly { id: number; vector: Float32Array }[]): void {
    this.#store.transaction(() => {
      const put = this.#store.db.prepare('INSERT OR REPLACE INTO passage_vectors (passage_id, model, scale, vector) SELECT id, ?, ?, ? FROM passages WHERE id = ?');
      for (const { id, vector } of vectors) {
        const { values, scale } = quantize(vector);
        put.run(model, scale, Buffer.from(values.buffer), id);
      }
    });
  }

  /** The passages whose vectors have the highest cosine with the query's, at least `least`. Best first, at most `perText` from each text. Yields to other work. */
  async searchByVector(model: string, query: Float32Array, { limit, perText, least }: { limit: number; perText: number; least: number }): Promise<PassageHit[]> {
    const found: { id: number; score: number }[] = [];
    const rows = this.#store.db.prepare<[string, number, number], { id: number; scale: number; vector: Buffer }>('SELECT passage_id AS id, scale, vector FROM passage_vectors WHERE model = ? AND passage_id > ? ORDER BY passage_id LIMIT ?');
    for (let after = 0; ;) {
      const block = this.#store.read(() => rows.all(model, after, VECTORS_AT_ONCE));
      for (const { id, scale, vector } of block) {
        const score = cosine(query, new Int8Array(vector.buffer, vector.byteOffset, vector.length)) * scale;
        if (score >= least) found.push({ id, score });
      }
      if (block.length < VECTORS_AT_ONCE) break;
      after = block.at(-1)!.id;
      await nextTurn();
    }
    const ofText = new Map<string, number>();
    const place = this.#store.db.prepare<[number], Omit<PassageHit, 'score'> | undefined>('SELECT (SELECT id FROM captures WHERE text_hash = textHash ORDER BY id DESC LIMIT 1) AS captureId, textHash, start, end FROM (SELECT text_hash AS textHash, start, end FROM passages WHERE id = ?)');
    const hits: PassageHit[] = [];
    for (const { id, score } of found.toSorted((a, b) => b.score - a.score)) {
      if (hits.length === limit) break;
      const passage = this.#store.read(() => place.get(id));
      if (passage === undefined || (ofText.get(passage.textHash) ?? 0) >= perText) continue;
      ofText.set(passage.textHash, (ofText.get(passage.textHash) ?? 0) + 1);
      hits.push({ ...passage, score });
    }
    return hits;
  }
}

/** Both have length 1; the result still has to be multiplied by the scale of the quantized vector. */
function cosine(query: Float32Array, values: Int8Array): number {
  let sum = 0;
  for (let at = 0; at < query.length; at += 1) sum += query[at]! * (values[at] ?? 0);
  return sum;
}
