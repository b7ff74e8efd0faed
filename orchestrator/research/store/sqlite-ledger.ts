// The evidence ledger: runs, the pages that each has visited, and the evidence that it found. Returns evidence only if its quote is at its offsets in a stored text with its hash.
import { SomnusError } from '../../../common/errors.ts';
import type { Migration } from '../../store/migrations.ts';
import type { Page, PageQuery } from '../../store/page.ts';
import type { SqliteStore } from '../../store/sqlite-store.ts';
import { Evidence, Finding, type Citation } from '../evidence/evidence.ts';
import { ResearchRun, type NewRun } from '../runs/research-run.ts';
import type { ResearchReport } from '../runs/research-report.ts';
import { Draft } from '../writing/write-section.ts';
import type { SqliteCaptures } from './sqlite-captures.ts';

export const ledgerMigrations: readonly Migration[] = [{
  version: 3,
  name: 'ledger',
  up: `
    CREATE TABLE runs (id TEXT PRIMARY KEY, workflow TEXT NOT NULL, input TEXT NOT NULL, operation_id TEXT, created_at TEXT NOT NULL, report TEXT) STRICT;
    CREATE TABLE run_pages (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      place INTEGER NOT NULL,
      url TEXT NOT NULL,
      capture_id TEXT,
      problem TEXT,
      PRIMARY KEY (run_id, url)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE evidence (id INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, entry TEXT NOT NULL) STRICT;
    CREATE INDEX evidence_by_run ON evidence (run_id, id);
  `,
}, {
  version: 4,
  name: 'findings',
  up: `
    CREATE TABLE findings (run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, id INTEGER NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (run_id, id)) STRICT, WITHOUT ROWID;
    ALTER TABLE run_pages ADD COLUMN origin TEXT;
  `,
}, {
  version: 5,
  name: 'drafts',
  up: `CREATE TABLE drafts (run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, question INTEGER NOT NULL, draft TEXT NOT NULL, PRIMARY KEY (run_id, question)) STRICT, WITHOUT ROWID;`,
}, {
  version: 7,
  name: 'runs by capture',
  up: 'CREATE INDEX run_pages_by_capture ON run_pages (capture_id);',
}];

/** A page of a run, with its capture, or the reason why there is none. With neither, the page is still to be visited. `origin`: where the capture came from. */
export interface RunPage { url: string; captureId: string | null; problem: string | null; origin: 'store' | 'network' | 'unchanged' | null }

interface RunRow { id: string; workflow: string; input: string; operation_id: string | null; created_at: string; report: string | null }

export class SqliteLedger {
  readonly #store: SqliteStore;
  readonly #captures: SqliteCaptures;

  constructor(store: SqliteStore, captures: SqliteCaptures) {
    this.#store = store;
    this.#captures = captures;
  }

  addRun({ id, workflow, input, createdAt }: NewRun): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT INTO runs (id, workflow, input, created_at) VALUES (?, ?, ?, ?)').run(id, workflow, JSON.stringify(input), createdAt));
  }

  setOperation(id: string, operationId: string): void {
    this.#store.transaction(() => this.#store.db.prepare('UPDATE runs SET operation_id = ? WHERE id = ?').run(operationId, id));
  }

  setReport(id: string, report: ResearchReport): void {
    this.#store.transaction(() => this.#store.db.prepare('UPDATE runs SET report = ? WHERE id = ?').run(JSON.stringify(report), id));
  }

  /** @throws SomnusError `not_found` */
  run(id: string): ResearchRun {
    const row = this.#store.read(() => this.#store.db.prepare<[string], RunRow>('SELECT * FROM runs WHERE id = ?').get(id));
    if (row === undefined) throw new SomnusError('not_found', `There is no research run ${id}`, { hint: 'See `somnus research runs`.' });
    return runOf(row);
  }

  /** Newest first. */
  runs({ limit, cursor }: PageQuery): Page<ResearchRun> {
    const rows = this.#store.read(() => this.#store.db.prepare<(string | number | null)[], RunRow>('SELECT * FROM runs WHERE (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?').all(cursor ?? null, cursor ?? null, limit + 1));
    const items = rows.slice(0, limit).map((row) => ({ ...runOf(row), report: null }));
    return { items, nextCursor: rows.length > limit ? items.at(-1)?.id ?? null : null };
  }

  /** Deletes a run and its evidence; keeps the pages. Repeatable. */
  removeRun(id: string): void {
    this.#store.transaction(() => this.#store.db.prepare('DELETE FROM runs WHERE id = ?').run(id));
  }

  /** In the order in which they are visited; empty until the run has been planned. */
  pages(runId: string): RunPage[] {
    return this.#store.read(() => this.#store.db.prepare<[string], RunPage>('SELECT url, capture_id AS captureId, problem, origin FROM run_pages WHERE run_id = ? ORDER BY place').all(runId));
  }

  /** Runs that were started before this one and read some of its captures, newest first. */
  earlierRuns(runId: string): string[] {
    return this.#store.read(() => this.#store.db.prepare<[string, string], string>('SELECT DISTINCT other.run_id FROM run_pages AS own JOIN run_pages AS other ON other.capture_id = own.capture_id WHERE own.run_id = ? AND other.run_id < ? ORDER BY other.run_id DESC LIMIT 20').pluck().all(runId, runId));
  }

  /** Adds all pages of a run at once, so that an interrupted run is not planned again. */
  plan(runId: string, pages: readonly RunPage[]): void {
    this.#store.transaction(() => this.#append(runId, 0, pages));
  }

  /** Records a visited page, and adds the pages that it lists until the run has `maxPages` of them. */
  visited(runId: string, { url, captureId, problem, origin }: RunPage, listed: readonly RunPage[], maxPages: number): void {
    this.#store.transaction(() => {
      this.#store.db.prepare('UPDATE run_pages SET capture_id = ?, problem = ?, origin = ? WHERE run_id = ? AND url = ?').run(captureId, problem, origin, runId, url);
      if (listed.length === 0) return;
      const known = new Set(this.pages(runId).map((page) => page.url));
      const added = [...new Map(listed.filter((page) => !known.has(page.url)).map((page) => [page.url, page])).values()];
      this.#append(runId, known.size, added.slice(0, Math.max(0, maxPages - known.size)));
    });
  }

  #append(runId: string, from: number, pages: readonly RunPage[]): void {
    const insert = this.#store.db.prepare('INSERT OR IGNORE INTO run_pages (run_id, place, url, capture_id, problem, origin) VALUES (?, ?, ?, ?, ?, ?)');
    for (const [place, { url, captureId, problem, origin }] of pages.entries()) insert.run(runId, from + place, url, captureId, problem, origin);
  }

  /** Replaces the evidence and findings of a run, and deletes the drafts on them. */
  setEvidence(runId: string, evidence: readonly Evidence[], findings: readonly Finding[] = []): void {
    this.#store.transaction(() => {
      const { db } = this.#store;
      db.prepare('DELETE FROM evidence WHERE run_id = ?').run(runId);
      db.prepare('DELETE FROM findings WHERE run_id = ?').run(runId);
      db.prepare('DELETE FROM drafts WHERE run_id = ?').run(runId);
      const insert = db.prepare('INSERT INTO evidence (run_id, entry) VALUES (?, ?)');
      for (const entry of evidence) insert.run(runId, JSON.stringify(entry));
      const insertFinding = db.prepare('INSERT INTO findings (run_id, id, entry) VALUES (?, ?, ?)');
      for (const entry of findings) insertFinding.run(runId, entry.id, JSON.stringify(entry));
    });
  }

  /** What a language model wrote about a question of the run. */
  draft(runId: string, question: number): Draft | undefined {
    const draft = this.#store.read(() => this.#store.db.prepare<[string, number], string>('SELECT draft FROM drafts WHERE run_id = ? AND question = ?').pluck().get(runId, question));
    return draft === undefined ? undefined : Draft.parse(JSON.parse(draft));
  }

  setDraft(runId: string, question: number, draft: Draft): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT OR REPLACE INTO drafts (run_id, question, draft) VALUES (?, ?, ?)').run(runId, question, JSON.stringify(draft)));
  }

  /** The evidence and findings of a run that resolve, and the number of entries that do not, because their page was deleted or its text is damaged. */
  async evidence(runId: string): Promise<{ evidence: Evidence[]; findings: Finding[]; unresolved: number }> {
    const all = (sql: string): unknown[] => this.#store.read(() => this.#store.db.prepare<[string], string>(sql).pluck().all(runId)).map((entry) => JSON.parse(entry));
    const evidence = all('SELECT entry FROM evidence WHERE run_id = ? ORDER BY id').map((entry) => Evidence.parse(entry));
    const findings = all('SELECT entry FROM findings WHERE run_id = ? ORDER BY id').map((entry) => Finding.parse(entry));
    const resolved = { evidence: await this.#resolving(evidence), findings: await this.#resolving(findings) };
    return { ...resolved, unresolved: evidence.length + findings.length - resolved.evidence.length - resolved.findings.length };
  }

  async #resolving<T extends Citation>(entries: readonly T[]): Promise<T[]> {
    const resolved: T[] = [];
    for (const entry of entries) if (await this.#resolves(entry)) resolved.push(entry);
    return resolved;
  }

  async #resolves({ captureId, contentHash, textHash, span, quote }: Citation): Promise<boolean> {
    const capture = this.#captures.find(captureId);
    if (capture?.contentHash !== contentHash || capture.textHash !== textHash) return false;
    try {
      return (await this.#captures.content(textHash)).toString('utf8').slice(span.start, span.end) === quote;
    } catch (error) {
      if (error instanceof SomnusError && error.code === 'corrupt') return false;
      throw error;
    }
  }
}

function runOf({ id, workflow, input, operation_id: operationId, created_at: createdAt, report }: RunRow): ResearchRun {
  return ResearchRun.parse({ id, workflow, input: JSON.parse(input), operationId, createdAt, report: report === null ? null : JSON.parse(report) });
}
