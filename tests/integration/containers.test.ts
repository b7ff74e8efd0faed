// Actions in containers on a real Docker engine, in the real image, with an sshd on this host as the VM. Also tries what a hostile command can try.
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../common/log.ts';
import { ContainerImages } from '../../orchestrator/containers/container-images.ts';
import { ContainerRunner, type ContainerAction } from '../../orchestrator/containers/container-runner.ts';
import { DockerEngine } from '../../orchestrator/containers/docker-engine.ts';
import { ExecRequest, type ExecExit } from '../../supervisor/guest/guest-channel.ts';
import type { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';
import { SshdEnvironment } from '../contract/cli/sshd-environment.ts';
import { DockerDaemon } from '../support/docker-daemon.ts';
import { GuestSshd } from '../support/guest-sshd.ts';

const log = createLogger({ level: 'silent' });
const installation = `test-${randomUUID().slice(0, 8)}`;
const closing = new AbortController();
let daemon: DockerDaemon;
let engine: DockerEngine;
let runner: ContainerRunner;
let sshd: GuestSshd;
let channel: Ssh2Channel;
let folder: string;
let imagesBefore: string;

const newRunner = (): ContainerRunner => new ContainerRunner({
  engine, images: new ContainerImages({ engine, folder: join(folder, 'images'), closing: closing.signal, log }), installation, limits: { memoryMiB: 128, folderMiB: 32, cpus: 1 }, atOnce: 3, log,
});

beforeAll(async () => {
  daemon = await DockerDaemon.start();
  engine = new DockerEngine(daemon.socket);
  folder = await mkdtemp(join(tmpdir(), 'somnus-containers-'));
  sshd = await GuestSshd.start();
  channel = sshd.channel();
  imagesBefore = await images();
  runner = newRunner();
});
afterEach(async () => {
  await runner.stop();
  expect(await engine.containersOf(installation)).toEqual([]);
});
afterAll(async () => {
  closing.abort();
  if (await images() !== imagesBefore) await engine.removeImages();
  await channel.close();
  await sshd[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function images(): Promise<string> {
  return await daemon.docker('images', '--quiet', 'somnus/base');
}

interface Ended extends ExecExit { stdout: string; stderr: string }

async function run(command: string | string[], more: Partial<ContainerAction> & { timeoutMs?: number; input?: string; cwd?: string } = {}, signal?: AbortSignal): Promise<Ended> {
  const { timeoutMs, input, cwd, ...rest } = more;
  const process = await runner.run({
    id: `act_${randomUUID()}`, image: 'base', request: ExecRequest.parse({ command, ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(cwd === undefined ? {} : { cwd }) }), filesIn: [], filesOut: [], channel: async () => channel, ...rest,
  }, signal);
  process.stdin.on('error', () => {});
  process.stdin.end(input ?? '');
  const [stdout, stderr, exit] = await Promise.all([text(process.stdout), text(process.stderr), process.exit]);
  return { ...exit, stdout, stderr };
}

test('The image is built when it is first needed, and streams, variables and exit code of a command work', async () => {
  expect(await run('cat; echo "$0" >&2; pwd; exit 7', { input: 'hello\n' })).toMatchObject({ stdout: 'hello\n/work\n', stderr: '/bin/bash\n', code: 7, signal: null, timedOut: false });
  expect([126, 127]).toContain((await run(['no-such-program'])).code); // the engine's version decides which
  const large = await run('head -c 5000000 /dev/zero | tr "\\0" x');
  expect([large.stdout.length, large.code]).toEqual([5_000_000, 0]);
});

test('A command has no rights: another user, no capabilities, no new privileges, system calls filtered, the root read-only, no network, no devices, nothing of the host mounted', async () => {
  const { stdout } = await run('id -u; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; ls /sys/class/net; ls /dev | tr "\\n" " "; echo; awk \'{print $5, $9, $10}\' /proc/self/mountinfo');
  const [uid, ...lines] = stdout.split('\n');
  expect(uid).toBe('10001');
  for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) expect(lines).toContain(`${name}:\t0000000000000000`);
  expect(lines).toEqual(expect.arrayContaining(['NoNewPrivs:\t1', 'Seccomp:\t2', 'lo']));
  expect(lines).not.toContain('eth0');
  expect(lines.find((line) => line.includes('urandom'))?.trim().split(' ').toSorted()).toEqual(['fd', 'full', 'mqueue', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'tty', 'urandom', 'zero']);
  expect(stdout).not.toMatch(/docker\.sock|\/var\/lib\/somnus/);
});

test.each([
  ['mounting', 'mount -t tmpfs none /mnt'],
  ['mounting the host\'s disk', 'mknod /tmp/disk b 254 0 || mount /dev/vda /mnt'],
  ['opening a device', 'mknod /work/mem c 1 1 && head -c 1 /work/mem'],
  ['a user namespace with all rights', 'unshare --user --map-root-user --mount mount -t tmpfs none /mnt'],
  ['becoming root', 'su -c id root </dev/null'],
  ['a set-user-id program', 'cp /bin/bash /work/root && chmod 4755 /work/root && /work/root -p -c "test $(id -u) = 0"'],
  ['writing to the system', 'echo x >/usr/bin/x'],
  ['writing a kernel setting', 'echo 1 >/proc/sys/kernel/panic'],
  ['triggering the kernel', 'echo b >/proc/sysrq-trigger'],
  ['a program that the kernel would run on the host', 'echo "|/work/x" >/proc/sys/kernel/core_pattern'],
  ['the release agent of a cgroup', 'mkdir /sys/fs/cgroup/memory/x || echo /work/x >/sys/fs/cgroup/release_agent'],
  ['reading the host\'s memory', 'head -c 1 /proc/kcore | grep -q .'],
  ['seeing other processes', 'test "$(ls /proc | grep -c "^[0-9]*$")" -gt 20'],
  ['reaching the network', 'timeout 5 bash -c "echo >/dev/tcp/172.17.0.1/22"'],
  ['the host\'s abstract sockets and services', 'timeout 5 bash -c "echo >/dev/tcp/127.0.0.1/22"'],
  ['killing the first process', 'kill -KILL 1; sleep 1; test ! -d /proc/1'],
  ['tracing the first process', 'head -c 1 /proc/1/mem'],
])('%s is refused', async (_, line) => {
  expect((await run(line)).code).not.toBe(0);
});

test('Links to paths of the host lead into the container instead', async () => {
  const { stdout } = await run('ln -s /proc/1/root/etc/hostname /work/a; cat /work/a; ln -s ../../../../../../etc/passwd /work/b; tail -n 1 /work/b');
  expect(stdout).toBe('container\nsomnus:x:10001:10001::/work:/bin/bash\n');
});

test('A fork bomb is contained: another container keeps working, and the timeout ends the bomb', async () => {
  const bomb = run('bomb() { bomb | bomb & }; bomb; sleep 600', { timeoutMs: 20_000 });
  const beside = await run('echo works');
  expect(beside).toMatchObject({ stdout: 'works\n', code: 0 });
  expect(await bomb).toMatchObject({ code: 124, timedOut: true });
});

test('A memory bomb is killed, and nothing else', async () => {
  expect(await run('head -c 400m /dev/zero | tail')).not.toMatchObject({ code: 0 });
  expect(await run('echo works')).toMatchObject({ stdout: 'works\n', code: 0 });
});

test('A disk bomb fills only its own folder, and nothing of it reaches the host\'s disk', async () => {
  const { stdout, stderr } = await run('head -c 60m /dev/zero >/work/bomb; head -c 60m /dev/zero >/tmp/bomb; stat -c %s /work/bomb');
  expect(stderr).toContain('No space left on device');
  expect(Number(stdout)).toBeLessThanOrEqual(32 << 20);
});

test('Files of the VM have the same paths in the container, and results are copied back; changes to an input are not', async () => {
  const place = join(folder, 'vm');
  await mkdir(join(place, 'in', 'deep'), { recursive: true });
  await writeFile(join(place, 'in', 'deep', 'words'), 'b\na\nb\n');
  await writeFile(join(place, 'script.sh'), `#!/bin/sh\nsort -u ${place}/in/deep/words >${place}/out/sorted; echo changed >${place}/in/deep/words; mkdir ${place}/out/sub; ln -s ../sorted ${place}/out/sub/up; ln -s sorted ${place}/out/link; chmod 600 ${place}/out/sorted`, { mode: 0o755 });
  await mkdir(join(place, 'out'));
  const { code, stderr } = await run([join(place, 'script.sh')], { filesIn: [join(place, 'in'), join(place, 'script.sh')], filesOut: [join(place, 'out')] });
  expect([code, stderr]).toEqual([0, expect.stringContaining('out/sub/up')]); // a link with `..` may lead anywhere
  expect(await readFile(join(place, 'out', 'sorted'), 'utf8')).toBe('a\nb\n');
  expect((await stat(join(place, 'out', 'sorted'))).mode & 0o777).toBe(0o600);
  expect(await readlink(join(place, 'out', 'link'))).toBe('sorted');
  expect(await readFile(join(place, 'in', 'deep', 'words'), 'utf8')).toBe('b\na\nb\n');
  expect((await run(['true'], { filesOut: [join(place, 'nothing')] })).stderr).toContain('did not write');
});

test('A command cannot reach other files of the VM through its results: no links out of them, no set-user-id bits, no devices', async () => {
  const place = join(folder, 'hostile');
  await mkdir(join(place, 'out'), { recursive: true });
  await writeFile(join(place, 'secret'), 'mine');
  await symlink(join(place, 'secret'), join(place, 'link'));
  const { stderr } = await run(`cd ${place}/out; ln -s ${place}/secret absolute; ln -s ../secret relative; ln -s . d; ln -s d/d/../../secret chained; cp /bin/true suid; chmod 6755 suid; mkfifo pipe; echo x >file; ln file hard`, { filesOut: [join(place, 'out')] });
  for (const name of ['absolute', 'relative', 'chained', 'pipe']) {
    expect(stderr).toContain(`out/${name}`);
    await expect(stat(join(place, 'out', name))).rejects.toMatchObject({ code: 'ENOENT' });
  }
  expect((await stat(join(place, 'out', 'suid'))).mode & 0o7000).toBe(0);
  expect(await readFile(join(place, 'secret'), 'utf8')).toBe('mine');
});

test.each(['/', '/etc/passwd', '/usr/bin', '/proc', 'relative', '/srv/../etc'])('The path %s is refused', async (path) => {
  await expect(run(['true'], { filesIn: [path] })).rejects.toMatchObject({ code: 'invalid_request' });
});

test('A file that is missing in the VM, and files that do not fit, cause clear errors', async () => {
  await expect(run(['true'], { filesIn: [join(folder, 'missing')] })).rejects.toMatchObject({ code: 'not_found' });
  await writeFile(join(folder, 'large'), Buffer.alloc(40 << 20));
  await expect(run(['true'], { filesIn: [join(folder, 'large')] })).rejects.toMatchObject({ code: 'insufficient_space' });
});

test('A command ends when its caller disconnects, at its timeout, and on a signal', async () => {
  const leave = new AbortController();
  const left = run('echo ready; sleep 600', {}, leave.signal);
  await expect.poll(async () => (await engine.containersOf(installation)).length, { timeout: 30_000 }).toBe(1);
  leave.abort();
  await left.catch(() => {});
  await expect.poll(async () => await engine.containersOf(installation), { timeout: 30_000 }).toEqual([]);
  expect(await run('sleep 600', { timeoutMs: 1000 })).toMatchObject({ code: 124, timedOut: true });
  const process = await runner.run({ id: `act_${randomUUID()}`, image: 'base', request: ExecRequest.parse({ command: 'trap "echo caught; exit 3" TERM; echo ready; while :; do sleep 0.1; done' }), filesIn: [], filesOut: [], channel: async () => channel });
  let seen = '';
  for await (const chunk of process.stdout.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    seen += String(chunk);
    if (seen.includes('ready')) break;
  }
  await process.signal('TERM');
  process.stderr.resume();
  expect(await text(process.stdout)).toBe('caught\n');
  expect((await process.exit).code).toBe(3);
});

test('Of twenty simultaneous actions, none is lost, and no more than the limit run at a time', async () => {
  let most = 0;
  let over = false;
  const watching = (async () => {
    while (!over) most = Math.max(most, (await engine.containersOf(installation)).length);
  })();
  const results = await Promise.all(Array.from({ length: 20 }, async (_, at) => await run(`echo ${at}`)));
  over = true;
  await watching;
  expect(results.map(({ stdout, code }) => [stdout, code])).toEqual(Array.from({ length: 20 }, (_, at) => [`${at}\n`, 0]));
  expect(most).toBeLessThanOrEqual(3);
});

test('Containers that a crash left are removed at the next start; those of others and of this process are not', async () => {
  const crashed = newRunner();
  void crashed.run({ id: 'act_CRASHED', image: 'base', request: ExecRequest.parse({ command: 'sleep 600' }), filesIn: [], filesOut: [], channel: async () => channel }).then((process) => { process.exit.catch(() => {}); });
  const foreign = `foreign-${installation}`;
  await daemon.docker('run', '--detach', '--name', foreign, (await daemon.docker('images', '--quiet', 'somnus/base')).split('\n')[0] ?? '', 'sleep', '600');
  try {
    await expect.poll(async () => await engine.containersOf(installation), { timeout: 30_000 }).toEqual([`somnus-${installation}-act-crashed`]);
    const own = run('sleep 2; echo whole');
    await expect.poll(async () => (await engine.containersOf(installation)).length, { timeout: 30_000 }).toBe(2);
    await runner.reap();
    expect((await engine.containersOf(installation)).filter((name) => name.endsWith('crashed'))).toEqual([]);
    expect(await own).toMatchObject({ stdout: 'whole\n', code: 0 });
    expect(await daemon.docker('inspect', '--format', '{{.State.Running}}', foreign)).toBe('true');
  } finally {
    await daemon.docker('rm', '--force', foreign);
  }
});

test('Old images of Somnus are removed, but not an image that only has the same name', async () => {
  const mine = 'somnus/base:mine';
  await daemon.makeImage(mine);
  const tag = await daemon.docker('images', '--filter', 'label=somnus.image', '--format', '{{.Tag}}', 'somnus/base');
  await daemon.docker('tag', `somnus/base:${tag}`, 'somnus/base:old');
  try {
    await engine.removeOtherTags('somnus/base', tag);
    expect((await daemon.docker('images', '--format', '{{.Tag}}', 'somnus/base')).split('\n').toSorted()).toEqual([tag, 'mine'].toSorted());
  } finally {
    await daemon.docker('rmi', mine);
  }
});

test('`somnus run --in container` copies files in and results out; an untrusted command is run in a container automatically; one that may need other files stays in the VM', async () => {
  await using demo = await SshdEnvironment.start({ containers: runner });
  const place = join(folder, 'cli');
  await mkdir(join(place, 'out'), { recursive: true });
  await writeFile(join(place, 'words'), 'b\na\n');
  const sorted = await demo.somnus.run(['run', 'demo', '--in', 'container', '--reads', join(place, 'words'), '--writes', join(place, 'out'), '--', `sort ${place}/words | tee ${place}/out/sorted; exit 4`]);
  expect(sorted).toMatchObject({ code: 4, stdout: 'a\nb\n' });
  expect(await readFile(join(place, 'out', 'sorted'), 'utf8')).toBe('a\nb\n');
  expect(await demo.somnus.run(['run', 'demo', '--untrusted', '--', 'id -u; ls /sys/class/net'])).toMatchObject({ code: 0, stdout: '10001\nlo\n' });
  expect(await demo.somnus.run(['run', 'demo', '--heavy', '--', 'id -u'])).toMatchObject({ code: 0, stdout: '0\n' });
  const { stdout } = await demo.somnus.run(['action', 'ls', 'demo', '-o', 'json']);
  expect((JSON.parse(stdout) as { items: { context: string; exitCode: number }[] }).items.map(({ context, exitCode }) => [context, exitCode])).toEqual([['vm', 0], ['container', 0], ['container', 4]]);
});

test('Only allowed images can be chosen; their entry points, volumes and user do not count; a GPU is refused where there is none', async () => {
  const base = (await daemon.docker('images', '--filter', 'label=somnus.image', '--format', '{{.Repository}}:{{.Tag}}', 'somnus/base')).split('\n')[0] ?? '';
  const name = `somnus-test/hostile:${installation}`;
  const volumes = await daemon.docker('volume', 'ls', '--quiet');
  const made = await daemon.docker('create', base, 'true');
  try {
    await daemon.docker('commit', '--change', 'USER 0', '--change', 'ENTRYPOINT ["/bin/false"]', '--change', 'VOLUME /data', '--change', 'HEALTHCHECK --interval=1s CMD touch /work/checked', made, name);
    const choosing = new ContainerRunner({ engine, images: new ContainerImages({ engine, folder: join(folder, 'images'), closing: closing.signal, log }), installation, limits: { memoryMiB: 128, folderMiB: 32, cpus: 1 }, allowedImages: [name, 'localhost:9/none:1'], atOnce: 1, log });
    const start = async (more: Partial<ContainerAction>) => await choosing.run({ id: `act_${randomUUID()}`, image: 'base', request: ExecRequest.parse({ command: 'id -u; head -c 60m /dev/zero >/data/bomb; stat -f -c %T /data; ls /work' }), filesIn: [], filesOut: [], channel: async () => channel, ...more });
    const process = await start({ imageName: name });
    process.stdin.end();
    const [stdout, stderr] = await Promise.all([text(process.stdout), text(process.stderr), process.exit]);
    expect([stdout, stderr]).toEqual(['10001\ntmpfs\n', expect.stringContaining('No space left')]);
    expect(await daemon.docker('volume', 'ls', '--quiet')).toBe(volumes);
    await expect(start({ imageName: 'docker.io/library/alpine:3' })).rejects.toMatchObject({ code: 'forbidden', hint: expect.stringContaining(name) as string });
    await expect(start({ imageName: 'localhost:9/none:1' })).rejects.toMatchObject({ code: 'unavailable' });
    if (!await engine.hasGpu()) await expect(start({ gpu: true })).rejects.toMatchObject({ code: 'unsupported' });
  } finally {
    await daemon.docker('rm', '--force', '--volumes', made);
    await daemon.docker('rmi', '--force', name);
  }
});

test('`somnus run --in hybrid` computes in a container and checks the results in the VM; if the check fails, the VM is as it was before', async () => {
  await using demo = await SshdEnvironment.start({ containers: runner });
  const place = join(folder, 'hybrid');
  await mkdir(join(place, 'out'), { recursive: true });
  await writeFile(join(place, 'out', 'sorted'), 'old\n');
  const hybrid = async (check: string) => await demo.somnus.run(['run', 'demo', '--prepare', `printf 'b\\na\\n' >${place}/words`, '--reads', join(place, 'words'), '--writes', join(place, 'out'), '--check', check, '--', `sort ${place}/words >${place}/out/sorted; id -u`]);
  expect(await hybrid(`grep -q a ${place}/out/sorted; exit 9`)).toMatchObject({ code: 9, stdout: '10001\n' });
  expect(await readFile(join(place, 'out', 'sorted'), 'utf8')).toBe('old\n');
  expect(await hybrid(`cat ${place}/out/sorted; id -u`)).toMatchObject({ code: 0, stdout: '10001\na\nb\n0\n' });
  expect(await readFile(join(place, 'out', 'sorted'), 'utf8')).toBe('a\nb\n');
});

test('`somnus artifact run` runs a version in a container, on files of the VM, and keeps output, files and resources; a bomb only ends its own run', async () => {
  await using demo = await SshdEnvironment.start({ containers: runner });
  await writeFile(join(folder, 'words'), 'b\na\n');
  const create = async (title: string, script: string): Promise<void> => { await demo.somnus.run(['artifact', 'create', 'demo', title, '--type', 'shell'], { input: script }); };
  await create('sort', 'sort "$1" | tee "$SOMNUS_RESULTS/sorted"; id -u; ls /sys/class/net; ln -s /etc/passwd "$SOMNUS_RESULTS/link"; mkfifo "$SOMNUS_RESULTS/pipe"; exit 4\n');
  expect(await demo.somnus.run(['artifact', 'run', 'sort', '--reads', join(folder, 'words'), '--', join(folder, 'words')])).toMatchObject({ code: 4, stdout: 'a\nb\n10001\nlo\n', stderr: expect.stringContaining('not link, pipe') as string });
  const { items: [run] } = await demo.somnus.json<{ items: { id: string; cpuMs: number; memoryPeakMiB: number }[] }>('artifact', 'runs', 'sort');
  expect(run).toMatchObject({ status: 'ended', exitCode: 4, context: 'container', files: [{ path: 'sorted', sizeBytes: 4 }], cpuMs: expect.any(Number) as number });
  expect((await demo.somnus.run(['artifact', 'result', 'sort', run?.id ?? '', '--file', 'sorted'])).stdout).toBe('a\nb\n');
  await create('bomb', 'head -c 60m /dev/zero >"$SOMNUS_RESULTS/disk"; bomb() { bomb | bomb & }; bomb; head -c 400m /dev/zero | tail; sleep 600\n');
  const bomb = demo.somnus.run(['artifact', 'run', 'bomb', '--timeout', '8s']);
  expect((await demo.somnus.run(['artifact', 'run', 'sort', '--reads', join(folder, 'words'), '--', join(folder, 'words')])).code).toBe(4);
  expect((await bomb).code).not.toBe(0);
  expect(await engine.containersOf(installation)).toEqual([]);
});

test('Without an engine, the reason is reported, and nothing is thrown', async () => {
  const none = new ContainerRunner({ engine: new DockerEngine(join(folder, 'no.sock')), images: new ContainerImages({ engine, folder, closing: closing.signal, log }), installation, limits: { memoryMiB: 128, folderMiB: 32, cpus: 1 }, atOnce: 1, log });
  expect(await none.problem('base', false)).toMatch(/ENOENT/);
  await none.reap();
});
