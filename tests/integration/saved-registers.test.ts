// Saved states that a VM can continue from, on a QEMU that sometimes saves invalid CPU registers (QEMU 7.2 under emulation, right after cmpxchg16b).
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import { LibvirtDriver } from '../../supervisor/libvirt/libvirt-driver.ts';
import { Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import type { VmManifest } from '../../supervisor/vms/manifest.ts';
import { readThrough } from '../../supervisor/snapshots/check-state.ts';
import { readRegisters, stateFault } from '../../supervisor/snapshots/cpu-registers.ts';
import { saveDeviceState } from '../../supervisor/snapshots/device-state.ts';
import { readState, saveState } from '../../supervisor/snapshots/saved-state.ts';
import { silent } from '../support/libvirt.ts';
import { tinyGuest, wrongFlagsCode, type TinyGuest } from '../support/tiny-guest.ts';

/** Far more than needed until the guest is stopped in one of the wrong places. */
const MOST_SAVES = 200;
const signal = new AbortController().signal;
let driver: LibvirtDriver;
let guest: TinyGuest;
beforeAll(async () => {
  driver = new LibvirtDriver({ uri: 'qemu:///system', log: silent });
  await driver.whenConnected();
  guest = await tinyGuest({ code: wrongFlagsCode });
  await driver.define(guest.xml());
  await driver.start(guest.shape.name);
  await pollUntil('the guest to complete a round', { timeoutMs: 60_000, intervalMs: 20 }, async () => (await guest.counts()).length > 1 ? true : undefined);
});
afterAll(async () => {
  await driver.destroy(guest.shape.name).catch(() => {});
  await driver.undefine(guest.shape.name).catch(() => {});
  await guest.remove();
  await driver.close();
});

/** The tiny guest as a VM whose pool copies blocks instead of sharing them. */
function machineOf({ shape, folder }: TinyGuest, warnings: string[] = []): Vm {
  const manifest = {
    hardware: { accel: 'tcg', machineType: 'pc', cpuModel: 'maximum', qemuVersion: '7.2.22', watchdog: false }, imageVersion: '1', kernelCmdline: '', generation: 1,
    shape: { vcpus: 1, vcpusMax: 1, memoryMiB: 256, memoryMaxMiB: 256, diskGiB: 1, cpuQuotaPercent: null, ioWeight: null },
  } as unknown as VmManifest;
  class TinyMachine extends Vm {
    override get domainName(): string { return shape.name; }
    override get folder(): string { return folder; }
    override get runDir(): string { return shape.runDir; }
    override async manifest(): Promise<VmManifest> { return manifest; }
    override async runningUser(): ReturnType<Vm['runningUser']> { return shape.user; }
  }
  return new TinyMachine({ driver, log: { child: () => ({ warn: ({ event }: { event: string }) => warnings.push(event) }) }, pool: { clone: async (from: string, to: string) => await copyFile(from, to) }, guests: { port: () => ({ connect: async () => {} }) } } as unknown as VmHost, 'tiny');
}

test('QEMU saves registers that a VM cannot continue from, and they are detected in the state', async () => {
  const file = join(guest.folder, 'state');
  const faults: string[] = [];
  for (let save = 0; save < MOST_SAVES && faults.length < 2; save += 1) {
    await driver.suspend(guest.shape.name);
    await saveDeviceState(driver, { domainName: guest.shape.name, runDir: guest.shape.runDir, user: guest.shape.user, file });
    const state = await readFile(file);
    const shown = await driver.monitor(guest.shape.name, 'human-monitor-command', { 'command-line': 'info registers' }) as string;
    const [registers] = readRegisters(state);
    expect(registers?.rflags.toString(16).padStart(8, '0')).toBe(/RFL=([0-9a-f]+)/.exec(shown)?.[1]); // the state describes itself as QEMU does
    const fault = stateFault(state);
    if (fault !== undefined) faults.push(fault);
    await driver.resume(guest.shape.name);
  }
  const { hypervisor } = await driver.hostInfo();
  if (hypervisor.version.startsWith('7.')) expect(faults.length).toBeGreaterThan(0);
  for (const fault of faults) expect(fault).toMatch(/^vCPU 0: RFLAGS is 0x000050[0-9a-f]{2}, with IOPL, NT set at privilege level 0$/);
});

test('a VM is saved again when the registers are not valid, and continues afterwards', async () => {
  const retakes: string[] = [];
  const vm = machineOf(guest, retakes);
  const target = join(guest.folder, 'saved');
  for (let save = 0; save < MOST_SAVES && retakes.length === 0; save += 1) {
    await saveState(vm, target, { memory: true, signal });
    expect(stateFault(await readFile(join(target, 'state')))).toBeUndefined();
    await rm(target, { recursive: true });
  }
  expect(retakes[0]).toBe('state.registers-not-valid');
  const rounds = (await guest.counts()).length;
  await pollUntil('the guest to continue', { timeoutMs: 60_000, intervalMs: 20 }, async () => (await guest.counts()).length > rounds ? true : undefined);
  // A VM that is to stay suspended is resumed only between attempts.
  retakes.length = 0;
  for (let save = 0; save < MOST_SAVES && retakes.length === 0; save += 1) {
    await saveState(vm, target, { memory: true, staySuspended: true, signal });
    expect(stateFault(await readFile(join(target, 'state')))).toBeUndefined();
    expect(await driver.find(guest.shape.name)).toMatchObject({ state: 'paused' });
    await rm(target, { recursive: true });
    await driver.resume(guest.shape.name);
  }
});

test('a check of a snapshot finds invalid registers that an older version saved', async () => {
  const vm = machineOf(guest);
  const target = join(guest.folder, 'saved');
  await saveState(vm, target, { memory: true, signal });
  // As once saved: RFLAGS with bits of a compare-and-swap's operand.
  const saved = await readState(target);
  const state = await readFile(join(target, 'state'));
  const { rip, rflags } = readRegisters(state)[0] ?? { rip: 0n, rflags: 0n };
  const [before, after] = [Buffer.alloc(16), Buffer.alloc(8)];
  before.writeBigUInt64BE(rip);
  before.writeBigUInt64BE(rflags, 8);
  after.writeBigUInt64BE(0x0992_5342n);
  after.copy(state, state.indexOf(before) + 8);
  await writeFile(join(target, 'state'), state);
  await writeFile(join(target, 'info.json'), JSON.stringify({ ...saved, stateCrc32: crc32(state).toString(16).padStart(8, '0') }));
  await expect(readThrough(target, { signal })).rejects.toMatchObject({ code: 'corrupt', details: { path: join(target, 'state') }, message: expect.stringContaining('RFLAGS is 0x09925342, with TF, IOPL, NT, VM set') });
});
