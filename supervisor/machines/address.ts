// A VM's place in the configured subnet: when that was changed, the VM gets its address there as soon as it runs.
import type { Machine } from './machine.ts';
import type { MachineManifest } from './manifest.ts';

/**
 * The manifest as the network plan of today has it: as it is, or with another address and as another generation, which is not written down before the guest has taken it.
 * Until then nothing passes: the filter lets the guest's new address through and no other.
 */
export function withPlannedAddress(machine: Machine, manifest: MachineManifest): MachineManifest {
  const { ip, mac } = machine.host.network.address(manifest.network.index);
  if (manifest.network.ip === ip && manifest.network.mac === mac) return manifest;
  return { ...manifest, network: { ...manifest.network, ip, mac }, generation: manifest.generation + 1 };
}

/** Writes down what the guest has taken. Repeatable. */
export async function keepPlannedAddress(machine: Machine, { network, generation }: MachineManifest): Promise<void> {
  if ((await machine.manifest()).network.ip === network.ip) return;
  machine.host.guests.forgetChannel(machine.id); // what is open leads to the former address
  await machine.changeManifest({ network, generation });
}
