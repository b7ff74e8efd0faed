// The driver on real QEMU, with domains that have no disk and never get past the BIOS.
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
