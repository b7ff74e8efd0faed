import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');

test('Every program of set-up and uninstall that reads the configuration stretches its deadlines as it says', async () => {
  const files = (await Promise.all(['images', 'deploy'].map(async (folder) => (await readdir(join(repository, folder))).map((name) => join(repository, folder, name))))).flat();
  const programs = (await Promise.all(files.filter((file) => file.endsWith('.ts')).map(async (file) => ({ file, text: await readFile(file, 'utf8') }))))
    .filter(({ text }) => text.includes('import.meta.main') && text.includes('loadConfig('));
  expect(programs.length).toBeGreaterThanOrEqual(2);
  expect(programs.filter(({ text }) => !text.includes('stretchDeadlines(')).map(({ file }) => file)).toEqual([]);
});
