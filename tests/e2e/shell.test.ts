// `somnus sh` on a real terminal of the host, which Debian's `script` provides.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { TestControlPlane } from '../support/control-plane.ts';

let somnus: TestControlPlane;
const NAME = 'terminal';
const CLI = join(resolve(import.meta.dirname, '../..'), 'orchestrator/cli/main.ts');

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  await somnus.ok('create', NAME, '--profile', 'idle');
});

test('A shell is a real terminal of the host\'s size, and its exit code is returned', async () => {
  const child = spawn('script', ['--quiet', '--return', '--command', `stty rows 33 cols 111; '${process.execPath}' '${CLI}' sh ${NAME}`, '/dev/null'], { env: somnus.environment(), stdio: 'pipe' });
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => { screen += chunk.toString(); });
  const shows = async (text: string): Promise<void> => { await expect.poll(() => screen, { timeout: 120_000, interval: 50 }).toContain(text); };
  await shows('# ');
  child.stdin.write('tty; stty size; echo "name $(hostname)"\r');
  await shows('/dev/pts/');
  await shows('33 111');
  await shows(`name ${NAME}`);
  child.stdin.write('PS1="prompt $((2 + 1))> "\r');
  await shows('prompt 3> ');
  child.stdin.write('sh -c \'echo "asleep $((1 + 1))"; exec sleep 5151\'\r');
  await shows('asleep 2');
  child.stdin.write('\x03'); // Ctrl-C goes to the guest's terminal, not to somnus
  await shows('^C');
  await expect.poll(() => screen.split('^C')[1] ?? '', { timeout: 120_000, interval: 50 }).toContain('prompt 3> '); // a terminal drops input that is typed before it has handled Ctrl-C
  child.stdin.write('echo "and on $((6 * 7))"\r');
  await shows('and on 42');
  child.stdin.write('exit 9\r');
  const code = await new Promise((resolve_) => child.once('exit', resolve_));
  expect(code).toBe(9);
});
