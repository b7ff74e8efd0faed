// somnus run --in hybrid, with a real "VM" (an sshd on this host) and a container that the test provides. tests/integration/containers.test.ts uses real containers.
import { randomUUID } from 'node:crypto';
import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { pack } from 'tar-stream';
import type { Action } from '../../../orchestrator/client/schema.d.ts';
import type { ContainerAction } from '../../../orchestrator/containers/container-runner.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { ExecExit, GuestProcess } from '../../../supervisor/guest/guest-channel.ts';
import type { Somnus } from './somnus-process.ts';
import { SshdEnvironment } from './sshd-environment.ts';

let demo: SshdEnvironment;
let somnus: Somnus;
let folder: string;
let place: string;
/** What the container does. */
let inContainer: (action: ContainerAction) => Promise<number>;
const ran: ContainerAction[] = [];

beforeAll(async () => {
  const run = async (action: ContainerAction): Promise<GuestProcess> => {
    ran.push(action);
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    stdout.end('computed\n');
    const exit = (async (): Promise<ExecExit> => {
      try {
        return { code: await inContainer(action), signal: null, timedOut: false };
      } finally {
        stderr.end();
      }
    })();
    exit.catch(() => {});
    return { stdin: new PassThrough().resume(), stdout, stderr, exit, signal: async () => {}, resize: () => {} };
  };
  demo = await SshdEnvironment.start({ containers: { problem: async () => undefined, run } });
  ({ somnus } = demo);
  folder = await mkdtemp(join(tmpdir(), 'somnus-hybrid-'));
});
beforeEach(async () => {
  place = join(folder, randomUUID());
  await mkdir(join(place, 'out', 'sub'), { recursive: true });
  await writeFile(join(place, 'out', 'kept'), 'kept');
  await writeFile(join(place, 'out', 'sub', 'data'), 'old');
  await symlink('kept', join(place, 'out', 'link'));
  await utimes(join(place, 'out', 'kept'), 1000, 1000);
  inContainer = async (action) => {
    await deliver(action, { 'out/': '', 'out/sub/data': 'new', 'out/added': 'added' });
    return 0;
  };
  ran.length = 0;
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await demo[Symbol.asyncDispose]();
});

async function deliver({ filesOut, deliver: give }: ContainerAction, entries: Record<string, string>, at = 0): Promise<void> {
  const packed = pack();
  for (const [name, content] of Object.entries(entries)) packed.entry({ name, type: name.endsWith('/') ? 'directory' : 'file', mode: 0o755 }, content);
  packed.finalize();
  await give?.(filesOut[at] ?? '', packed.pipe(new PassThrough()));
}
const hybrid = async (...options: string[]) => await somnus.run(['run', 'demo', '--in', 'hybrid', '--writes', join(place, 'out'), ...options, '--', 'solve', '--fast']);
const action = async (): Promise<Action | undefined> => (await somnus.json<{ items: Action[] }>('action', 'ls', 'demo')).items[0];
async function contents(): Promise<string[]> {
  return await Promise.all((await readdir(join(place, 'out'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile() || entry.isSymbolicLink()).map(async ({ parentPath, name }) => `${join(parentPath, name).slice(join(place, 'out/').length)}=${await readFile(join(parentPath, name), 'utf8')}`)).then((all) => all.toSorted());
}
const before = ['kept=kept', 'link=kept', 'sub/data=old'];
const after = ['added=added', 'kept=kept', 'link=kept', 'sub/data=new'];
async function leftovers(): Promise<string[]> {
  return [...(await readdir('/var/tmp')).filter((name) => name.startsWith('somnus-act_')), ...(await readdir(place)).filter((name) => name.startsWith('.somnus'))];
}

test('Preparation and check run in the VM, the command in a container; the results stay, and the action records its phases', async () => {
  const result = await hybrid('--prepare', `echo preparing; touch ${place}/prepared`, '--reads', join(place, 'prepared'), '--check', `test -e ${place}/prepared && cat ${place}/out/sub/data; echo checked >&2`);
  expect(result).toMatchObject({ code: 0, stdout: 'preparing\ncomputed\nnew', stderr: 'checked\n' });
  expect(ran).toMatchObject([{ request: { command: ['solve', '--fast'] }, filesIn: [join(place, 'prepared')], filesOut: [join(place, 'out')] }]);
  expect(await contents()).toEqual(after);
  expect(await action()).toMatchObject({ context: 'hybrid', status: 'ended', exitCode: 0, phases: [{ name: 'prepare', exitCode: 0 }, { name: 'run', exitCode: 0 }, { name: 'check', exitCode: 0 }] });
  expect(await leftovers()).toEqual([]);
});

test('If the check fails, the files are as they were before, with their links and times, and new ones are gone', async () => {
  await link(join(place, 'out', 'kept'), join(place, 'other'));
  const result = await hybrid('--check', `test "$(cat ${place}/out/sub/data)" = new && ln -s /etc ${place}/out/sub/trap; exit 9`);
  expect(result).toMatchObject({ code: 9, stderr: expect.stringContaining('as they were before') as string });
  expect(await contents()).toEqual(before);
  expect((await stat(join(place, 'out', 'kept'))).mtimeMs).toBe(1_000_000);
  expect(await action()).toMatchObject({ exitCode: 9, phases: [{ name: 'run' }, { name: 'check', exitCode: 9 }] });
  expect(await leftovers()).toEqual([]);
});

test('If the preparation or the command fails, nothing after it runs, and the VM does not change', async () => {
  expect((await hybrid('--prepare', 'exit 4', '--check', `touch ${place}/checked`)).code).toBe(4);
  expect(ran).toEqual([]);
  inContainer = async (given) => {
    await deliver(given, { 'out/': '', 'out/sub/data': 'broken' });
    return 6;
  };
  expect((await hybrid('--check', `touch ${place}/checked`)).code).toBe(6);
  expect(await contents()).toEqual(before);
  await expect(stat(join(place, 'checked'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await leftovers()).toEqual([]);
});

test('A container that ends early leaves the VM as it was', async () => {
  inContainer = async (given) => {
    await deliver(given, { 'out/': '', 'out/sub/data': 'half' });
    throw new SomnusError('unavailable', 'The container ended before its program did');
  };
  expect((await hybrid('--check', 'true')).code).toBe(1);
  expect(await contents()).toEqual(before);
  expect(await action()).toMatchObject({ status: 'lost', phases: [] });
  expect(await leftovers()).toEqual([]);
});

test('If one of several results cannot be applied, none of them stays', async () => {
  await mkdir(join(place, 'folder'));
  await writeFile(join(place, 'folder', 'inside'), 'mine');
  inContainer = async (given) => {
    await deliver(given, { 'out/': '', 'out/sub/data': 'new' });
    await deliver(given, { folder: 'a file where the VM has a folder' }, 1);
    return 0;
  };
  expect(await hybrid('--writes', join(place, 'folder'))).toMatchObject({ code: 1, stderr: expect.stringContaining('could not be applied') as string });
  expect([await contents(), await readFile(join(place, 'folder', 'inside'), 'utf8'), await leftovers()]).toEqual([before, 'mine', []]);
});

test('A check that takes too long, or whose caller leaves, is ended, and the files are as they were before', async () => {
  expect((await hybrid('--check', 'sleep 600', '--timeout', '1s')).code).toBe(124);
  expect(await contents()).toEqual(before);
  const process = somnus.start(['run', 'demo', '--in', 'hybrid', '--writes', join(place, 'out'), '--check', `echo checking; while :; do sleep 0.1; done`, '--', 'solve']);
  await new Promise<void>((resolve) => {
    process.stdout?.on('data', (chunk: Buffer) => { if (chunk.includes('checking')) resolve(); });
  });
  expect(await contents()).toEqual(after);
  process.kill('SIGINT');
  await expect.poll(contents, { timeout: 30_000 }).toEqual(before);
  await expect.poll(leftovers, { timeout: 30_000 }).toEqual([]);
  await expect.poll(async () => (await action())?.status, { timeout: 30_000 }).toBe('ended');
});

test('When the connection is lost during the check, the check and the restoration still finish in the VM', async () => {
  const cut = 'p=$PPID; until [[ $(</proc/$p/comm) == sshd* ]]; do p=$(cut -d " " -f 4 /proc/$p/stat); done; kill -KILL $p; sleep 0.3; exit 1';
  expect((await hybrid('--check', cut)).code).toBe(1);
  await expect.poll(contents, { timeout: 30_000 }).toEqual(before);
  expect(await action()).toMatchObject({ status: 'lost', phases: [{ name: 'run' }] });
  await expect.poll(async () => (await readdir(place)).filter((name) => name.startsWith('.somnus')), { timeout: 30_000 }).toEqual([]);
});

test('With `auto`, a preparation or a check means hybrid; other contexts refuse them', async () => {
  expect((await somnus.run(['run', 'demo', '--check', 'true', '--writes', join(place, 'out'), '--', 'echo', 'x'])).code).toBe(0);
  expect(await action()).toMatchObject({ context: 'hybrid' });
  expect(await somnus.run(['run', 'demo', '--in', 'vm', '--check', 'true', '--', 'true'])).toMatchObject({ code: 1, stderr: expect.stringContaining('only in the context hybrid') as string });
  expect(await somnus.run(['run', 'demo', '--check', ' ', '--', 'true'])).toMatchObject({ code: 2 });
});
