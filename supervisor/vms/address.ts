// A VM's place in the configured subnet: when that was changed, the VM gets its address there as soon as it runs.
import type { Vm } from './vm.ts';
import type { VmManifest } from './manifest.ts';

/**
 * The manifest as the network plan of today has it: as it is, or with another address and as another generation, which is not written down before the guest has taken it.
 * Until then nothing passes: the filter lets the guest's new address through and no other.
 */
export function withPlannedAddress(vm: Vm, manifest: VmManifest): VmManifest {
  const { ip, mac } = vm.host.network.address(manifest.network.index);
  if (manifest.network.ip === ip && manifest.network.mac === mac) return manifest;
  return { ...manifest, network: { ...manifest.network, ip, mac }, generation: manifest.generation + 1 };
}

/** Writes down what the guest has taken. Repeatable. */
export async function keepPlannedAddress(vm: Vm, { network, generation }: VmManifest): Promise<void> {
  if ((await vm.manifest()).network.ip === network.ip) return;
  vm.host.guests.forgetChannel(vm.id); // what is open leads to the former address
  await vm.changeManifest({ network, generation });
}
