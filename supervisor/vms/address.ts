// A VM's address in the configured subnet. After the subnet changes, the VM gets a new address as soon as it runs.
import type { Vm } from './vm.ts';
import type { VmManifest } from './manifest.ts';

/**
 * Returns the manifest as the current network plan requires it: unchanged, or with another address and a new generation. The new one is saved only
 * after the guest has accepted it. Until then no traffic passes, because the filter allows only the guest's new address.
 */
export function withPlannedAddress(vm: Vm, manifest: VmManifest): VmManifest {
  const { ip, mac } = vm.host.network.address(manifest.network.index);
  if (manifest.network.ip === ip && manifest.network.mac === mac) return manifest;
  return { ...manifest, network: { ...manifest.network, ip, mac }, generation: manifest.generation + 1 };
}

/** Saves the address that the guest has accepted. Repeatable. */
export async function keepPlannedAddress(vm: Vm, { network, generation }: VmManifest): Promise<void> {
  if ((await vm.manifest()).network.ip === network.ip) return;
  vm.host.guests.forgetChannel(vm.id); // open connections lead to the previous address
  await vm.changeManifest({ network, generation });
}
