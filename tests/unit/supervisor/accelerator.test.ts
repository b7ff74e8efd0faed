import { expect, test } from 'vitest';
import { createLogger } from '../../../common/log.ts';
import type { AccelVerdict } from '../../../supervisor/host/accel.ts';
import { HostHardware } from '../../../supervisor/host/hardware.ts';
import type { VmDriver } from '../../../supervisor/libvirt/vm-driver.ts';
import type { Hardware } from '../../../supervisor/vms/vm.ts';
import { assertLoadable } from '../../../supervisor/snapshots/check-state.ts';
import type { ImageStore } from '../../../supervisor/storage/image-store.ts';

const MINUTE = 60_000;

/** A host whose probes end as listed; records whether each was requested again. */
function hostWhoseProbesEnd(...results: ('kvm' | 'tcg')[]) {
  const host = { atMs: 0, idle: true, probes: [] as boolean[] };
  const hardware = new HostHardware({
    setting: 'auto', accelFile: '/nowhere', log: createLogger({ level: 'silent' }),
    driver: { hostInfo: async () => ({ hypervisor: { version: '7.2.22' }, guests: { machineTypes: [{ name: 'pc', canonical: 'pc-i440fx-7.2' }] } }) } as unknown as VmDriver,
    images: { current: async () => ({ folder: '/image' }) } as unknown as ImageStore,
    idle: () => host.idle,
    now: () => host.atMs,
    choose: async ({ again = false }): Promise<AccelVerdict> => {
      host.probes.push(again);
      return { use: results.shift() ?? 'tcg', reason: 'a probe', bootId: 'this', qemuVersion: '7.2.22' };
    },
  });
  return { host, hardware };
}

test('A probe that failed on a busy host is repeated when the host is idle, and VMs then start under KVM', async () => {
  const { host, hardware } = hostWhoseProbesEnd('tcg', 'kvm');
  expect((await hardware.get()).accel).toBe('tcg');
  host.idle = false;
  host.atMs = 20 * MINUTE;
  await hardware.retryWhenIdle();
  expect(host.probes).toEqual([false]);
  host.idle = true;
  await hardware.retryWhenIdle();
  expect(host.probes).toEqual([false, true]);
  expect(await hardware.get()).toMatchObject({ accel: 'kvm', cpuModel: 'host-passthrough' });
  host.atMs = 1000 * MINUTE;
  await hardware.retryWhenIdle();
  expect(host.probes).toHaveLength(2);
});

test('Probes that keep failing become less frequent', async () => {
  const { host, hardware } = hostWhoseProbesEnd();
  await hardware.get();
  const probedAt: number[] = [];
  for (; host.atMs < 80 * MINUTE; host.atMs += MINUTE) {
    const before = host.probes.length;
    await hardware.retryWhenIdle();
    if (host.probes.length > before) probedAt.push(host.atMs / MINUTE);
  }
  expect(probedAt).toEqual([5, 15, 35, 75]);
});

test('A requested probe runs immediately, and its result applies from then on', async () => {
  const { host, hardware } = hostWhoseProbesEnd('tcg', 'kvm');
  await hardware.get();
  expect(await hardware.probe()).toEqual({ use: 'kvm', setting: 'auto', reason: 'a probe' });
  expect(host.probes).toEqual([false, true]);
  expect((await hardware.get()).accel).toBe('kvm');
});

const saved = (change: Partial<Hardware> = {}): Hardware => ({ accel: 'tcg', machineType: 'pc-i440fx-7.2', cpuModel: 'maximum', qemuVersion: '7.2.22', ...change });

test('A memory saved under KVM is refused where KVM does not work, with what still works', () => {
  expect(() => assertLoadable(saved({ accel: 'kvm' }), saved())).toThrow(expect.objectContaining({
    code: 'unsupported',
    message: 'The memory was saved under KVM; this host now runs VMs under emulation (TCG), which cannot load it',
    hint: expect.stringMatching(/somnus doctor --probe.*disk is not affected.*--disk-only.*somnus stop.*somnus start/) as string,
  }));
});

test('A memory saved by another version of QEMU is refused, naming both', () => {
  expect(() => assertLoadable(saved(), saved({ qemuVersion: '10.0.2' }))).toThrow('The memory was saved by QEMU 7.2.22; QEMU 10.0.2 on this host cannot load it');
});

test('A memory saved under emulation can be loaded where KVM works, because emulation is also available', () => {
  expect(() => assertLoadable(saved(), saved({ accel: 'kvm', cpuModel: 'host-passthrough' }))).not.toThrow();
});
