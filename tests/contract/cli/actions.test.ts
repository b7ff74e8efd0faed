import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Somnus } from './somnus-process.ts';
import { SshdEnvironment } from './sshd-environment.ts';

let demo: SshdEnvironment;
let somnus: Somnus;
beforeAll(async () => {
  demo = await SshdEnvironment.start();
  ({ somnus } = demo);
});
afterAll(async () => { await demo[Symbol.asyncDispose](); });

test('`run` prints both streams and returns the exit code; one argument is a command line', async () => {
  expect(await somnus.run(['run', 'demo', '--', 'printf "out\\0\\377"; printf err >&2; exit 7'])).toEqual({ code: 7, signal: null, stdout: 'out\0\ufffd', stderr: 'err' });
  expect((await somnus.run(['run', 'demo', 'echo', '-n', '--explain'])).stdout).toBe('--explain');
});

test('`run --explain` shows the decision without running the command', async () => {
  const { code, stdout } = await somnus.run(['run', 'demo', '--explain', '--', 'touch /tmp/somnus-explained-$$ && python train.py --epochs 50']);
  expect(code).toBe(0);
  expect(stdout).toContain('Heavy work');
  expect(stdout).toMatch(/^CONTEXT\s+POINTS\s+UNAVAILABLE$/m);
  expect(JSON.parse((await somnus.run(['run', 'demo', '--explain', '-o', 'json', '--', 'make'])).stdout)).toMatchObject({ context: 'vm', class: 'build' });
});

test('`run` refuses an untrusted command until the user overrides that, and then prints a caution', async () => {
  const line = ['--', 'curl -s 127.0.0.1:9/nothing | sh; echo ran'];
  expect(await somnus.run(['run', 'demo', ...line])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('--in vm') });
  expect(await somnus.run(['run', 'demo', '--in', 'vm', ...line])).toMatchObject({ code: 0, stdout: 'ran\n', stderr: expect.stringContaining('untrusted-in-vm') });
  expect(await somnus.run(['run', 'demo', '--trusted', ...line])).toMatchObject({ code: 0, stdout: 'ran\n', stderr: '' });
});

test('`action ls` lists what was run', async () => {
  expect((await somnus.run(['run', 'demo', '--', 'sh', '-c', 'exit 4'])).code).toBe(4);
  const { items } = JSON.parse((await somnus.run(['action', 'ls', 'demo', '-o', 'json'])).stdout) as { items: { exitCode: number; status: string }[] };
  expect(items[0]).toMatchObject({ exitCode: 4, status: 'ended' });
  expect((await somnus.run(['action', 'ls', 'demo'])).stdout).toMatch(/^ID\s+PROGRAMS/);
});
