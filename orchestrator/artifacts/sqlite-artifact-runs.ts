// Runs of artifacts in SQLite. Their files and searchable texts are those of the artifact (sqlite-artifacts.ts), held by the run.
import type { Migration } from '../store/migrations.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { StoredFile } from './artifact.ts';
import type { ArtifactRun } from './artifact-run.ts';
import { pageOfRows, type SqliteArtifacts } from './sqlite-artifacts.ts';

export const artifactRunMigrations: readonly Migration[] = [{
  version: 251,
  name: 'artifact-runs',
  up: `
    CREATE TABLE artifact_runs (
      id TEXT PRIMARY KEY,
      artifact_id TEXT NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
      status TEXT NOT NULL,
      record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX artifact_runs_artifact ON artifact_runs (artifact_id, id);
    CREATE INDEX artifact_runs_running ON artifact_runs (status) WHERE status = 'running';`,
}];

interface Row { record: string }

/** Holds the output streams of a run, apart from its result files. */
const outputHolder = (runId: string): string => `${runId}:output`;

export class SqliteArtifactRuns {
  readonly #store: SqliteStore;
  readonly #artifacts: SqliteArtifacts;

  constructor(store: SqliteStore, artifacts: SqliteArtifacts) {
    this.#store = store;
    this.#artifacts = artifacts;
  }

  insert(run: ArtifactRun): void {
    this.#store.transaction(() => this.#store.db.prepare('INSERT INTO artifact_runs (id, artifact_id, status, record) VALUES (?, ?, ?, ?)').run(run.id, run.artifactId, run.status, recordOf(run)));
  }

  /** Records the end of a run with what it left. Does nothing if the artifact was purged meanwhile. */
  end(run: ArtifactRun, outputs: readonly StoredFile[], text: string): void {
    this.#store.transaction(() => {
      if (!this.#update(run)) return;
      this.#artifacts.addFiles(run.artifactId, run.id, run.files);
      this.#artifacts.addFiles(run.artifactId, outputHolder(run.id), outputs);
      this.#artifacts.addText(run.artifactId, run.id, text);
    });
  }

  get(artifactId: string, runId: string): ArtifactRun | undefined {
    const row = this.#store.read(() => this.#store.db.prepare<[string, string], Row>('SELECT record FROM artifact_runs WHERE artifact_id = ? AND id = ?').get(artifactId, runId));
    return row === undefined ? undefined : this.#shown(row);
  }

  /** Newest first. */
  list(artifactId: string, { limit, cursor }: PageQuery): Page<ArtifactRun> {
    const rows = this.#store.read(() => this.#store.db.prepare<[string, string, number], Row>('SELECT record FROM artifact_runs WHERE artifact_id = ? AND id < ? ORDER BY id DESC LIMIT ?').all(artifactId, cursor ?? '~', limit + 1));
    return pageOfRows(rows.map((row) => this.#shown(row)), limit, ({ id }) => id);
  }

  /** The content of an output stream; undefined if nothing of it was kept. */
  output({ artifactId, id }: ArtifactRun, stream: string): StoredFile | undefined {
    return this.#artifacts.files(artifactId, outputHolder(id)).find(({ path }) => path === stream);
  }

  /** Marks runs as lost that were running when Somnus stopped. */
  loseRunning(): void {
    this.#store.transaction(() => {
      for (const { record } of this.#store.db.prepare<[], Row>("SELECT record FROM artifact_runs WHERE status = 'running'").all()) {
        this.#update({ ...JSON.parse(record) as ArtifactRun, status: 'lost', problem: 'Somnus stopped before the run ended' });
      }
    });
  }

  /** Deletes ended runs that were started before this time, with their results. */
  purge(before: Date): void {
    this.#store.transaction(() => {
      const { db } = this.#store;
      for (const { id, artifactId } of db.prepare<[string], { id: string; artifactId: string }>("SELECT id, artifact_id AS artifactId FROM artifact_runs WHERE status <> 'running' AND record ->> '$.startedAt' < ?").all(before.toISOString())) {
        db.prepare('DELETE FROM artifact_files WHERE artifact_id = ? AND holder IN (?, ?)').run(artifactId, id, outputHolder(id));
        db.prepare('DELETE FROM artifact_texts WHERE artifact_id = ? AND holder = ?').run(artifactId, id);
        db.prepare('DELETE FROM artifact_runs WHERE id = ?').run(id);
      }
    });
  }

  #update(run: ArtifactRun): boolean {
    return this.#store.transaction(() => this.#store.db.prepare('UPDATE artifact_runs SET status = ?, record = ? WHERE id = ?').run(run.status, recordOf(run), run.id)).changes > 0;
  }

  #shown({ record }: Row): ArtifactRun {
    const run = JSON.parse(record) as ArtifactRun;
    return { ...run, files: this.#artifacts.files(run.artifactId, run.id) };
  }
}

function recordOf(run: ArtifactRun): string {
  return JSON.stringify({ ...run, files: undefined }); // they have rows of their own
}
