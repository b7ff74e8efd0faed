// Changes that do not need a stop: the VM's name and its network policy.
import type { NetworkPolicy } from '../domain/network-policy.ts';
import type { Vm } from './vm.ts';
import { identity } from './guest-identity.ts';

/** Tells a running guest its new name; a stopped one learns it at its next start. */
export async function renameMachine(vm: Vm, name: string): Promise<void> {
  const before = await vm.manifest();
  const manifest = await vm.changeManifest({ name, generation: before.generation + 1 });
  if (!(await vm.isActive())) return;
  identity(vm, manifest)
    .then(async (whole) => await vm.host.guests.port(vm).call('identify', whole, { timeoutMs: 60_000 }))
    .catch((error: unknown) => vm.log.warn({ event: 'guest.not-renamed', err: error })); // its next start sends the name again
}

export async function setNetworkPolicy(vm: Vm, policy: NetworkPolicy): Promise<void> {
  const { network } = await vm.manifest();
  await vm.changeManifest({ network: { ...network, policy } });
  if (await vm.isActive()) await vm.host.network.setPolicy(network.index, policy);
}
