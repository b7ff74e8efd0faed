// The SSH keys of an environment: ours to log in with, and the guest's host key, which we make so that it can be pinned.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../../common/durable-file.ts';
import { generateSshKeyPair } from '../guest/ssh-keys.ts';
import type { Vm } from './vm.ts';

export interface MachineKeys {
  clientPrivateKey: string;
  clientPublicKey: string;
  hostPrivateKey: string;
  hostPublicKey: string;
}

/** Makes the keys if they are not there. Repeatable. */
export async function ensureKeys(vm: Vm): Promise<void> {
  for (const role of ['client', 'host'] as const) {
    if (await readFile(join(vm.keysDir, `${role}.pub`)).catch(() => undefined)) continue;
    const pair = generateSshKeyPair(`somnus-${role}`);
    await writeFileDurably(join(vm.keysDir, role), pair.privateKey);
    await writeFileDurably(join(vm.keysDir, `${role}.pub`), pair.publicKey); // last: its presence says both are there
  }
}

/** @throws when they are missing: they are made with the environment and stay until it is purged */
export async function readKeys(vm: Vm): Promise<MachineKeys> {
  const read = async (name: string): Promise<string> => await readFile(join(vm.keysDir, name), 'utf8');
  const [clientPrivateKey, clientPublicKey, hostPrivateKey, hostPublicKey] = await Promise.all([read('client'), read('client.pub'), read('host'), read('host.pub')]);
  return { clientPrivateKey, clientPublicKey: clientPublicKey.trim(), hostPrivateKey, hostPublicKey: hostPublicKey.trim() };
}

export async function removeKeys(vm: Vm): Promise<void> {
  await rm(vm.keysDir, { recursive: true, force: true });
}
