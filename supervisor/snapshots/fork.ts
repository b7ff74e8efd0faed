// Forking: new environments from a snapshot or from a VM as it is now. Each gets a folder of clones and sleeps in it, is woken with its cable pulled, told who it is, and only then connected.
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeFileDurably } from '../../common/durable-file.ts';
import { exists } from '../../common/exists.ts';
import type { Step, StepRun } from '../../common/step.ts';
import { makeKeys, ownManifest, removeFolder, type NewMachine } from '../machines/create.ts';
import type { Machine, MachineContext } from '../machines/machine.ts';
import { assertRoomForMemory } from '../machines/room.ts';
import type { MachineManifest } from '../machines/manifest.ts';
import { awaitReady, identifyGuest, isAttached, startVm, verifyGuest } from '../machines/start.ts';
import { fitShape } from '../profiles/fit.ts';
import { thawIfFrozen } from './frozen-file-systems.ts';
import { dropSleepingCopy } from './hibernate.ts';
import { checkState } from './check-state.ts';
import { cloneState, loadState, readState, saveState } from './saved-state.ts';
import { goOn } from './take.ts';
import { VERIFY_LOADED_TIMEOUT_MS, verifyLoaded } from './verify-loaded.ts';

export interface Fork { machine: Machine; spec: Pick<NewMachine, 'name' | 'network'> }

/** `machine` is what they are forked from. */
export interface ForkContext extends MachineContext {
  /** The folder of the snapshot; undefined for the VM as it is now. */
  snapshotFolder: string | undefined;
  /** A check has found a file of it wrong: only its disk is wanted, and is read through first. */
  snapshotIsDamaged: boolean;
  /** With memory, if there is any; else the forks boot from the disk. */
  memory: boolean;
  /** Whether the source ran when the fork was asked for. */
  wasRunning: boolean;
  forks: readonly Fork[];
}

const AT_ONCE = 4;

/** A step for each fork, a few at a time: the first that fails holds back those that wait. Undone for each, whatever happens to the others. */
function each(step: Step<MachineContext & Fork>): Step<ForkContext> {
  return {
    name: step.name,
    timeoutMs: step.timeoutMs,
    commits: step.commits === true,
    holds: async ({ forks }) => (await Promise.all(forks.map(async (fork) => await step.holds?.(fork) ?? true))).every(Boolean),
    run: async (context, run) => await forAll(context.forks, 'stop', async (fork) => await step.run(fork, progressOf(context, fork, run))),
    ...(step.undo === undefined ? {} : { undo: async (context, run) => await forAll(context.forks, 'go on', async (fork) => await step.undo?.(fork, run)) }),
  };
}

async function forAll(forks: readonly Fork[], afterFailure: 'stop' | 'go on', act: (fork: Fork) => Promise<void>): Promise<void> {
  const waiting = [...forks];
  const errors: unknown[] = [];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let fork = waiting.shift(); fork && (errors.length === 0 || afterFailure === 'go on'); fork = waiting.shift()) {
      await act(fork).catch((error: unknown) => errors.push(error));
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
    const { machine, forks, wasRunning, snapshotFolder, snapshotIsDamaged, memory } = context;
    const { pool } = machine.host;
    const placed = await Promise.all(forks.map(async (fork) => await exists(fork.machine.folder)));
    if (placed.every(Boolean)) return;
    for (const fork of forks) await discard(fork); // all are of the same moment
    let first: string | undefined;
    for (const fork of forks) {
      const staging = join(pool.folders.staging, fork.machine.id);
      const asleep = join(staging, 'hibernation');
      await mkdir(staging, { mode: 0o700 });
      if (first !== undefined) await cloneState(machine, first, asleep);
      else if (snapshotFolder === undefined) await saveState(machine, asleep, { memory, signal });
      else {
        await checkState(machine, snapshotFolder, { memory: memory && (await readState(snapshotFolder)).memory, readAll: snapshotIsDamaged, signal });
        await cloneState(machine, snapshotFolder, asleep);
      }
      first ??= asleep;
      if (wasRunning) await goOn(machine);
    }
    for (const fork of forks) await settleIn(context, fork);
  },
  async undo({ machine, forks, wasRunning, memory }) {
    if (!memory) await thawIfFrozen(machine);
    if (wasRunning) await goOn(machine);
    for (const fork of forks) await discard(fork);
  },
};

/** Makes the staging folder a whole environment that sleeps, or, without memory, is off. It wakes as it was saved and is then fitted to the profile that its source has now. */
async function settleIn({ machine: source, memory }: ForkContext, { machine, spec }: Fork): Promise<void> {
  const { pool } = machine.host;
  const staging = join(pool.folders.staging, machine.id);
  const asleep = join(staging, 'hibernation');
  const saved = await readState(asleep);
  for (const file of ['disk', 'kernel', 'initrd']) await pool.clone(join(asleep, file), join(staging, file));
  if (!memory || !saved.memory) await rm(asleep, { recursive: true });
  const { imageVersion, kernelCmdline, hardware, shape } = saved;
  const twin = await source.manifest();
  const generation = Math.max(saved.generation, twin.generation) + 1; // its own is newer than any that the twin has had
  const manifest: MachineManifest = { ...ownManifest(machine, spec), imageVersion, kernelCmdline, hardware, shape, wanted: twin.wanted ?? shape, gpu: false, generation }; // a GPU is one VM's alone
  await writeFileDurably(join(staging, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await syncFolder(staging);
  await rename(staging, machine.folder);
  await syncFolder(pool.folders.environments);
}

async function discard({ machine }: Fork): Promise<void> {
  await removeFolder(machine);
  await rm(join(machine.host.pool.folders.staging, machine.id), { recursive: true, force: true });
  await rm(machine.runDir, { recursive: true, force: true });
}

/** Nothing passes until the guest has its own address. */
const attachUnplugged: Step<MachineContext> = {
  name: 'network.attach',
  timeoutMs: 60_000,
  async run({ machine }) {
    const { network } = await machine.manifest();
    await machine.host.network.attach(network, { linkUp: false });
  },
  holds: async ({ machine }) => await isAttached(machine),
  async undo({ machine }) {
    const manifest = await machine.manifest().catch(() => undefined);
    if (manifest) await machine.host.network.detach(manifest.network.index);
  },
};

const start: Step<MachineContext> = {
  name: 'vm.start',
  timeoutMs: 600_000,
  async run(context, step) {
    const { machine } = context;
    if (!(await machine.isHibernated())) return await startVm.run(context, step);
    await machine.powerOff();
    await assertRoomForMemory(machine, (await machine.manifest()).shape);
    await loadState(machine, machine.hibernationFolder, step.signal);
    await machine.host.driver.resume(machine.domainName, { signal: step.signal });
  },
  async undo({ machine }) {
    await machine.powerOff();
    await machine.undefine();
  },
  holds: async ({ machine }) => await machine.isAlive(),
};

const verify: Step<MachineContext> = {
  name: verifyGuest.name,
  timeoutMs: VERIFY_LOADED_TIMEOUT_MS,
  async run(context, step) {
    await verifyLoaded(context, step, async () => await start.run(context, step));
  },
};

const connect: Step<MachineContext> = {
  name: 'network.connect',
  timeoutMs: 60_000,
  async run({ machine }) {
    await machine.host.network.setLink((await machine.manifest()).network.index, true);
  },
};

const ofTwo = (asleep: Step<MachineContext>, off: Step<MachineContext>): Step<MachineContext> => ({
  ...asleep,
  run: async (context, step) => await (await context.machine.isHibernated() ? asleep : off).run(context, step),
});

const ready: Step<MachineContext> = {
  ...awaitReady,
  async run(context, step) {
    if (!(await context.machine.isHibernated())) await awaitReady.run(context, step);
  },
};

export const forkSteps: readonly Step<ForkContext>[] = [each(makeKeys), cloneSource, ...[attachUnplugged, start, ofTwo(verify, identifyGuest), fitShape, connect, ready, dropSleepingCopy].map(each)];
