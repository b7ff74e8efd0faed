// `somnus up`, `status` and `down` with a real control plane on this host: its own data folder, pool, port and addresses.
import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../common/config.ts';
import { exists } from '../../common/exists.ts';
import { createLogger } from '../../common/log.ts';
import { tearDown } from '../../deploy/tear-down.ts';
import { isControlPlane } from '../../orchestrator/cli/host/control-plane-process.ts';
import type { HostStatus } from '../../orchestrator/host/host.ts';
import { Somnus } from '../contract/cli/somnus-process.ts';
import { DATA_ROOT, ownedName } from '../support/clean-up.ts';

const dataDir = join(DATA_ROOT, ownedName('plane', randomBytes(3).toString('hex')));
const configFile = `${dataDir}.yaml`;
const settings = {
  dataDir, api: { port: randomInt(20_000, 30_000), keyFile: join(dataDir, 'key') }, pool: { sizeGiB: 4 }, accel: 'tcg', network: { subnet: `10.${randomInt(100, 250)}.0.0/16` },
};
const somnus = new Somnus({ SOMNUS_CONFIG: configFile, SOMNUS_KEY_FILE: join(dataDir, 'key') });
const url = `http://127.0.0.1:${settings.api.port}`;

beforeAll(async () => { await writeFile(configFile, stringify(settings)); });
afterAll(async () => {
  await somnus.run(['down']);
  expect(await tearDown(parseConfig(stringify(settings), 'test'), createLogger({ level: 'warn' }), { keepData: false })).toEqual([]); // every name in it is known
  expect(await exists(dataDir)).toBe(false);
  await rm(configFile, { force: true });
});

const pidOf = async (): Promise<number> => (await somnus.json<HostStatus>('status')).pid;

test('up starts it and returns when it serves; a second time it only says so', async () => {
  expect(await somnus.run(['status'])).toMatchObject({ code: 1, stdout: expect.stringContaining('not running') as string });
  expect(await somnus.run(['down'])).toMatchObject({ code: 0, stdout: 'The control plane is not running\n' });
  expect(await somnus.run(['up'])).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^The control plane is running at ${url}, pid \\d+\n$`)) as string });
  expect(await somnus.json<HostStatus>('status')).toMatchObject({ running: true, dataDir, url, keyFile: join(dataDir, 'key'), accel: { use: 'tcg' } });
  expect(await somnus.run(['ls'])).toMatchObject({ code: 0, stdout: '' });
  const again = await somnus.run(['up']);
  expect(again).toMatchObject({ code: 0, stdout: `The control plane is already running at ${url}, pid ${await pidOf()}\n` });
});

test('A killed one is started again', async () => {
  const before = await pidOf();
  process.kill(before, 'SIGKILL');
  await expect.poll(async () => (await somnus.run(['status'])).code, { timeout: 10_000 }).toBe(1);
  expect((await somnus.run(['up'])).code).toBe(0);
  expect(await pidOf()).not.toBe(before);
});

test('down returns when it has ended', async () => {
  const pid = await pidOf();
  expect(await somnus.run(['down'])).toMatchObject({ code: 0, stdout: 'The control plane has stopped; VMs keep running\n' });
  expect(isControlPlane(pid)).toBe(false);
});

test('Of two concurrent starts, one starts it and the other waits for it', async () => {
  const both = await Promise.all([somnus.json<{ started: boolean; pid: number }>('up'), somnus.json<{ started: boolean; pid: number }>('up')]);
  expect(both.filter(({ started }) => started)).toHaveLength(1);
  expect(both.map(({ pid }) => pid)).toEqual([await pidOf(), await pidOf()]);
  expect((await somnus.run(['down'])).code).toBe(0);
});

test('up --foreground becomes the control plane: same process, ended by a signal', async () => {
  const [program, ...args] = somnus.commandLine('up', '--foreground');
  const child = spawn(program, args, { env: somnus.environment(), stdio: 'ignore' });
  await expect.poll(async () => (await somnus.run(['status'])).code, { timeout: 120_000, interval: 500 }).toBe(0);
  expect(await pidOf()).toBe(child.pid);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('A failure to start is reported with the reason', async () => {
  await writeFile(configFile, stringify({ ...settings, libvirt: { url: 'x' } }));
  expect(await somnus.run(['up'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/unknown key libvirt\.url\nhint: Did you mean libvirt\.uri\?/) as string });
  await writeFile(configFile, stringify({ ...settings, pool: { path: '/proc/none' } }));
  expect(await somnus.run(['up'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/^(Waiting for .*\n)+error: The control plane is running without pool: .+\nhint: .*log\/control-plane\.log\.\n$/) as string });
  expect((await somnus.run(['down'])).code).toBe(0);
  await writeFile(configFile, stringify(settings));
});

test('A folder with the user\'s files is used neither for the data nor for the pool, and nothing in it changes', async () => {
  const folder = `${dataDir}-mine`;
  await mkdir(join(folder, 'music'), { recursive: true });
  onTestFinished(async () => await rm(folder, { recursive: true }));
  await writeFile(configFile, stringify({ ...settings, dataDir: folder }));
  const said = `: ${folder} holds files that are not Somnus's: music`;
  expect(await somnus.run(['up'])).toMatchObject({ code: 1, stderr: expect.stringMatching(new RegExp(`^error: dataDir${said}\nhint: Choose a folder that is empty`)) as string });
  expect(await somnus.run(['up', '--foreground'])).toMatchObject({ code: 1, stderr: expect.stringContaining(`error: dataDir${said}\n`) as string });
  await writeFile(configFile, stringify({ ...settings, pool: { path: folder } }));
  expect(await somnus.run(['up'])).toMatchObject({ code: 1, stderr: expect.stringContaining(`The control plane is running without pool: pool.path${said}`) as string });
  expect((await somnus.run(['down'])).code).toBe(0);
  await writeFile(configFile, stringify(settings));
  expect(await readdir(folder)).toEqual(['music']);
});
