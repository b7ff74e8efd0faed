// Creates an environment's VM: its folder of clones and its keys, then the same steps as a start.
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeFileDurably } from '../../common/durable-file.ts';
import { exists } from '../../common/exists.ts';
import type { Step } from '../../common/step.ts';
import { growDisk } from '../vms/grow-disk.ts';
import { ensureKeys, removeKeys } from '../guest/key-folder.ts';
import { derivedUuid, type Vm, type VmContext } from '../vms/vm.ts';
import type { Shape } from '../domain/shape.ts';
import type { NetworkPolicy } from '../domain/network-policy.ts';
import { MANIFEST_FORMAT, type VmManifest } from '../vms/manifest.ts';
import { startSteps } from './start.ts';

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

export interface CreateContext extends VmContext { spec: NewVm }

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

/** Builds the folder in staging and renames it when complete, so that a folder under its final name is always complete. */
const cloneDisk: Step<CreateContext> = {
  name: 'disk.clone',
  timeoutMs: 600_000,
  async run({ vm, spec }) {
    if (await exists(vm.folder)) return;
    const { pool } = vm.host;
    const staging = join(pool.folders.staging, vm.id);
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { mode: 0o700 });
    for (const file of ['disk', 'kernel', 'initrd']) await pool.clone(join(spec.image.folder, file), join(staging, file));
    await growDisk(join(staging, 'disk'), spec.shape.diskGiB);
    await writeFileDurably(join(staging, 'manifest.json'), `${JSON.stringify(await newManifest(vm, spec), null, 2)}\n`);
    await syncFolder(staging);
    await rename(staging, vm.folder);
    await syncFolder(pool.folders.environments);
  },
  async undo({ vm }) {
    await vm.undefine(); // the start may have defined it
    await removeFolder(vm);
    await rm(join(vm.host.pool.folders.staging, vm.id), { recursive: true, force: true });
    await rm(vm.runDir, { recursive: true, force: true });
  },
};

export const createSteps: readonly Step<CreateContext>[] = [makeKeys, cloneDisk, ...startSteps];

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

async function newManifest(vm: Vm, spec: NewVm): Promise<VmManifest> {
  const { version, kernelCmdline } = spec.image;
  return { ...ownManifest(vm, spec), imageVersion: version, kernelCmdline, hardware: await vm.host.hardware(), shape: { ...spec.shape, diskGiB: Math.max(spec.shape.diskGiB, spec.image.diskGiB) }, wanted: spec.shape, gpu: spec.gpu, generation: 1 };
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
