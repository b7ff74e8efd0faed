// Changes of a VM that need no stop: its name and its network policy.
import type { NetworkPolicy } from './manifest.ts';
import type { Machine } from './machine.ts';
import { identity } from './start.ts';

/** A running guest is told; one that does not run learns it at its next start. */
export async function renameMachine(machine: Machine, name: string): Promise<void> {
  const before = await machine.manifest();
  const manifest = await machine.changeManifest({ name, generation: before.generation + 1 });
  if (!(await machine.isActive())) return;
  identity(machine, manifest)
    .then(async (whole) => await machine.host.guests.port(machine).call('identify', whole, { timeoutMs: 60_000 }))
    .catch((error: unknown) => machine.log.warn({ err: error }, 'guest.not-renamed')); // it is told again at its next start
}

export async function setNetworkPolicy(machine: Machine, policy: NetworkPolicy): Promise<void> {
  const { network } = await machine.manifest();
  await machine.changeManifest({ network: { ...network, policy } });
  if (await machine.isActive()) await machine.host.network.setPolicy(network.index, policy);
}
