// The main use case, through the `somnus` command, as a new user: one environment and everything one does with it, without losing it.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import { TestControlPlane } from '../support/control-plane.ts';

let somnus: TestControlPlane;
const NAME = 'mine';
let folder: string;

const show = async (): Promise<Environment> => await somnus.json<Environment>('show', NAME);
const guest = async (script: string): Promise<string> => (await somnus.ok('exec', NAME, '--', 'sh', '-c', script)).trim();

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  folder = await mkdtemp(join(tmpdir(), 'somnus-e2e-'));
  await somnus.ok('create', NAME, '--profile', 'idle');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('A created environment is a running VM with everything requested', async () => {
  const environment = await show();
  expect(environment).toMatchObject({ name: NAME, state: 'running', profile: 'idle', network: 'open', vcpus: 1, memoryMiB: 512 });
  expect(environment.bootId).toMatch(/^[0-9a-f-]{36}$/);
  expect(await guest('hostname')).toBe(NAME);
  expect(await guest('cat /proc/sys/kernel/random/boot_id')).toBe(environment.bootId);
  expect(await guest('nproc')).toBe('1');
  expect(await guest('ip -o -4 addr show scope global | awk \'{print $4}\'')).toContain(environment.ip);
  expect(await guest('cat /sys/class/net/*/address')).toContain(environment.mac);
  expect(Math.abs(Number(await guest('date +%s')) - Date.now() / 1000)).toBeLessThan(5);
});

test('exec keeps both streams separate and returns the program\'s exit code', async () => {
  const result = await somnus.cli(['exec', NAME, '--', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
  expect(result).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' });
  expect((await somnus.cli(['exec', NAME, '--', 'uname', '-a'])).stdout).toMatch(/^Linux mine /);
  expect((await somnus.cli(['exec', NAME, '--', 'no-such-program'])).code).toBe(127);
  const withContext = await somnus.cli(['exec', NAME, '--cwd', '/var/tmp', '--env', 'GREETING=a b\'c', '--', 'sh', '-c', 'echo "$PWD $GREETING"']);
  expect(withContext.stdout).toBe("/var/tmp a b'c\n");
});

test('Piped input comes out again, byte for byte', async () => {
  const bytes = randomBytes(300_000);
  const { stdout } = await somnus.cli(['exec', NAME, '-i', '--', 'sha256sum'], { input: bytes });
  expect(stdout.split(' ')[0]).toBe(createHash('sha256').update(bytes).digest('hex'));
});

test('100 MB pass through a pipe unchanged', async () => {
  const child = somnus.spawnCli(['exec', NAME, '--', 'sh', '-c', 'head -c 100000000 /dev/zero']);
  child.stdin.end();
  let count = 0;
  child.stdout.on('data', (chunk: Buffer) => { count += chunk.length; });
  const [code] = await once(child, 'close') as [number];
  expect({ code, count }).toEqual({ code: 0, count: 100_000_000 });
});

test('A program that exceeds its timeout is ended with its whole process group', async () => {
  const result = await somnus.cli(['exec', NAME, '--timeout', '2', '--', 'sh', '-c', 'sleep 7171 & sleep 7171']);
  expect(result.code).toBe(124);
  expect(await guest('pgrep -fc "[s]leep 7171" || true')).toBe('0');
});

test('Ctrl-C ends the program in the guest', async () => {
  const child = somnus.spawnCli(['exec', NAME, '--', 'sh', '-c', 'echo begun; exec sleep 8181']);
  child.stdin.end();
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  const [code] = await once(child, 'exit') as [number];
  expect(code).toBe(130);
  expect(await guest('pgrep -fc "[s]leep 8181" || true')).toBe('0');
});

test('A file larger than any buffer is copied in and out with the same checksum', async () => {
  const megabytes = 40; // a gigabyte takes six minutes of an emulated CPU
  const [original, returned] = [join(folder, 'original'), join(folder, 'returned')];
  await pipeline(async function* () {
    const block = randomBytes(1_000_000);
    for (let i = 0; i < megabytes; i += 1) {
      block.writeUInt32BE(i);
      yield block.subarray();
      await Promise.resolve();
    }
  }, createWriteStream(original));
  await somnus.ok('cp', original, `${NAME}:/root/big`);
  expect(await guest('stat -c %s /root/big')).toBe(String(megabytes * 1_000_000));
  await somnus.ok('cp', `${NAME}:/root/big`, returned);
  expect(await sha256(returned)).toBe(await sha256(original));
  await guest('rm /root/big');
});

test('suspend pauses in memory and resume continues, with the right clock', async () => {
  await guest('echo kept > /root/file; setsid sh -c \'while sleep 0.2; do echo >> /run/ticks; done\' >/dev/null 2>&1 & until [ -s /run/ticks ]; do sleep 0.1; done');
  await somnus.ok('suspend', NAME);
  expect((await show()).state).toBe('suspended');
  const refused = await somnus.cli(['exec', NAME, '--', 'true']);
  expect(refused.code).toBe(5);
  expect(refused.stderr).toContain('somnus resume mine');
  await delay(3000); // the guest's clock must fall behind for this to be a test
  await somnus.ok('resume', NAME);
  const ticks = Number(await guest('wc -l < /run/ticks'));
  await expect.poll(async () => Number(await guest('wc -l < /run/ticks')), { timeout: 30_000 }).toBeGreaterThan(ticks);
  await expect.poll(async () => Math.abs(Number(await guest('date +%s%3N')) - Date.now()), { timeout: 30_000 }).toBeLessThan(2000);
});

test('hibernate frees the memory, and after wake the same programs continue', async () => {
  const { bootId } = await show();
  await guest('echo $$ > /dev/null; pgrep -f "[w]hile sleep 0.2" > /root/pid');
  await somnus.ok('hibernate', NAME);
  expect((await show()).state).toBe('hibernated');
  await somnus.ok('wake', NAME);
  expect(await show()).toMatchObject({ state: 'running', bootId });
  expect(await guest('kill -0 $(cat /root/pid) && cat /root/file')).toBe('kept');
  const ticks = Number(await guest('wc -l < /run/ticks'));
  await expect.poll(async () => Number(await guest('wc -l < /run/ticks')), { timeout: 30_000 }).toBeGreaterThan(ticks);
  expect(Math.abs(Number(await guest('date +%s%3N')) - Date.now())).toBeLessThan(2000);
});

test('It can hibernate and wake repeatedly', async () => {
  for (let round = 0; round < 3; round += 1) {
    await somnus.ok('hibernate', NAME);
    await somnus.ok('wake', NAME);
    expect(await guest('kill -0 $(cat /root/pid) && cat /root/file')).toBe('kept');
  }
});

test('stop and start keep files and address, and boot again', async () => {
  const before = await show();
  await guest('echo "still here" > /root/note; sync');
  await somnus.ok('stop', NAME);
  expect(await show()).toMatchObject({ state: 'stopped', bootId: null });
  await somnus.ok('start', NAME);
  const after = await show();
  expect(after).toMatchObject({ state: 'running', ip: before.ip, mac: before.mac });
  expect(after.bootId).not.toBe(before.bootId);
  expect(await guest('cat /root/note')).toBe('still here');
});

test('A removed environment can be restored, with all its files', async () => {
  await somnus.ok('rm', NAME);
  expect((await somnus.cli(['show', NAME])).stdout).toContain('removed');
  expect(await somnus.ok('ls')).not.toContain(NAME);
  await somnus.ok('undelete', NAME);
  await somnus.ok('start', NAME);
  expect(await guest('cat /root/note')).toBe('still here');
});

test('A guest that shuts itself down is found stopped, with the reason', async () => {
  await somnus.cli(['exec', NAME, '--', 'systemctl', 'poweroff']);
  await expect.poll(async () => await show(), { timeout: 120_000, interval: 500 }).toMatchObject({ state: 'stopped', stateReason: 'the guest shut itself down' });
  await somnus.ok('start', NAME);
});

test('What it deletes inside is freed in the pool', async () => {
  const used = async (): Promise<number> => {
    const { pool } = await somnus.json<{ pool: { freeBytes: number } }>('status');
    return -pool.freeBytes;
  };
  await guest('head -c 300000000 /dev/urandom > /root/bulk; sync');
  const full = await used();
  await guest('rm /root/bulk; sync; fstrim /');
  await expect.poll(async () => full - await used(), { timeout: 60_000 }).toBeGreaterThan(250_000_000);
});

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
