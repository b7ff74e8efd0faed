// The steps of operations that install or remove packs: a snapshot, then for each step of a pack the step, its check and a snapshot. A snapshot is a savepoint: what fails or is interrupted
// after it returns the VM to it.
import { SomnusError } from '../../common/errors.ts';
import { exists } from '../../common/exists.ts';
import type { Step, StepRun } from '../../common/step.ts';
import { printable } from '../../supervisor/guest/bounded-text.ts';
import { resume } from '../../supervisor/operations/resume.ts';
import { ROLL_BACK_TIMEOUT_MS, rollBack } from '../../supervisor/operations/roll-back.ts';
import { removeState, snapshotSteps } from '../../supervisor/operations/snapshot.ts';
import { startSteps } from '../../supervisor/operations/start.ts';
import type { EnvironmentKindDeps, RecordedContext } from '../environments/record-outcome.ts';
import { subjectOf } from '../environments/environment-manager.ts';
import type { SqliteSnapshotNotices } from '../memory/sqlite-snapshot-notices.ts';
import { freeName, newSnapshot, withoutHold, type SqliteSnapshots } from '../snapshots/sqlite-snapshots.ts';
import { digestOf } from './pack.ts';
import type { PackEntry } from './pack-schemas.ts';
import { plannedSteps, type PlannedPack, type PlannedStep } from './plan-packs.ts';
import { runScript } from './run-script.ts';
import type { SqlitePackHistory } from './sqlite-pack-history.ts';
import { scriptOf } from './step-script.ts';

export interface PackStepDeps extends EnvironmentKindDeps {
  snapshots: SqliteSnapshots;
  history: SqlitePackHistory;
  memory: Pick<SqliteSnapshotNotices, 'add'>;
  /** Whether the pool has space for a snapshot, and the environment may have so many more. @throws insufficient_space, quota_exceeded */
  assertMaySnapshot(environmentId: string, count: number): Promise<void>;
}

export interface PackContext extends RecordedContext {
  operationId: string;
  /** Id of the key that requested it. */
  actor: string | null;
  packs: readonly PlannedPack[];
  /** The snapshot before the first step. */
  baselineId: string;
  /** Set until the VM is known to be at the last snapshot: an earlier attempt may have left a step half done. */
  interrupted: boolean;
  /** Whether a failure removes the whole environment, so that nothing in it needs to be undone. */
  removesAll: boolean;
}

export const CHECK_TIMEOUT_MS = 600_000;
const OVERHEAD_MS = 60_000;
const SNAPSHOT_TIMEOUT_MS = 600_000;

export function packSteps(deps: PackStepDeps, packs: readonly PlannedPack[]): Step<PackContext>[] {
  const steps = plannedSteps(packs);
  return [baseline(deps), ...steps.flatMap((planned, at) => unit(deps, planned, steps[at - 1]))];
}

/** Checked again when the operation starts, since it may have waited. */
export function policyStep(deps: Pick<PackStepDeps, 'assertMaySnapshot'>): Step<PackContext> {
  return {
    name: 'policy.check',
    timeoutMs: 60_000,
    run: async ({ vm, packs }) => await deps.assertMaySnapshot(vm.id, 1 + plannedSteps(packs).length),
  };
}

function baseline(deps: PackStepDeps): Step<PackContext> {
  return {
    name: 'before.snapshot',
    timeoutMs: SNAPSHOT_TIMEOUT_MS + startSteps.reduce((sum, { timeoutMs }) => sum + timeoutMs, 0),
    savepoint: isKept,
    async run(context, step) {
      const { vm, baselineId } = context;
      if (!(await vm.isAlive())) { // the host was rebooted
        if (await exists(vm.snapshotFolder(baselineId))) await returnTo(deps, context, baselineId, step);
        else for (const each of startSteps) await each.run(context, step);
      }
      const [first] = context.packs;
      await takeSnapshot(deps, context, step, { snapshotId: context.baselineId, description: `Before ${describe(context.packs)}`, entry: { action: 'before', pack: first?.pack.name ?? '', version: first?.pack.version ?? '', step: null, completes: false } });
    },
    undo: async (context) => await dropSnapshot(deps, context, context.baselineId),
  };
}

function unit(deps: PackStepDeps, planned: PlannedStep, before: PlannedStep | undefined): Step<PackContext>[] {
  const { step, title, snapshotId, completes, planned: { pack, action } } = planned;
  const previous = (context: PackContext): string => before?.snapshotId ?? context.baselineId;
  const timeoutMs = step.timeoutMinutes * 60_000;
  return [{
    name: title,
    timeoutMs: timeoutMs + OVERHEAD_MS + ROLL_BACK_TIMEOUT_MS,
    async run(context, run) {
      if (deps.snapshots.get(snapshotId)?.state !== 'ready') await removeState(context.vm.snapshotFolder(snapshotId)); // of an attempt that a reboot of the host ended
      if (context.interrupted || !(await context.vm.isAlive())) await returnTo(deps, context, previous(context), run);
      await runPart(planned, context, run, { what: 'it', script: scriptOf(step), timeoutMs });
    },
    holds: async ({ vm }) => deps.snapshots.get(snapshotId)?.state === 'ready' || await vm.isAlive(),
    async undo(context, run) {
      if (!context.removesAll) await returnTo(deps, context, previous(context), run);
    },
  }, {
    name: `${title}.check`,
    timeoutMs: CHECK_TIMEOUT_MS + OVERHEAD_MS,
    run: async (context, run) => await runPart(planned, context, run, { what: 'its check', script: step.check, timeoutMs: CHECK_TIMEOUT_MS }),
  }, {
    name: `${title}.snapshot`,
    timeoutMs: SNAPSHOT_TIMEOUT_MS,
    savepoint: isKept,
    async run(context, run) {
      const entry = { action, pack: pack.name, version: pack.version, step: step.name, completes };
      await takeSnapshot(deps, context, run, { snapshotId, description: `After ${action === 'uninstall' ? 'the removal step' : 'the step'} ${step.name} of ${pack.name} ${pack.version}`, entry, planned });
    },
    undo: async (context) => await dropSnapshot(deps, context, snapshotId),
  }];
}

function isKept({ removesAll }: PackContext): boolean {
  return !removesAll;
}

/** @throws pack_failed with the end of the output */
async function runPart({ step, number, planned: { pack, action } }: PlannedStep, { vm }: PackContext, run: StepRun, { what, script, timeoutMs }: { what: string; script: string; timeoutMs: number }): Promise<void> {
  const { exitCode, timedOut, output } = await runScript(vm, script, timeoutMs, run);
  if (exitCode === 0) return;
  const total = (action === 'uninstall' ? pack.uninstall : pack.steps).length;
  const lastLine = printable(output.split('\n').at(-1) ?? '', 300);
  const why = timedOut ? `${what} did not end within ${timeoutMs / 60_000} minutes` : `${what} exited with ${exitCode}`;
  throw new SomnusError('pack_failed', `The step ${step.name} (${number} of ${total}) of ${pack.name} ${pack.version} failed: ${why}${lastLine === '' ? '' : `: ${lastLine}`}`, {
    details: { pack: pack.name, version: pack.version, step: step.name, number, of: total, part: what === 'it' ? 'step' : 'check', exitCode, timedOut, output },
  });
}

async function returnTo(deps: PackStepDeps, context: PackContext, snapshotId: string, step: StepRun): Promise<void> {
  const { vm } = context;
  step.progress({ message: 'returning the VM to the snapshot before this step' });
  await rollBack(vm, vm.snapshotFolder(snapshotId), step);
  context.interrupted = false;
  const [record, snapshot] = [deps.environments.get(vm.id), deps.snapshots.get(snapshotId)];
  if (record && snapshot) deps.store.transaction(() => deps.memory.add({ kind: 'rollback', owner: record.owner, environmentId: vm.id, snapshot: snapshot.name, takenAt: snapshot.createdAt }));
}

interface Taken { snapshotId: string; description: string; entry: Pick<PackEntry, 'action' | 'pack' | 'version' | 'step' | 'completes'>; planned?: PlannedStep }

/** Takes the snapshot and records it with its entry in the history. Repeatable. */
async function takeSnapshot(deps: PackStepDeps, context: PackContext, run: StepRun, { snapshotId, description, entry, planned }: Taken): Promise<void> {
  const { store, environments, snapshots, history, events } = deps;
  const { vm, operationId, actor } = context;
  await deps.assertMaySnapshot(vm.id, snapshots.get(snapshotId) ? 0 : 1);
  store.transaction(() => {
    const record = environments.get(vm.id);
    if (!record || snapshots.get(snapshotId)) return;
    snapshots.insert(newSnapshot(record, { id: snapshotId, name: freeName('pack', snapshots.all(record.id)), description, memory: true, safety: false, packStep: true }));
  });
  for (const each of snapshotSteps) await each.run({ vm, snapshotId, memory: true, wasRunning: true }, run);
  store.transaction(() => {
    const [record, snapshot] = [environments.get(vm.id), snapshots.get(snapshotId)];
    if (!record || !snapshot) return;
    const number = history.add(record.id, {
      ...entry, parent: record.packEntry, at: new Date().toISOString(), actor, operationId, snapshotId, digest: planned ? digestOf(planned.step) : null,
      ...(entry.completes && planned ? { definition: planned.planned.pack } : {}),
    });
    snapshots.update({ ...withoutHold(snapshot), state: 'ready', packEntry: number });
    const changed = environments.update({ ...record, snapshotId, packEntry: number });
    if (!entry.completes) return;
    const past = { install: 'installed', upgrade: 'upgraded', uninstall: 'uninstalled', before: '' }[entry.action];
    events.append({ type: `pack.${past}`, owner: record.owner, subject: subjectOf(changed), actor, data: { pack: entry.pack, version: entry.version, entry: number, snapshotId } });
  });
  context.interrupted = false;
}

/** Removes the snapshot with its entry, also when both were recorded. */
async function dropSnapshot({ store, environments, snapshots, history }: PackStepDeps, { vm, removesAll }: PackContext, snapshotId: string): Promise<void> {
  if (removesAll) return;
  if (await vm.observe() === 'suspended') await resume(vm);
  await removeState(vm.snapshotFolder(snapshotId));
  store.transaction(() => {
    const [record, snapshot, entry] = [environments.get(vm.id), snapshots.get(snapshotId), history.drop(vm.id, snapshotId)];
    if (record && snapshot && entry) environments.update({ ...record, packEntry: entry.parent, snapshotId: snapshot.parent });
    snapshots.delete(snapshotId);
  });
}

function describe(packs: readonly PlannedPack[]): string {
  const verb = { install: 'the installation of', upgrade: 'the upgrade to', uninstall: 'the removal of' };
  return packs.map(({ pack, action }) => `${verb[action]} ${pack.name} ${pack.version}`).join(', ').slice(0, 900);
}
