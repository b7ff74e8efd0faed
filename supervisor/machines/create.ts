// Making an environment's VM: its folder of clones, its keys, then the same steps as a start.
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeFileDurably } from '../../common/durable-file.ts';
import { exists } from '../../common/exists.ts';
import type { Step } from '../../common/step.ts';
import { growDisk } from './grow-disk.ts';
import { ensureKeys, removeKeys } from './keys.ts';
import { derivedUuid, type Machine, type MachineContext } from './machine.ts';
import { MANIFEST_FORMAT, type MachineManifest, type NetworkPolicy, type Shape } from './manifest.ts';
import { startSteps } from './start.ts';

/** What the orchestrator decides about a new VM; everything else follows. */
export interface NewMachine {
  name: string;
  shape: Shape;
  /** With the host's GPU. */
  gpu: boolean;
  /** The image's folder in the pool and what it says of itself. */
  image: { version: string; folder: string; kernelCmdline: string; diskGiB: number };
  network: { index: number; policy: NetworkPolicy };
}

export interface CreateContext extends MachineContext { spec: NewMachine }

export const makeKeys: Step<MachineContext> = {
  name: 'keys.make',
  timeoutMs: 30_000,
  async run({ machine }) {
    await ensureKeys(machine);
  },
  async undo({ machine }) {
    await removeKeys(machine);
  },
};

/** Built beside its place and renamed when whole: a folder under its own name is always complete. */
const cloneDisk: Step<CreateContext> = {
  name: 'disk.clone',
  timeoutMs: 600_000,
  async run({ machine, spec }) {
    if (await exists(machine.folder)) return;
    const { pool } = machine.host;
    const staging = join(pool.folders.staging, machine.id);
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { mode: 0o700 });
    for (const file of ['disk', 'kernel', 'initrd']) await pool.clone(join(spec.image.folder, file), join(staging, file));
    await growDisk(join(staging, 'disk'), spec.shape.diskGiB);
    await writeFileDurably(join(staging, 'manifest.json'), `${JSON.stringify(await newManifest(machine, spec), null, 2)}\n`);
    await syncFolder(staging);
    await rename(staging, machine.folder);
    await syncFolder(pool.folders.environments);
  },
  async undo({ machine }) {
    await machine.undefine(); // what the start defined
    await removeFolder(machine);
    await rm(join(machine.host.pool.folders.staging, machine.id), { recursive: true, force: true });
    await rm(machine.runDir, { recursive: true, force: true });
  },
};

export const createSteps: readonly Step<CreateContext>[] = [makeKeys, cloneDisk, ...startSteps];

/** Takes a VM's folder out of its place at once; deleting its content may take longer. Repeatable. */
export async function removeFolder(machine: Machine): Promise<void> {
  await rm(await unlinkFolder(machine), { recursive: true, force: true });
}

/** Takes a VM's folder out of its place. @returns where it is now, to be deleted */
export async function unlinkFolder(machine: Machine): Promise<string> {
  const { staging, environments } = machine.host.pool.folders;
  const doomed = join(staging, `${machine.id}.removed`);
  if (await exists(machine.folder)) {
    await rm(doomed, { recursive: true, force: true });
    await rename(machine.folder, doomed);
    await syncFolder(environments);
  }
  return doomed;
}

async function newManifest(machine: Machine, spec: NewMachine): Promise<MachineManifest> {
  const { version, kernelCmdline } = spec.image;
  return { ...ownManifest(machine, spec), imageVersion: version, kernelCmdline, hardware: await machine.host.hardware(), shape: { ...spec.shape, diskGiB: Math.max(spec.shape.diskGiB, spec.image.diskGiB) }, wanted: spec.shape, gpu: spec.gpu, generation: 1 };
}

/** What no two VMs have in common. */
export function ownManifest(machine: Machine, { name, network }: Pick<NewMachine, 'name' | 'network'>): Omit<MachineManifest, 'imageVersion' | 'kernelCmdline' | 'hardware' | 'shape' | 'wanted' | 'gpu' | 'generation'> {
  const { ip, mac } = machine.host.network.address(network.index);
  return {
    formatVersion: MANIFEST_FORMAT,
    environmentId: machine.id,
    name,
    uuid: derivedUuid(machine.host.instance, machine.id),
    genid: randomUUID(),
    createdAt: new Date().toISOString(),
    network: { ...network, ip, mac },
    machineId: derivedUuid(machine.host.instance, machine.id, 'machine-id').replaceAll('-', ''),
  };
}
