// Forks new environments from a snapshot or from a VM in its present state. Each gets a folder of clones that it hibernates in, wakes with its
// network link down, gets its identity, and only then is connected.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../common/exists.ts';
import type { Step, StepRun } from '../../common/step.ts';
import { completeCopy, discardFiles, makeKeys, type NewVm } from './new-vm.ts';
import type { Vm, VmContext } from '../vms/vm.ts';
import { applyResources } from './apply-resources.ts';
import { attachUnplugged, connect, identifyCopy, readyCopy, startCopy } from './start-copy.ts';
import { thawIfFrozen } from '../snapshots/frozen-file-systems.ts';
import { finishWake } from './wake.ts';
import { checkState } from '../snapshots/check-state.ts';
import { cloneState, readState, saveState } from '../snapshots/saved-state.ts';
import { resume } from './resume.ts';

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
    for (const { vm: fork } of forks) await discardFiles(fork); // all forks must come from the same moment
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
    const { generation, wanted } = await vm.manifest();
    for (const fork of forks) await completeCopy(fork.vm, fork.spec, { memory, wanted, generation });
  },
  async undo({ vm, forks, wasRunning, memory }) {
    if (!memory) await thawIfFrozen(vm);
    if (wasRunning) await resume(vm);
    for (const { vm: fork } of forks) await discardFiles(fork);
  },
};

export const forkSteps: readonly Step<ForkContext>[] = [each(makeKeys), cloneSource, ...[attachUnplugged, startCopy, identifyCopy, applyResources, connect, readyCopy, finishWake].map(each)];
