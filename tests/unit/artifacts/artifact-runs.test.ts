// Runs of artifacts with a container that the test provides: what is kept when it ends, is lost, prints too much, or leaves what must not be kept.
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { afterEach, expect, test } from 'vitest';
import { SomnusError } from '../../../common/errors.ts';
import { CreateArtifact } from '../../../orchestrator/artifacts/artifact.ts';
import { OUTPUT_BYTES, RunArtifact, type ArtifactRun } from '../../../orchestrator/artifacts/artifact-run.ts';
import type { ArtifactRunner, ArtifactRunnerDeps } from '../../../orchestrator/artifacts/artifact-runner.ts';
import type { ContainerAction } from '../../../orchestrator/containers/container-runner.ts';
import type { Caller } from '../../../orchestrator/keys/caller.ts';
import type { ExecExit, GuestProcess } from '../../../supervisor/guest/guest-channel.ts';
import { ENV_A, environment } from '../../contract/api/fake-services.ts';
import { scratchArtifacts, type ScratchArtifacts } from '../../support/scratch-artifacts.ts';

const ann: Caller = { keyId: 'key_ann', user: 'usr_ann', scopes: ['read', 'write'], environmentId: null, mayPurge: true };
const a = { ...environment(ENV_A, 'a'), owner: 'usr_ann' };

class FakeContainer {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly #end = Promise.withResolvers<ExecExit>();
  action: ContainerAction | undefined;

  async run(action: ContainerAction): Promise<GuestProcess> {
    this.action = action;
    return { stdin: new PassThrough(), stdout: this.stdout, stderr: this.stderr, exit: this.#end.promise, signal: async () => {}, resize: () => {} };
  }

  async end(results = archive(), code = 0): Promise<string> {
    this.stdout.end();
    const message = await this.action?.results?.take(results) ?? '';
    this.stderr.end(message);
    this.action?.onUsage?.({ cpuMs: 12, memoryPeakMiB: 34 });
    this.#end.resolve({ code, signal: null, timedOut: false });
    return message;
  }

  lose(): void {
    this.stdout.end();
    this.stderr.end();
    this.#end.reject(new SomnusError('unavailable', 'The container ended before its program did'));
  }
}

let scratch: ScratchArtifacts;
let container: FakeContainer;
let runner: ArtifactRunner;
afterEach(() => scratch[Symbol.dispose]());

async function start(quotaBytes = 64 << 20): Promise<void> {
  const environments: ArtifactRunnerDeps['environments'] = { get: async () => a, exec: async () => { throw new Error('not used'); }, channel: async () => { throw new Error('not used'); } };
  scratch = scratchArtifacts(environments, [a], { quotaBytes });
  container = new FakeContainer();
  runner = scratch.runner({ environments, containers: { problem: async () => undefined, run: async (action) => await container.run(action) } });
  await scratch.manager.create(ann, CreateArtifact.parse({ environment: 'a', title: 'tool', type: 'python', files: [{ path: 'main.py', content: 'print(1)' }, { path: 'lib/x.sh', content: 'x', executable: true }] }));
}
const run = async (more: object = {}, signal?: AbortSignal): ReturnType<ArtifactRunner['run']> => await runner.run(ann, 'tool', RunArtifact.parse(more), signal);
const kept = async (id: string): Promise<ArtifactRun> => await runner.get(ann, 'tool', id);

function archive(...entries: { name: string; content?: string; type?: 'file' | 'symlink' | 'directory' | 'character-device'; mode?: number }[]): Readable {
  const packed = pack();
  for (const { name, content = '', type = 'file', mode = 0o644 } of entries) packed.entry({ name, type, mode, ...(type === 'symlink' ? { linkname: '/etc/passwd' } : {}) }, content);
  packed.finalize();
  return packed as unknown as Readable;
}

test('The container gets the files of the version; output, resources and files are kept before the exit is reported', async () => {
  await start();
  const { run: { id }, process } = await run({ args: ['x'], filesIn: ['/srv/in'] });
  expect(container.action).toMatchObject({ id, image: 'python', filesIn: ['/srv/in'], filesOut: [], request: { command: ['python3', 'main.py', 'x'], cwd: '/work', env: { SOMNUS_RESULTS: '/results' } } });
  const files = (await buffer(container.action?.content?.archive() ?? Readable.from([]))).toString();
  expect(files).toContain('print(1)');
  expect((await kept(id)).status).toBe('running');
  await expect(runner.output(ann, 'tool', id, 'stdout')).rejects.toMatchObject({ code: 'invalid_state' });
  container.stdout.write('hello ');
  const [first] = await once(process.stdout, 'data') as [Buffer]; // as it arrives
  expect(first.toString()).toBe('hello ');
  process.stderr.resume();
  await container.end(archive({ name: './', type: 'directory' }, { name: './a.txt', content: 'A' }, { name: './bin/run', content: 'B', mode: 0o755 }), 5);
  expect((await process.exit).code).toBe(5);
  expect(await kept(id)).toMatchObject({ status: 'ended', exitCode: 5, cpuMs: 12, memoryPeakMiB: 34, problem: null, files: [{ path: 'a.txt', executable: false }, { path: 'bin/run', executable: true }], stdout: { sizeBytes: 6, truncated: false } });
  expect(await text(await runner.file(ann, 'tool', id, 'bin/run'))).toBe('B');
  expect(await scratch.manager.search(ann, 'hello', 5)).toMatchObject([{ runId: id, version: null }]);
  await scratch.manager.purge();
  expect(await text(await runner.output(ann, 'tool', id, 'stdout'))).toBe('hello ');
});

test('Links, devices, paths out of the folder and what is too large are not kept, and the run says so', async () => {
  await start(5000);
  const { run: { id }, process } = await run();
  process.stdout.resume();
  process.stderr.resume();
  const message = await container.end(archive({ name: './ok', content: 'ok' }, { name: './link', type: 'symlink' }, { name: './dev', type: 'character-device' }, { name: '../../etc/cron.d/x', content: 'x' }, { name: '/etc/x', content: 'x' }, { name: './big', content: 'x'.repeat(5001) }));
  await process.exit;
  const ended = await kept(id);
  expect(ended.files.map(({ path }) => path)).toEqual(['ok']);
  for (const name of ['link', 'dev', 'cron.d/x', '/etc/x', 'big']) expect(ended.problem).toContain(name);
  expect(message).toContain('somnus: Only plain files');
});

test('Output beyond the limit is passed on but not kept; a caller who leaves does not stop the recording', async () => {
  await start();
  const leave = new AbortController();
  const { run: { id }, process } = await run({}, leave.signal);
  leave.abort(); // the caller reads nothing
  const megabyte = Buffer.alloc(1 << 20, 'x');
  for (let sent = 0; sent < OUTPUT_BYTES + (3 << 20); sent += megabyte.length) if (!container.stdout.write(megabyte)) await once(container.stdout, 'drain');
  await container.end();
  await process.exit;
  expect((await kept(id)).stdout).toEqual({ sizeBytes: OUTPUT_BYTES, truncated: true });
});

test('A run whose container ends early, or that Somnus did not survive, is lost with the reason; its output so far is kept', async () => {
  await start();
  const { run: { id }, process } = await run();
  container.stdout.write('half');
  process.stdout.resume();
  process.stderr.resume();
  container.lose();
  await expect(process.exit).rejects.toMatchObject({ code: 'unavailable' });
  expect(await kept(id)).toMatchObject({ status: 'lost', exitCode: null, problem: expect.stringContaining('container ended') as string });
  expect(await text(await runner.output(ann, 'tool', id, 'stdout'))).toBe('half');
  container = new FakeContainer();
  const other = await run();
  scratch.runs.loseRunning(); // as at the next start
  expect(await kept(other.run.id)).toMatchObject({ status: 'lost', problem: 'Somnus stopped before the run ended' });
  await container.end();
  await other.process.exit;
});

test('An image and a GPU are passed on to the container; for the VM they are refused', async () => {
  await start();
  const { process } = await run({ image: 'docker.io/library/python:3', gpu: true });
  expect(container.action).toMatchObject({ imageName: 'docker.io/library/python:3', gpu: true });
  await container.end();
  await process.exit;
  await expect(run({ context: 'vm', gpu: true })).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(run({ context: 'vm', image: 'x' })).rejects.toMatchObject({ code: 'invalid_request' });
});

test('A run that cannot start is recorded with the reason, and leaves no unfinished contents', async () => {
  await start();
  container.run = async () => { throw new SomnusError('not_found', '/srv/in does not exist in the VM'); };
  await expect(run()).rejects.toMatchObject({ code: 'not_found' });
  expect((await runner.list(ann, 'tool', { limit: 5 })).items).toMatchObject([{ status: 'lost', problem: '/srv/in does not exist in the VM' }]);
});

test('Old runs are deleted with their contents, running ones are not; a run outlives the purge of its artifact without an error', async () => {
  await start();
  const { run: { id }, process } = await run();
  container.stdout.write('bye');
  process.stdout.resume();
  process.stderr.resume();
  scratch.runs.purge(new Date(Date.now() + 1000));
  expect((await kept(id)).status).toBe('running');
  await container.end(archive({ name: 'f', content: 'F' }));
  await process.exit;
  scratch.runs.purge(new Date(Date.now() + 1000));
  await expect(kept(id)).rejects.toMatchObject({ code: 'not_found' });
  expect(await scratch.manager.search(ann, 'bye', 5)).toEqual([]);
  container = new FakeContainer();
  const last = await run();
  last.process.stdout.resume();
  last.process.stderr.resume();
  await scratch.manager.remove(ann, 'tool', { purge: true });
  await container.end(archive({ name: 'f', content: 'F' }));
  expect((await last.process.exit).code).toBe(0);
});
