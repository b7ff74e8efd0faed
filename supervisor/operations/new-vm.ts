// What a new VM consists of, whether it is created or forked: keys, a folder of clones, a manifest. Also removes the folder.
import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeFileDurably } from '../../common/durable-file.ts';
import { exists } from '../../common/exists.ts';
import type { Step } from '../../common/step.ts';
import { ensureKeys, removeKeys } from '../guest/key-folder.ts';
import { derivedUuid, type Vm, type VmContext } from '../vms/vm.ts';
import type { Shape } from '../domain/shape.ts';
import type { NetworkPolicy } from '../domain/network-policy.ts';
import { MANIFEST_FORMAT, type VmManifest } from '../vms/manifest.ts';
import { readState } from '../snapshots/saved-state.ts';

/** What the orchestrator decides about a new VM; everything else is derived from it. */
export interface NewVm {
  name: string;
  shape: Shape;
  /** Whether the VM gets the host's GPU. */
  gpu: boolean;
  /** The image's folder in the pool and its metadata. */
  image: { version: string; folder: string; kernelCmdline: string; diskGiB: number };
  network: { index: number; policy: NetworkPolicy };
}

export const makeKeys: Step<VmContext> = {
  name: 'keys.make',
  timeoutMs: 30_000,
  async run({ vm }) {
    await ensureKeys(vm.keysDir);
  },
  async undo({ vm }) {
    await removeKeys(vm.keysDir);
  },
};

/**
 * Turns the staging folder with the saved state `hibernation` in it into a complete hibernated environment or, without memory, one that is off. It
 * wakes as it was saved and then gets the wanted resources.
 */
export async function completeCopy(vm: Vm, spec: Pick<NewVm, 'name' | 'network'>, { memory, wanted, generation, fromTemplate }: { memory: boolean; wanted: Shape | undefined; generation: number; fromTemplate?: true }): Promise<void> {
  const { pool } = vm.host;
  const staging = join(pool.folders.staging, vm.id);
  const hibernation = join(staging, 'hibernation');
  const saved = await readState(hibernation);
  for (const file of ['disk', 'kernel', 'initrd']) await pool.clone(join(hibernation, file), join(staging, file));
  if (!memory || !saved.memory) await rm(hibernation, { recursive: true });
  const { imageVersion, kernelCmdline, hardware, shape } = saved;
  await completeFolder(vm, {
    ...ownManifest(vm, spec), imageVersion, kernelCmdline, hardware, shape, wanted: wanted ?? shape, gpu: false, // only one VM can have the GPU
    generation: Math.max(saved.generation, generation) + 1, // newer than any generation that the source has had
    ...(fromTemplate ? { fromTemplate } : {}),
  });
}

/** Writes the manifest into the staging folder, and renames the folder when it is complete, so that a folder under its final name is always complete. */
export async function completeFolder(vm: Vm, manifest: VmManifest): Promise<void> {
  const { pool } = vm.host;
  const staging = join(pool.folders.staging, vm.id);
  await writeFileDurably(join(staging, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await syncFolder(staging);
  await rename(staging, vm.folder);
  await syncFolder(pool.folders.environments);
}

/** Removes all files of a VM that was not completed. Repeatable. */
export async function discardFiles(vm: Vm): Promise<void> {
  await removeFolder(vm);
  await rm(join(vm.host.pool.folders.staging, vm.id), { recursive: true, force: true });
  await rm(vm.runDir, { recursive: true, force: true });
}

/** Removes a VM's folder: its name disappears at once, deleting the content may take longer. Repeatable. */
export async function removeFolder(vm: Vm): Promise<void> {
  await rm(await unlinkFolder(vm), { recursive: true, force: true });
}

/** Moves a VM's folder to staging. @returns its path there, to be deleted */
export async function unlinkFolder(vm: Vm): Promise<string> {
  const { staging, environments } = vm.host.pool.folders;
  const unlinked = join(staging, `${vm.id}.removed`);
  if (await exists(vm.folder)) {
    await rm(unlinked, { recursive: true, force: true });
    await rename(vm.folder, unlinked);
    await syncFolder(environments);
  }
  return unlinked;
}

/** Returns the fields that differ between any two VMs. */
export function ownManifest(vm: Vm, { name, network }: Pick<NewVm, 'name' | 'network'>): Omit<VmManifest, 'imageVersion' | 'kernelCmdline' | 'hardware' | 'shape' | 'wanted' | 'gpu' | 'generation'> {
  const { ip, mac } = vm.host.network.address(network.index);
  return {
    formatVersion: MANIFEST_FORMAT,
    environmentId: vm.id,
    name,
    uuid: derivedUuid(vm.host.installation, vm.id),
    genid: randomUUID(),
    createdAt: new Date().toISOString(),
    network: { ...network, ip, mac },
    machineId: derivedUuid(vm.host.installation, vm.id, 'machine-id').replaceAll('-', ''),
  };
}
