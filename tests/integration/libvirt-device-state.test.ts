// The domain XML, and saving and loading device state, on real QEMU.
import { copyFile, open, readFile, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import { runCommand } from '../../common/run-command.ts';
import { LibvirtDriver } from '../../supervisor/libvirt/libvirt-driver.ts';
import { loadDeviceState, saveDeviceState } from '../../supervisor/snapshots/device-state.ts';
import { silent } from '../support/libvirt.ts';
import { tinyGuest, type TinyGuest } from '../support/tiny-guest.ts';

let driver: LibvirtDriver;
let guests: TinyGuest[] = [];
beforeAll(async () => {
  driver = new LibvirtDriver({ uri: 'qemu:///system', log: silent });
  await driver.whenConnected();
});
afterEach(async () => {
  for (const guest of guests) {
    await driver.destroy(guest.shape.name).catch(() => {});
    await driver.undefine(guest.shape.name).catch(() => {});
    await guest.remove();
  }
  guests = [];
});
afterAll(async () => await driver.close());

async function prepared(from?: TinyGuest): Promise<TinyGuest> {
  const guest = await tinyGuest(from ? { from } : {});
  guests.push(guest);
  await driver.define(guest.xml());
  return guest;
}

async function counting(): Promise<TinyGuest> {
  const guest = await prepared();
  await driver.start(guest.shape.name);
  await guest.untilPast(3);
  return guest;
}

const stateOptions = ({ shape, folder }: TinyGuest): Parameters<typeof saveDeviceState>[1] => ({ domainName: shape.name, runDir: shape.runDir, user: shape.user, file: join(folder, 'state') });

/** The counter never jumps or restarts, and register and RAM agree. */
async function expectUnbroken(guest: TinyGuest): Promise<void> {
  const numbers = (await guest.counts()).map((line) => (/^[0-9a-f]{8}$/.test(line) ? Number.parseInt(line, 16) : Number.NaN));
  expect(numbers).toEqual(Array.from(numbers, (_, index) => index + 1));
}

async function sleepOnDisk(guest: TinyGuest): Promise<number> {
  await driver.suspend(guest.shape.name);
  await saveDeviceState(driver, stateOptions(guest));
  const count = Number.parseInt((await guest.counts()).at(-1) ?? '', 16);
  await driver.destroy(guest.shape.name);
  return count;
}

async function wake(guest: TinyGuest): Promise<void> {
  await driver.createFromXml(guest.xml({ incoming: true }), { paused: true });
  await loadDeviceState(driver, stateOptions(guest));
  await driver.resume(guest.shape.name);
}

test('a VM starts from its folder: its RAM is our file, its sockets are in place, and its files keep their owners', async () => {
  const guest = await prepared();
  const { name, folder, runDir, tapName } = { ...guest.shape };
  const owners = async (): Promise<number[]> => await Promise.all(['disk', 'ram', 'kernel', 'initrd'].map(async (file) => (await stat(join(folder, file))).uid));
  const before = await owners();
  await driver.start(name);
  await guest.untilPast(3);
  const pid = (await readFile(`/run/libvirt/qemu/${name}.pid`, 'utf8')).trim();
  expect(await readFile(`/proc/${pid}/maps`, 'utf8')).toMatch(new RegExp(`rw-s .*${folder}/ram`)); // mapped shared
  expect(Number(/^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1])).toBe((await stat(join(folder, 'ram'))).uid);
  const ram = await open(join(folder, 'ram'));
  const { buffer } = await ram.read(Buffer.alloc(4), 0, 4, 0x20_0000);
  await ram.close();
  expect(buffer.readUInt32LE()).toBeGreaterThan(3); // the guest's own counter, read from the file
  expect((await readdir(runDir)).toSorted()).toEqual(['agent.sock', 'console.log', 'qemu', 'qga.sock']);
  expect((await driver.stats(name))).toMatchObject({ memory: { actualKiB: 65_536 }, blocks: [{ device: 'vda', capacityBytes: 1 << 20 }], interfaces: [{ device: tapName }] });
  await driver.destroy(name);
  expect(await owners()).toEqual(before);
});

test('each QEMU runs as its own user in a sandbox, and cannot open the files of another', async () => {
  const [one, other] = [await prepared(), await prepared()];
  await driver.start(one.shape.name);
  await driver.start(other.shape.name);
  const uids = await Promise.all([one, other].map(async ({ shape }) => {
    const pid = (await readFile(`/run/libvirt/qemu/${shape.name}.pid`, 'utf8')).trim();
    const [status, command] = await Promise.all(['status', 'cmdline'].map(async (file) => await readFile(`/proc/${pid}/${file}`, 'utf8')));
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    expect(command?.replaceAll('\0', ' ')).toMatch(/-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny/);
    return Number(/^Uid:\s+(\d+)/m.exec(status ?? '')?.[1]);
  }));
  expect(uids).toEqual([one.shape.user.uid, other.shape.user.uid]);
  expect(uids[0]).not.toBe(uids[1]);
  const { uid, gid } = one.shape.user;
  const opened = async (path: string): Promise<boolean> => await runCommand('setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', 'test', '-r', path]).then(() => true, () => false);
  expect(await Promise.all(['ram', 'disk'].map(async (file) => await opened(join(one.folder, file))))).toEqual([true, true]);
  expect(await Promise.all(['ram', 'disk', 'run/console.log', 'run/qemu'].map(async (file) => await opened(join(other.folder, file))))).toEqual([false, false, false, false]);
});

test('a hibernated VM continues where it was, and its definition does not change', async () => {
  const guest = await counting();
  const { name } = guest.shape;
  let last = await sleepOnDisk(guest);
  for (let round = 0; round < 2; round += 1) {
    expect(await driver.find(name)).toMatchObject({ state: 'shut_off', persistent: true });
    await wake(guest);
    expect(await driver.find(name)).toMatchObject({ state: 'running', persistent: true });
    expect(await driver.domainXml(name, { inactive: true })).not.toContain('-incoming');
    expect(await readdir(guest.shape.runDir)).not.toContain('state.sock');
    await guest.untilPast(last + 3);
    if (round === 0) last = await sleepOnDisk(guest);
  }
  await expectUnbroken(guest);
  expect((await stat(join(guest.folder, 'state'))).size).toBeLessThan(2 << 20); // devices only
  // The next plain start is a boot.
  await driver.destroy(name);
  const lines = (await guest.counts()).length;
  await driver.start(name);
  expect(await pollUntil('a first count', { timeoutMs: 60_000, intervalMs: 20 }, async () => (await guest.counts())[lines])).toMatch(/00000001$/); // the end of QEMU may have cut off the line before it
});

test('a VM that was saved is resumed in place, and can be saved again any number of times', async () => {
  const guest = await counting();
  for (let round = 0; round < 5; round += 1) {
    await driver.suspend(guest.shape.name);
    await saveDeviceState(driver, stateOptions(guest));
    const count = Number.parseInt((await guest.counts()).at(-1) ?? '', 16);
    await driver.resume(guest.shape.name);
    await guest.untilPast(count + 3);
  }
  await expectUnbroken(guest);
  expect(await driver.monitor(guest.shape.name, 'query-migrate-capabilities')).toContainEqual({ capability: 'x-ignore-shared', state: false });
});

test('another VM loads the state with a copy of the RAM, and both continue', async () => {
  const source = await counting();
  await driver.suspend(source.shape.name);
  await saveDeviceState(driver, stateOptions(source));
  const count = Number.parseInt((await source.counts()).at(-1) ?? '', 16);
  const fork = await prepared(source);
  await copyFile(join(source.folder, 'state'), join(fork.folder, 'state'));
  await driver.resume(source.shape.name);
  await wake(fork);
  await Promise.all([fork.untilPast(count + 3), source.untilPast(count + 3)]);
  await expectUnbroken(source);
  await expectUnbroken(fork);
});

test('a running VM cannot be saved, and a VM that does not wait for a state cannot load one', async () => {
  const guest = await counting();
  await expect(saveDeviceState(driver, stateOptions(guest))).rejects.toMatchObject({ code: 'invalid_state' });
  expect(await readdir(guest.folder)).not.toContain('state');
  await writeFile(join(guest.folder, 'state'), 'anything');
  await expect(loadDeviceState(driver, stateOptions(guest))).rejects.toMatchObject({ code: 'invalid_state' });
  const count = await guest.untilPast(0);
  await guest.untilPast(count + 3);
  await expectUnbroken(guest);
});

test('a save that cannot be written leaves no file and no socket, and the VM can be resumed', async () => {
  const guest = await counting();
  const options = stateOptions(guest);
  await driver.suspend(guest.shape.name);
  await expect(saveDeviceState(driver, { ...options, file: join(guest.folder, 'missing', 'state') })).rejects.toThrow('ENOENT');
  await expect(saveDeviceState(driver, { ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  await expect(saveDeviceState(driver, { ...options, timeoutMs: 2 })).rejects.toMatchObject({ code: 'timeout' });
  expect(await readdir(guest.shape.runDir)).not.toContain('state.sock');
  expect(await readdir(guest.folder)).not.toContain('state');
  await saveDeviceState(driver, options);
  await saveDeviceState(driver, options);
  const count = await guest.untilPast(0);
  await driver.resume(guest.shape.name);
  await guest.untilPast(count + 3);
  await expectUnbroken(guest);
});

test.each([
  ['cut short', async (file: string) => await truncate(file, 1_000)],
  ['empty', async (file: string) => await truncate(file, 0)],
  ['of something else', async (file: string) => await writeFile(file, 'x'.repeat(100_000))],
])('a state that is %s is reported as corrupt immediately', async (_how, damage) => {
  const guest = await counting();
  await sleepOnDisk(guest);
  const file = join(guest.folder, 'state');
  await damage(file);
  await expect(wake(guest)).rejects.toMatchObject({ code: 'corrupt', details: { file } });
  expect(await readdir(guest.shape.runDir)).not.toContain('state.sock');
  await driver.destroy(guest.shape.name).catch(() => {});
  expect(await driver.find(guest.shape.name)).toMatchObject({ state: 'shut_off', persistent: true });
});
