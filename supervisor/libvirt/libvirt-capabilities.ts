// What of libvirt's capabilities XML matters: accelerators and machine types for x86_64 guests.
import type { HostInfo, MachineType } from './vm-driver.ts';

/** Reads `virConnectGetCapabilities`. The XML is libvirt's own and its shape is stable, so a few patterns do. */
export function readGuestCapabilities(xml: string): HostInfo['guests'] {
  const guest = [...xml.matchAll(/<guest>.*?<\/guest>/gs)].map(([text]) => text).find((text) => text.includes("<os_type>hvm</os_type>") && text.includes("<arch name='x86_64'>")) ?? '';
  const machineTypes: MachineType[] = [...guest.matchAll(/<machine( canonical='([^']*)')?[^>]*>([^<]*)<\/vm>/g)]
    .map(([, , canonical, name = '']) => ({ name, canonical: canonical ?? name }));
  const seen = new Set<string>();
  return {
    kvmOffered: guest.includes("<domain type='kvm'"),
    tcgOffered: guest.includes("<domain type='qemu'"),
    machineTypes: machineTypes.filter(({ name }) => !seen.has(name) && seen.add(name)), // listed again for each accelerator
  };
}
