// Wraps every test run: a temporary folder, and no process, control plane or folder left afterwards, even when tests fail.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanUp, ownedPrefix, RUN_ID } from './clean-up.ts';

export async function setup(): Promise<() => Promise<void>> {
  const runId = process.env[RUN_ID] ??= randomUUID();
  await cleanUp(); // left by runs that were killed
  const outer = tmpdir();
  const folder = await mkdtemp(join(outer, ownedPrefix('somnus-tests')));
  process.env['TMPDIR'] = folder; // inherited by all workers and the processes they start
  return async () => {
    process.env['TMPDIR'] = outer;
    for (const line of await cleanUp(runId, 'vitest')) process.stderr.write(`left behind by a test and removed: ${line}\n`);
    await rm(folder, { recursive: true, force: true });
  };
}
