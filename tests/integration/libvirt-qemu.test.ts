// The driver on real QEMU, with domains that have no disk and stay in the BIOS.
import { expect, test } from 'vitest';
import { LibvirtDriver } from '../../supervisor/libvirt/libvirt-driver.ts';
import { vmDriverSuite } from '../contract/vm-driver.suite.ts';
import { silent } from '../support/libvirt.ts';

vmDriverSuite({
  hypervisor: 'qemu:///system',
  open: () => new LibvirtDriver({ uri: 'qemu:///system', log: silent }),
  domainXml: ({ name, uuid, more = '' }) => `<domain type='qemu'><name>${name}</name><uuid>${uuid}</uuid>${more}<memory unit='MiB'>64</memory>
    <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices><controller type='usb' model='none'/></devices></domain>`,
  lacks: { guestAgent: 'unsupported' },
});

test('the host offers TCG, and reports what its machine types mean', async () => {
  await using driver = new LibvirtDriver({ uri: 'qemu:///system', log: silent });
  const { guests, hypervisor } = await driver.hostInfo();
  expect(hypervisor.type).toBe('QEMU');
  expect(guests.tcgOffered).toBe(true);
  expect(guests.machineTypes).toContainEqual({ name: 'pc', canonical: expect.stringMatching(/^pc-i440fx-\d/) as string });
  expect(guests.machineTypes).toContainEqual({ name: 'q35', canonical: expect.stringMatching(/^pc-q35-\d/) as string });
  expect(new Set(guests.machineTypes.map(({ name }) => name)).size).toBe(guests.machineTypes.length);
});
