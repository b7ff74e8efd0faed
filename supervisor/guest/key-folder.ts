// The folder with the SSH keys of an environment: the client key for our logins and the guest's host key, which we generate so that it can be pinned.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../../common/durable-file.ts';
import { generateSshKeyPair } from './ssh-keys.ts';

export interface VmKeys {
  clientPrivateKey: string;
  clientPublicKey: string;
  hostPrivateKey: string;
  hostPublicKey: string;
}

/** Generates the keys that do not exist yet. Repeatable. */
export async function ensureKeys(keysDir: string): Promise<void> {
  for (const role of ['client', 'host'] as const) {
    if (await readFile(join(keysDir, `${role}.pub`)).catch(() => undefined)) continue;
    const pair = generateSshKeyPair(`somnus-${role}`);
    await writeFileDurably(join(keysDir, role), pair.privateKey);
    await writeFileDurably(join(keysDir, `${role}.pub`), pair.publicKey); // written last: its presence means that both exist
  }
}

/** @throws when the keys are missing: they are generated with the environment and kept until it is purged */
export async function readKeys(keysDir: string): Promise<VmKeys> {
  const read = async (name: string): Promise<string> => await readFile(join(keysDir, name), 'utf8');
  const [clientPrivateKey, clientPublicKey, hostPrivateKey, hostPublicKey] = await Promise.all([read('client'), read('client.pub'), read('host'), read('host.pub')]);
  return { clientPrivateKey, clientPublicKey: clientPublicKey.trim(), hostPrivateKey, hostPublicKey: hostPublicKey.trim() };
}

export async function removeKeys(keysDir: string): Promise<void> {
  await rm(keysDir, { recursive: true, force: true });
}
