// Updates a database's schema: applies each new migration once, all or none, and refuses a schema from a newer Somnus.
import type { Database } from 'better-sqlite3';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Migration } from './migrations.ts';

interface Applied { version: number; name: string }

/** @throws SomnusError `newer_format` when the database has a migration that this Somnus does not know */
export function migrate(db: Database, path: string, migrations: readonly Migration[], log: Logger): void {
  const ordered = migrations.toSorted((a, b) => a.version - b.version);
  const twice = ordered.find((migration, at) => migration.version === ordered[at + 1]?.version);
  if (twice) throw new SomnusError('internal', `Two migrations have the version ${twice.version}`);
  db.transaction(() => {
    db.exec('CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT');
    const applied = db.prepare<[], Applied>('SELECT version, name FROM migrations ORDER BY version').all();
    const unknown = applied.find((one) => !ordered.some((migration) => migration.version === one.version && migration.name === one.name));
    if (unknown) {
      throw new SomnusError('newer_format', `${path} has the schema change ${unknown.version} (${unknown.name}), which this version of Somnus does not know`, {
        details: { path, has: applied.at(-1)?.version, knows: ordered.at(-1)?.version },
      });
    }
    const record = db.prepare('INSERT INTO migrations (version, name, applied_at) VALUES (?, ?, ?)');
    for (const { version, name, up } of ordered) {
      if (applied.some((one) => one.version === version)) continue;
      db.exec(up);
      record.run(version, name, new Date().toISOString());
      log.info({ event: 'store.migrated', path, version, name });
    }
  }).immediate();
}
