// The identity that a VM's guest is given.
import type { Identity } from '../../agent/contract.ts';
import { readKeys } from '../guest/key-folder.ts';
import type { VmManifest } from './manifest.ts';
import type { Vm } from './vm.ts';

export async function identity(vm: Vm, manifest: VmManifest): Promise<Identity> {
  const keys = await readKeys(vm.keysDir);
  return {
    environmentId: vm.id,
    hostname: manifest.name,
    machineId: manifest.machineId,
    network: { mac: manifest.network.mac, ip: manifest.network.ip, gateway: vm.host.network.gateway.ip, dns: vm.host.network.gateway.ip },
    authorizedKey: keys.clientPublicKey,
    sshHostKey: keys.hostPrivateKey,
    generation: manifest.generation,
  };
}
