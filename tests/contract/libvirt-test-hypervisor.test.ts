// The driver on libvirt's test hypervisor: everything is real except the VMs.
import { LibvirtDriver } from '../../supervisor/libvirt/libvirt-driver.ts';
import { silent } from '../support/libvirt.ts';
import { vmDriverSuite } from './vm-driver.suite.ts';

vmDriverSuite({
  hypervisor: 'test:///default',
  open: () => new LibvirtDriver({ uri: 'test:///default', log: silent }),
  domainXml: ({ name, uuid, more = '' }) => `<domain type='test'><name>${name}</name><uuid>${uuid}</uuid>${more}<memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`,
  lacks: { startPaused: 'libvirt', stateErrors: 'libvirt', powerButton: 'libvirt', setCpuQuota: 'libvirt', vcpuStats: 'unsupported', monitor: 'unsupported', guestAgent: 'unsupported' },
});
