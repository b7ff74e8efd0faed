// Forks new environments from a snapshot or from a VM in its present state. Each gets a folder of clones that it hibernates in, wakes with its
// network link down, gets its identity, and only then is connected.
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeFileDurably } from '../../common/durable-file.ts';
import { exists } from '../../common/exists.ts';
import type { Step, StepRun } from '../../common/step.ts';
import { makeKeys, ownManifest, removeFolder, type NewVm } from './create.ts';
import type { Vm, VmContext } from '../vms/vm.ts';
import { assertCapacityForMemory } from '../vms/capacity.ts';
import type { VmManifest } from '../vms/manifest.ts';
import { awaitReady, identifyGuest, isAttached, startVm, verifyGuest } from './start.ts';
import { applyResources } from './apply-resources.ts';
import { thawIfFrozen } from '../snapshots/frozen-file-systems.ts';
import { finishWake } from './wake.ts';
import { checkState } from '../snapshots/check-state.ts';
import { cloneState, loadState, readState, saveState } from '../snapshots/saved-state.ts';
import { resume } from './resume.ts';
import { isLoaded, VERIFY_LOADED_TIMEOUT_MS, verifyLoaded } from './verify-loaded.ts';

interface Fork { vm: Vm; spec: Pick<NewVm, 'name' | 'network'> }

/** `vm` is the source. */
export interface ForkContext extends VmContext {
  /** The snapshot's folder; undefined to fork the VM's present state. */
  snapshotFolder: string | undefined;
  /** Whether a check has found a damaged file: then only its disk is used, after it has been read in full. */
  snapshotIsDamaged: boolean;
  /** With memory, if there is any; otherwise the forks boot from the disk. */
  memory: boolean;
  /** Whether the source was running when the fork was requested. */
  wasRunning: boolean;
  forks: readonly Fork[];
}

const AT_ONCE = 4;

/** Runs a step for each fork, a few at a time. After the first failure no more forks are started. The undo runs for every fork, whatever fails. */
function each(step: Step<VmContext & Fork>): Step<ForkContext> {
  return {
    name: step.name,
    timeoutMs: step.timeoutMs,
    commits: step.commits === true,
    holds: async ({ forks }) => (await Promise.all(forks.map(async (fork) => await step.holds?.(fork) ?? true))).every(Boolean),
    run: async (context, run) => await forAll(context.forks, 'stop', async (fork) => await step.run(fork, progressOf(context, fork, run))),
    ...(step.undo === undefined ? {} : { undo: async (context, run) => await forAll(context.forks, 'continue', async (fork) => await step.undo?.(fork, run)) }),
  };
}

async function forAll(forks: readonly Fork[], afterFailure: 'stop' | 'continue', work: (fork: Fork) => Promise<void>): Promise<void> {
  const waiting = [...forks];
  const errors: unknown[] = [];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let fork = waiting.shift(); fork && (errors.length === 0 || afterFailure === 'continue'); fork = waiting.shift()) {
      await work(fork).catch((error: unknown) => errors.push(error));
    }
  }));
  if (errors.length > 0) throw errors[0];
}

function progressOf({ forks }: ForkContext, { spec }: Fork, run: StepRun): StepRun {
  return forks.length === 1 ? run : { ...run, progress: (progress) => run.progress({ ...progress, message: `${spec.name}: ${progress.message ?? ''}` }) };
}

const cloneSource: Step<ForkContext> = {
  name: 'source.clone',
  timeoutMs: 600_000,
  async run(context, { signal }) {
    const { vm, forks, wasRunning, snapshotFolder, snapshotIsDamaged, memory } = context;
    const { pool } = vm.host;
    const placed = await Promise.all(forks.map(async (fork) => await exists(fork.vm.folder)));
    if (placed.every(Boolean)) return;
    for (const fork of forks) await discard(fork); // all forks must come from the same moment
    let first: string | undefined;
    for (const fork of forks) {
      const staging = join(pool.folders.staging, fork.vm.id);
      const hibernation = join(staging, 'hibernation');
      await mkdir(staging, { mode: 0o700 });
      if (first !== undefined) await cloneState(vm, first, hibernation);
      else if (snapshotFolder === undefined) await saveState(vm, hibernation, { memory, signal });
      else {
        await checkState(vm, snapshotFolder, { memory: memory && (await readState(snapshotFolder)).memory, readAll: snapshotIsDamaged, signal });
        await cloneState(vm, snapshotFolder, hibernation);
      }
      first ??= hibernation;
      if (wasRunning) await resume(vm);
    }
    for (const fork of forks) await completeFork(context, fork);
  },
  async undo({ vm, forks, wasRunning, memory }) {
    if (!memory) await thawIfFrozen(vm);
    if (wasRunning) await resume(vm);
    for (const fork of forks) await discard(fork);
  },
};

/**
 * Turns the staging folder into a complete hibernated environment or, without memory, one that is off. It wakes as it was saved and then gets the
 * resources of the source's current profile.
 */
async function completeFork({ vm: source, memory }: ForkContext, { vm, spec }: Fork): Promise<void> {
  const { pool } = vm.host;
  const staging = join(pool.folders.staging, vm.id);
  const hibernation = join(staging, 'hibernation');
  const saved = await readState(hibernation);
  for (const file of ['disk', 'kernel', 'initrd']) await pool.clone(join(hibernation, file), join(staging, file));
  if (!memory || !saved.memory) await rm(hibernation, { recursive: true });
  const { imageVersion, kernelCmdline, hardware, shape } = saved;
  const sourceManifest = await source.manifest();
  const generation = Math.max(saved.generation, sourceManifest.generation) + 1; // newer than any generation that the source has had
  const manifest: VmManifest = { ...ownManifest(vm, spec), imageVersion, kernelCmdline, hardware, shape, wanted: sourceManifest.wanted ?? shape, gpu: false, generation }; // only one VM can have the GPU
  await writeFileDurably(join(staging, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await syncFolder(staging);
  await rename(staging, vm.folder);
  await syncFolder(pool.folders.environments);
}

async function discard({ vm }: Fork): Promise<void> {
  await removeFolder(vm);
  await rm(join(vm.host.pool.folders.staging, vm.id), { recursive: true, force: true });
  await rm(vm.runDir, { recursive: true, force: true });
}

/** Blocks all traffic until the guest has its own address. */
const attachUnplugged: Step<VmContext> = {
  name: 'network.attach',
  timeoutMs: 60_000,
  async run({ vm }) {
    const { network } = await vm.manifest();
    await vm.host.network.attach(network, { linkUp: false });
  },
  holds: async ({ vm }) => await isAttached(vm),
  async undo({ vm }) {
    const manifest = await vm.manifest().catch(() => undefined);
    if (manifest) await vm.host.network.detach(manifest.network.index);
  },
};

const start: Step<VmContext> = {
  name: 'vm.start',
  timeoutMs: 600_000,
  async run(context, step) {
    const { vm } = context;
    if (!(await vm.isHibernated())) return await startVm.run(context, step);
    await vm.powerOff();
    await assertCapacityForMemory(vm, (await vm.manifest()).shape);
    await loadState(vm, vm.hibernationFolder, step.signal);
  },
  async undo({ vm }) {
    await vm.powerOff();
    await vm.undefine();
  },
  holds: async (context) => await (await context.vm.isHibernated() ? isLoaded(context) : context.vm.isAlive()),
};

const verify: Step<VmContext> = {
  name: verifyGuest.name,
  timeoutMs: VERIFY_LOADED_TIMEOUT_MS,
  async run(context, step) {
    await verifyLoaded(context, step, async () => await start.run(context, step));
  },
};

const connect: Step<VmContext> = {
  name: 'network.connect',
  timeoutMs: 60_000,
  async run({ vm }) {
    await vm.host.network.setLink((await vm.manifest()).network.index, true);
  },
};

const byMemory = (hibernated: Step<VmContext>, off: Step<VmContext>): Step<VmContext> => ({
  ...hibernated,
  run: async (context, step) => await (await context.vm.isHibernated() ? hibernated : off).run(context, step),
});

const ready: Step<VmContext> = {
  ...awaitReady,
  async run(context, step) {
    if (!(await context.vm.isHibernated())) await awaitReady.run(context, step);
  },
};

export const forkSteps: readonly Step<ForkContext>[] = [each(makeKeys), cloneSource, ...[attachUnplugged, start, byMemory(verify, identifyGuest), applyResources, connect, ready, finishWake].map(each)];
