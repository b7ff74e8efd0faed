// somnus artifact run, runs and result, in a real "VM": an sshd on this host. tests/integration/containers.test.ts runs artifacts in real containers.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ArtifactRun } from '../../../orchestrator/client/schema.d.ts';
import type { Somnus } from './somnus-process.ts';
import { SshdEnvironment } from './sshd-environment.ts';

let demo: SshdEnvironment;
let somnus: Somnus;
let folder: string;
beforeAll(async () => {
  demo = await SshdEnvironment.start();
  ({ somnus } = demo);
  folder = await mkdtemp(join(tmpdir(), 'somnus-runs-'));
  const script = 'echo "out $*"; echo error >&2; mkdir -p "$SOMNUS_RESULTS/deep"; printf "\\0\\377" >"$SOMNUS_RESULTS/deep/bytes"; ln -s /etc/passwd "$SOMNUS_RESULTS/link"; echo "$WORD" >"$SOMNUS_RESULTS/word"; exit 3\n';
  await somnus.run(['artifact', 'create', 'demo', 'report', '--type', 'shell'], { input: script });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await demo[Symbol.asyncDispose]();
});

const runs = async (title: string): Promise<ArtifactRun[]> => (await somnus.json<{ items: ArtifactRun[] }>('artifact', 'runs', title)).items;
const left = async (): Promise<string[]> => (await readdir('/var/tmp')).filter((name) => name.startsWith('somnus-arun_'));

test('A run in the VM prints its output, returns its exit code, and keeps output and files; nothing is left in the VM', async () => {
  expect(await somnus.run(['artifact', 'run', 'report', '--context', 'vm', '-e', 'WORD=hello', '--', 'a', '--b c'])).toMatchObject({ code: 3, stdout: 'out a --b c\n', stderr: expect.stringContaining('error\n') as string });
  const [run] = await runs('report');
  expect(run).toMatchObject({
    status: 'ended', exitCode: 3, context: 'vm', version: 1, args: ['a', '--b c'], stdout: { sizeBytes: 12, truncated: false }, stderr: { sizeBytes: 6 }, problem: expect.stringContaining('not link') as string,
    files: [{ path: 'deep/bytes', sizeBytes: 2 }, { path: 'word', sizeBytes: 6 }],
  });
  const id = run?.id ?? '';
  expect((await somnus.run(['artifact', 'result', 'report', id])).stdout).toMatch(/exit code +3[\s\S]*deep\/bytes/);
  expect((await somnus.run(['artifact', 'result', 'report', id, '--stdout'])).stdout).toBe('out a --b c\n');
  expect((await somnus.run(['artifact', 'result', 'report', id, '--file', 'word'])).stdout).toBe('hello\n');
  expect((await somnus.run(['artifact', 'result', 'report', id, '--to', join(folder, 'to')])).code).toBe(0);
  expect([...await readFile(join(folder, 'to', 'deep', 'bytes'))]).toEqual([0, 255]);
  expect(await somnus.run(['artifact', 'result', 'report', id, '--to', join(folder, 'to')])).toMatchObject({ code: 5, stderr: expect.stringContaining('already exists') as string });
  expect(await somnus.run(['artifact', 'result', 'report', id, '--file', 'none'])).toMatchObject({ code: 3 });
  expect((await somnus.run(['artifact', 'search', 'out', 'error'])).stdout).toContain(id);
  expect(await left()).toEqual([]);
});

test('Ctrl-C and a timeout end a run; what it printed is kept', async () => {
  await somnus.run(['artifact', 'create', 'demo', 'slow', '--type', 'shell'], { input: 'echo begin; exec sleep 600\n' });
  expect(await somnus.run(['artifact', 'run', 'slow', '--context', 'vm', '--timeout', '1s'])).toMatchObject({ code: 124, stdout: 'begin\n' });
  const process = somnus.start(['artifact', 'run', 'slow', '--context', 'vm']);
  await new Promise<void>((resolve) => { process.stdout?.once('data', () => resolve()); });
  process.kill('SIGINT');
  await expect.poll(async () => (await runs('slow')).map(({ status, timedOut, stdout }) => [status, timedOut, stdout.sizeBytes]), { timeout: 30_000 }).toEqual([['ended', false, 6], ['ended', true, 6]]);
  await expect.poll(left, { timeout: 30_000 }).toEqual([]);
});

test('What cannot run is refused with the reason', async () => {
  expect(await somnus.run(['artifact', 'run', 'report'])).toMatchObject({ code: 1, stderr: expect.stringContaining('Docker does not answer') as string });
  await somnus.run(['artifact', 'create', 'demo', 'table', '--type', 'data'], { input: '1,2\n' });
  expect(await somnus.run(['artifact', 'run', 'table', '--context', 'vm'])).toMatchObject({ code: 2, stderr: expect.stringContaining('does not run') as string });
  expect(await somnus.run(['artifact', 'run', 'report', '--context', 'vm', '--version', '9'])).toMatchObject({ code: 3 });
  expect(await somnus.run(['artifact', 'run', 'report', '--context', 'vm', '--in', 'nowhere'])).toMatchObject({ code: 3 });
  await expect(stat('/var/tmp/somnus-arun_')).rejects.toMatchObject({ code: 'ENOENT' });
});
