// The driver without a hypervisor follows the same contract as the real ones, and its faults work as documented.
import { expect, test } from 'vitest';
import { FakeHypervisor } from '../../supervisor/libvirt/fake-hypervisor.ts';
import { FakeVmDriver } from '../../supervisor/libvirt/fake-vm-driver.ts';
import { vmDriverSuite } from './vm-driver.suite.ts';

const domainXml = ({ name, uuid, more = '' }: { name: string; uuid: string; more?: string }): string => `<domain type='qemu'><name>${name}</name><uuid>${uuid}</uuid>${more}<memory unit='MiB'>64</memory></domain>`;

vmDriverSuite({ hypervisor: 'a fake', open: () => new FakeVmDriver(new FakeHypervisor()), domainXml, lacks: { guestAgent: 'guest_unreachable' } });

async function started() {
  const hypervisor = new FakeHypervisor();
  const driver = new FakeVmDriver(hypervisor);
  const [name, uuid] = ['vm', '00000000-0000-4000-8000-000000000001'];
  await driver.define(domainXml({ name, uuid }));
  await driver.start(name);
  return { hypervisor, driver, name, state: async () => (await driver.find(name))?.state };
}

test('a fault affects the named call once, and reports that it did', async () => {
  const { hypervisor, driver, name, state } = await started();
  const fault = hypervisor.inject({ call: 'suspend', nth: 2, effect: 'fail' });
  await driver.suspend(name);
  expect([fault.hit, await state()]).toEqual([false, 'paused']);
  await driver.resume(name);
  await expect(driver.suspend(name)).rejects.toMatchObject({ code: 'libvirt' });
  expect([fault.hit, await state()]).toEqual([true, 'running']);
  await driver.suspend(name);
  expect(await state()).toBe('paused');
});

test('a call with a lost answer was carried out; a call that hangs was not', async () => {
  const { hypervisor, driver, name, state } = await started();
  hypervisor.inject({ call: 'suspend', effect: 'loseAnswer' });
  await expect(driver.suspend(name)).rejects.toMatchObject({ code: 'unavailable', details: { begun: true } });
  expect(await state()).toBe('paused');
  hypervisor.inject({ call: 'resume', effect: 'hang' });
  await expect(driver.resume(name, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
  expect(await state()).toBe('paused');
});

test('QEMU can end on its own, during a call, or with the host', async () => {
  const { hypervisor, driver, name, state } = await started();
  hypervisor.inject({ call: 'monitor query-status', effect: 'endVm' });
  await expect(driver.monitor(name, 'query-status')).rejects.toMatchObject({ code: 'invalid_state' });
  expect(await state()).toBe('shut_off');
  await driver.start(name);
  hypervisor.powerCut();
  expect(await state()).toBe('shut_off');
});

test('while libvirt is down, calls fail and VMs keep running', async () => {
  const { driver, name, state } = await started();
  driver.setConnection('lost');
  await expect(driver.suspend(name)).rejects.toMatchObject({ code: 'unavailable' });
  driver.setConnection('connected');
  expect(await state()).toBe('running');
});
