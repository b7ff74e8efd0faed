// A process with a libvirt driver, for a test to kill: prints the pids of its libvirt processes, and calls a VM's monitor on SIGUSR2.
import { LibvirtDriver } from '../../supervisor/libvirt/libvirt-driver.ts';
import { libvirtChildren, silent } from './libvirt.ts';

const driver = new LibvirtDriver({ uri: 'qemu:///system', log: silent });
await driver.whenConnected();
await driver.list();
process.on('SIGUSR2', () => { void driver.monitor(process.argv[2] ?? '', 'query-status'); });
console.log(JSON.stringify([...libvirtChildren('calls'), ...libvirtChildren('events')]));
