// On a real full file system: a small tmpfs.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LogFile } from '../../../common/log-file.ts';
import { createLogger } from '../../../common/log.ts';
import { scratchFolder } from '../../support/operations.ts';

test.skipIf(process.getuid?.() !== 0)('On a full disk log lines are dropped and counted, and the process continues; when there is space again the log says how many', () => {
  using scratch = scratchFolder();
  const folder = join(scratch.path, 'small');
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder]);
  try {
    const ballast = join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(64 * 1024));
    const log = createLogger({ level: 'info', destination: join(folder, 'log', 'control-plane.log') });
    for (let at = 0; at < 2_000; at += 1) log.info({ at, pad: 'x'.repeat(200) }, 'line');
    rmSync(ballast);
    log.info({ event: 'after' });
    const lines = readFileSync(join(folder, 'log', 'control-plane.log'), 'utf8').trim().split('\n');
    const whole = lines.flatMap((line) => { try { return [JSON.parse(line) as { event?: string; at?: number; lines?: number }]; } catch { return []; } });
    expect(whole.at(-1)).toMatchObject({ event: 'after' });
    const dropped = whole.at(-2);
    expect(dropped).toMatchObject({ event: 'log.dropped' });
    expect((dropped?.lines ?? 0) + whole.filter(({ at }) => at !== undefined).length).toBe(2_000);
    expect(lines.length - whole.length).toBeLessThanOrEqual(1); // the truncated one
  } finally {
    execFileSync('umount', ['--lazy', folder]); // the log is open
  }
});

test('A log is rotated, and only a limited number of its files is kept', () => {
  using scratch = scratchFolder();
  const path = join(scratch.path, 'x.log');
  const file = new LogFile(path, { rotateAtBytes: 1_000 });
  for (let at = 0; at < 100; at += 1) file.write(`${String(at).padStart(99, '0')}\n`);
  expect([1, 2, 3, 4].map((number) => statSync(`${path}.${number}`).size)).toEqual([1_000, 1_000, 1_000, 1_000]);
  expect([existsSync(`${path}.5`), file.dropped]).toEqual([false, 0]);
  file.write('on it goes\n');
  expect(readFileSync(path, 'utf8')).toBe('on it goes\n');
});
