// `somnus sh` on a real terminal of the host: Debian's `script` gives it one.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { PlaneClient } from '../support/control-plane.ts';

const somnus = new PlaneClient(inject('plane'));
const NAME = 'terminal';
const CLI = join(resolve(import.meta.dirname, '../..'), 'orchestrator/cli/main.ts');

beforeAll(async () => {
  await somnus.ok('create', NAME, '--profile', 'idle');
});
afterAll(async () => {
  await somnus.cli(['rm', NAME, '--purge', '--yes']);
});

test('A shell is a real terminal of the host\'s size; its exit code comes back', async () => {
  const child = spawn('script', ['--quiet', '--return', '--command', `stty rows 33 cols 111; '${process.execPath}' '${CLI}' sh ${NAME}`, '/dev/null'], { env: somnus.environment(), stdio: 'pipe' });
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => { screen += chunk.toString(); });
  const shows = async (text: string): Promise<void> => { await expect.poll(() => screen, { timeout: 120_000, interval: 50 }).toContain(text); };
  await shows('# ');
  child.stdin.write('tty; stty size; echo "name $(hostname)"\r');
  await shows('/dev/pts/');
  await shows('33 111');
  await shows(`name ${NAME}`);
  child.stdin.write('sleep 5151\r');
  await shows('sleep 5151');
  child.stdin.write('\x03'); // Ctrl-C belongs to the guest's terminal, not to somnus
  child.stdin.write('echo "and on $((6 * 7))"\r');
  await shows('and on 42');
  child.stdin.write('exit 9\r');
  const code = await new Promise((resolve_) => child.once('exit', resolve_));
  expect(code).toBe(9);
});
