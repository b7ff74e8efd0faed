import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Job } from '../../../orchestrator/jobs/job.ts';
import type { Somnus } from './somnus-process.ts';
import { SshdEnvironment } from './sshd-environment.ts';
import { Terminal } from './terminal.ts';

let demo: SshdEnvironment;
let somnus: Somnus;
beforeAll(async () => {
  demo = await SshdEnvironment.start();
  ({ somnus } = demo);
});
afterAll(async () => { await demo[Symbol.asyncDispose](); });

async function jobs(): Promise<Job[]> {
  return (JSON.parse((await somnus.run(['job', 'ls', 'demo', '-o', 'json'])).stdout) as { items: Job[] }).items;
}

const terminal = (...args: string[]): Terminal => new Terminal(somnus.commandLine(...args), somnus.environment());

test('`exec --detach` prints the id of a job that keeps running; `job` shows its progress, follows it, and returns its exit code', async () => {
  const line = 'i=0; while [ ! -e "$FLAG" ]; do i=$((i+1)); echo "step $i/1000, ETA 2 h"; sleep 0.2; done; echo done; exit 5';
  const flag = `/tmp/somnus-job-${process.pid}`;
  const { stdout } = await somnus.run(['exec', 'demo', '--detach', '--name', 'steps', '-e', `FLAG=${flag}`, '--', 'sh', '-c', line]);
  expect(stdout).toMatch(/^job_\w{26}\n$/);
  await expect.poll(async () => (await jobs())[0]?.progress, { timeout: 30_000 }).toMatchObject({ total: 1000, etaSeconds: 7200 });
  expect((await somnus.run(['job', 'ls', 'demo'])).stdout).toMatch(/steps\s+running\s+[\d.]+ %, \d+\/1000, 2h 00m left/);
  const attached = somnus.run(['job', 'attach', 'demo', 'steps', '--from', '0']);
  expect((await somnus.run(['job', 'logs', 'demo', 'steps'])).stdout).toMatch(/^step 1\/1000, ETA 2 h\n/);
  await somnus.run(['exec', 'demo', '--', 'touch', flag]);
  const ended = await attached;
  expect([ended.code, ended.stdout.startsWith('step 1/1000'), ended.stdout.endsWith('done\n')]).toEqual([5, true, true]);
  expect((await jobs())[0]).toMatchObject({ name: 'steps', status: 'ended', exitCode: 5 });
  expect((await somnus.run(['job', 'rm', 'demo', 'steps'])).code).toBe(0);
  expect(await jobs()).toEqual([]);
  await somnus.run(['exec', 'demo', '--', 'rm', flag]);
});

test('Ctrl-C leaves a job without a terminal running; `job stop` ends it', async () => {
  await somnus.run(['exec', 'demo', '--detach', '--name', 'sleeper', '--', 'sh', '-c', 'echo here; exec sleep 600']);
  await using attached = terminal('job', 'attach', 'demo', 'sleeper', '--from', '0');
  await attached.shows(/here/);
  attached.type('\u0003');
  await attached.shows(/still running/);
  expect((await jobs())[0]).toMatchObject({ name: 'sleeper', status: 'running' });
  expect((await somnus.run(['job', 'stop', 'demo', 'sleeper'])).code).toBe(0);
  await expect.poll(async () => (await jobs())[0]?.signal, { timeout: 60_000 }).toBe('TERM');
  expect(await somnus.run(['job', 'attach', 'demo', 'nothing'])).toMatchObject({ code: 3 });
});

test('Ctrl-] detaches from a session; attaching again shows its screen and keeps its state; it ends with its shell', async () => {
  {
    await using first = terminal('sh', 'demo', '--session', 'work');
    await first.shows(/Ctrl-\]/);
    first.type('word=kept; echo "ready $((1+1))"\r');
    await first.shows(/ready 2/);
    first.type('\u001d');
    await first.shows(/still running/);
  }
  await using again = terminal('sh', 'demo', '--session', 'work');
  await again.shows(/ready 2/);
  again.type('echo "word is $word"\r');
  await again.shows(/word is kept/);
  again.type('exit 3\r');
  await expect.poll(async () => (await jobs()).find(({ name }) => name === 'work')?.exitCode, { timeout: 60_000 }).toBe(3);
});
