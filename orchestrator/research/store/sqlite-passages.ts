// The local index: finds passages of all collected texts by their words (SQLite FTS5). Each passage is a span of a stored text, so it can be quoted.
import type { Migration } from '../../store/migrations.ts';
import type { SqliteStore } from '../../store/sqlite-store.ts';
import { terms, words } from '../../memory/text/terms.ts';
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
}];

export interface PassageHit extends Span {
  captureId: string;
  textHash: string;
  /** Higher is better; comparable within one search. */
  score: number;
}

const MAX_QUERY_WORDS = 40;

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
}
