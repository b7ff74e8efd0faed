// What a killed test run leaves behind is found by its process and removed by the next run; what belongs to a living process stays.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { ownedPrefix, removeTemporaryFolders } from '../../support/clean-up.ts';

const cleanUpModule = resolve(import.meta.dirname, '../../support/clean-up.ts');

test('Folders of a killed process are removed, and programs that still run in them are ended; folders of a living process, and of one that reuses another\'s process id, are distinguished', async () => {
  const script = `import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { spawn } from 'node:child_process';
import { makeDiskFolder, ownedPrefix } from ${JSON.stringify(cleanUpModule)};
const used = await makeDiskFolder();
console.log(mkdtempSync(tmpdir() + '/' + ownedPrefix('somnus-tests')));
console.log(mkdtempSync('/dev/shm/' + ownedPrefix('smn')));
console.log(used);
console.error(spawn('tail', ['--retry', '-f', used + '/nothing'], { detached: true, stdio: 'ignore' }).pid);
process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, pid] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const stillRunning = `/proc/${Number(pid)}/exe`;
  const left = out.trim().split('\n');
  const own = mkdtempSync(join(tmpdir(), ownedPrefix('smn')));
  const earlier = join(tmpdir(), `smn-${process.pid}-${Number(ownedPrefix('smn').split('-')[2]) - 1}-x`); // the same number, used before
  mkdirSync(earlier);
  expect(left.map((folder) => existsSync(folder))).toEqual([true, true, true]);
  expect(existsSync(stillRunning)).toBe(true);
  expect(await removeTemporaryFolders()).toEqual(expect.arrayContaining([...left, earlier]));
  expect([...left, earlier, own].map((folder) => existsSync(folder))).toEqual([false, false, false, false, true]);
  expect(existsSync(stillRunning)).toBe(false);
  rmSync(own, { recursive: true });
  expect(readFileSync('/proc/self/stat', 'utf8')).toContain(ownedPrefix('smn').split('-')[2]);
});
