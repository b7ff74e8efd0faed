// Moves the key store out of the data folder, where versions up to 0.1.0 kept it: a plain copy of the data folder must not contain the keys too.
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, fsyncSync, openSync, closeSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from '../../../common/log.ts';

const FILE = 'keystore.db';

/**
 * Moves the store from `from` to `to`, which may be on another file system. Repeatable, and safe to interrupt: the old folder is removed when the new one is complete
 * and on disk. If both folders have different stores, both are kept, and the one in `to` is used.
 */
export function moveKeyStore(from: string, to: string, log: Logger): void {
  if (!existsSync(join(from, FILE))) return;
  if (existsSync(join(to, FILE)) && !isSame(from, to)) {
    log.warn({ event: 'memory.old_keys_ignored', folder: from });
    return;
  }
  if (!existsSync(join(to, FILE))) copyInto(from, to);
  rmSync(from, { recursive: true });
  log.info({ event: 'memory.keys_moved', from, to });
}

/** The database is copied last and appears atomically, so a folder that has it is complete. */
function copyInto(from: string, to: string): void {
  const names = readdirSync(from).filter((name) => name.startsWith(`${FILE}-`));
  for (const name of [...names, FILE]) {
    const staging = join(to, `${name}.moving`);
    cpSync(join(from, name), staging, { force: true });
    chmodSync(staging, 0o600);
    sync(staging);
    renameSync(staging, join(to, name));
  }
  sync(to);
  sync(dirname(to));
}

function isSame(a: string, b: string): boolean {
  const digest = (folder: string): string => createHash('sha256').update(readFileSync(join(folder, FILE))).digest('hex');
  return digest(a) === digest(b);
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
