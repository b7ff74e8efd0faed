import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lastWords } from '../../supervisor/guest/last-words.ts';

test('The last words of a guest that panicked start before its call trace, and those of a guest that prints endlessly are cut short', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'somnus-words-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const log = join(folder, 'console.log');
  const trace = Array.from({ length: 45 }, (_, line) => `[   89.877518]  ? some_function_${line}+0x6d/0xf0`);
  await writeFile(log, ['booted', '[   89.87] Kernel panic - not syncing: sysrq triggered crash', ...trace, '[   89.87]  </TASK>', ''].join('\r\n'));
  expect(await lastWords(log)).toContain('[   89.87] Kernel panic - not syncing: sysrq triggered crash');
  await writeFile(log, 'x'.repeat(1000).concat('\n').repeat(500));
  const words = await lastWords(log);
  expect(words.length).toBeLessThanOrEqual(64);
  expect(words.join('').length).toBeLessThan(16_384);
});
