// Reads accelerators and machine types for x86_64 guests from libvirt's capabilities XML.
import type { HostInfo, MachineType } from './vm-driver.ts';

/** Parses the answer of `virConnectGetCapabilities`. libvirt generates the XML and its form is stable, so a few patterns suffice. */
export function readGuestCapabilities(xml: string): HostInfo['guests'] {
  const guest = [...xml.matchAll(/<guest>.*?<\/guest>/gs)].map(([text]) => text).find((text) => text.includes("<os_type>hvm</os_type>") && text.includes("<arch name='x86_64'>")) ?? '';
  const machineTypes: MachineType[] = [...guest.matchAll(/<machine( canonical='([^']*)')?[^>]*>([^<]*)<\/machine>/g)]
    .map(([, , canonical, name = '']) => ({ name, canonical: canonical ?? name }));
  const seen = new Set<string>();
  return {
    kvmOffered: guest.includes("<domain type='kvm'"),
    tcgOffered: guest.includes("<domain type='qemu'"),
    machineTypes: machineTypes.filter(({ name }) => !seen.has(name) && seen.add(name)), // repeated for each accelerator
  };
}
