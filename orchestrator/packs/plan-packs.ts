// Decides which steps an operation on packs runs, in which order. Pure.
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import { nearest } from '../../common/nearest.ts';
import type { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';
import type { PresentPack } from './installed-packs.ts';
import { digestOf, Pack, type PackStep, type PackUninstallStep } from './pack.ts';
import type { SkippedStep } from './pack-schemas.ts';

/** Part of an operation's input: one pack, and the indexes of its steps that are run, each with the id of the snapshot that is taken afterwards. */
export const PlannedPack = z.strictObject({
  pack: Pack,
  action: z.enum(['install', 'upgrade', 'uninstall']),
  steps: z.array(z.strictObject({ index: z.int(), snapshotId: z.string() })).min(1),
});
export type PlannedPack = z.infer<typeof PlannedPack>;

/** What is known about the environment. */
export interface PackTarget {
  name: string;
  network: NetworkPolicy;
  memoryMiB: number;
  /** Undefined when it is not known. */
  freeDiskMiB: number | undefined;
}

export interface PackPlan {
  packs: PlannedPack[];
  already: { name: string; version: string }[];
  skipped: SkippedStep[];
}

/** @throws not_found naming the nearest known pack; invalid_request for packs that depend on each other in a circle */
export function withDependencies(names: readonly string[], known: ReadonlyMap<string, Pack>): Pack[] {
  const ordered: Pack[] = [];
  const visit = (name: string, trail: readonly string[]): void => {
    if (ordered.some((pack) => pack.name === name)) return;
    if (trail.includes(name)) throw new SomnusError('invalid_request', `Packs depend on each other in a circle: ${[...trail.slice(trail.indexOf(name)), name].join(' → ')}`, { hint: 'Remove one of these dependencies.' });
    const pack = known.get(name);
    if (!pack) {
      const meant = nearest(name, [...known.keys()]);
      const needer = trail.at(-1);
      throw new SomnusError('not_found', `There is no pack ${JSON.stringify(name)}${needer === undefined ? '' : `, which ${needer} depends on`}${meant === undefined ? '' : `; did you mean ${meant}?`}`, { hint: 'See `somnus pack ls`.', details: { known: [...known.keys()] } });
    }
    for (const needed of pack.depends) visit(needed, [...trail, name]);
    ordered.push(pack);
  };
  for (const name of names) visit(name, []);
  return ordered;
}

/**
 * Plans packs that are in the order of their dependencies. A version that is installed is not installed again; a partial installation continues after the steps whose content is unchanged; another version
 * runs all of its steps.
 * @throws unsupported when the environment is too small or cannot reach package hosts
 */
export function planInstall(packs: readonly Pack[], { present, target, snapshotId }: { present: ReadonlyMap<string, PresentPack>; target: PackTarget; snapshotId: () => string }): PackPlan {
  const plan: PackPlan = { packs: [], already: [], skipped: [] };
  for (const pack of packs) {
    const installed = present.get(pack.name);
    const upgrade = installed?.complete === true && installed.version !== pack.version;
    const done = installed === undefined || upgrade || installed.uninstalled.length > 0 ? [] : installed.digests;
    const lacks = lackOf(pack.needs, target);
    const fitting = pack.steps.map((step, index) => ({ step, index })).filter(({ step }) => {
      const reason = lackOf(step.needs, target);
      if (reason === undefined || !step.optional) return true;
      plan.skipped.push({ pack: pack.name, step: step.name, reason });
      return false;
    });
    const first = fitting.findIndex(({ step }) => !done.includes(digestOf(step)));
    const rest = first < 0 ? [] : fitting.slice(first);
    if (fitting.length === 0) throw new SomnusError('unsupported', `No step of ${pack.name} fits ${target.name}: ${plan.skipped.at(-1)?.reason ?? ''}`, { hint: 'Choose a larger profile with `somnus profile apply`.', details: { pack: pack.name } });
    if (rest.length === 0) {
      plan.already.push({ name: pack.name, version: pack.version });
      continue;
    }
    const problem = lacks ?? rest.map(({ step }) => lackOf(step.needs, target)).find((reason) => reason !== undefined);
    if (problem !== undefined) throw new SomnusError('unsupported', `${pack.name} does not fit ${target.name}: ${problem}`, { hint: 'Choose a larger profile with `somnus profile apply`, or free disk space in the environment.', details: { pack: pack.name } });
    if (target.network === 'none' && rest.some(({ step }) => needsNetwork(step))) {
      throw new SomnusError('unsupported', `${pack.name} installs packages, but ${target.name} has the network policy none`, { hint: `Allow package hosts with \`somnus set ${target.name} --network packages\`.`, details: { pack: pack.name } });
    }
    const previous = installed?.completed !== undefined && installed.completed.version !== pack.version;
    plan.packs.push({ pack, action: previous ? 'upgrade' : 'install', steps: rest.map(({ index }) => ({ index, snapshotId: snapshotId() })) });
  }
  return plan;
}

/** @throws not_found, invalid_state when it cannot be uninstalled now */
export function planUninstall(name: string, { present, environment, snapshotId }: { present: ReadonlyMap<string, PresentPack>; environment: string; snapshotId: () => string }): PlannedPack {
  const found = present.get(name);
  if (!found) throw new SomnusError('not_found', `${environment} does not have the pack ${JSON.stringify(name)}`, { hint: `See \`somnus pack ls -e ${environment}\`.` });
  const pack = found.completed;
  if (!pack) throw new SomnusError('invalid_state', `The installation of ${name} is not complete`, { hint: `Complete it with \`somnus pack install ${environment} ${name}\`, or return to the entry before it: \`somnus pack history ${environment}\`.` });
  const needers = [...present.values()].filter(({ depends, name: other }) => other !== name && depends.includes(name)).map((each) => each.name);
  if (needers.length > 0) throw new SomnusError('invalid_state', `${name} is needed by ${needers.join(', ')}`, { hint: 'Uninstall that first.', details: { neededBy: needers } });
  if (pack.uninstall.length === 0) throw new SomnusError('unsupported', `${name} ${pack.version} has no steps to uninstall it`, { hint: `Return to the entry before it instead: \`somnus pack history ${environment}\`.` });
  const rest = pack.uninstall.map((_, index) => index).slice(commonStart(pack.uninstall, found.uninstalled));
  return { pack, action: 'uninstall', steps: rest.map((index) => ({ index, snapshotId: snapshotId() })) };
}

/** Returns ids for the snapshots of one operation. Ids sort by creation, and these in the order in which they are made. */
export function snapshotIds(): () => string {
  let nextMs = Date.now();
  return () => newId('snap', nextMs++);
}

export interface PlannedStep {
  planned: PlannedPack;
  step: PackStep | PackUninstallStep;
  snapshotId: string;
  /** 1 for the first step of the pack. */
  number: number;
  /** Whether it is the last of its pack. */
  completes: boolean;
  /** Of the operation's step: unique, since a pack is planned once. */
  title: string;
}

/** All steps of a plan, in order. */
export function plannedSteps(packs: readonly PlannedPack[]): PlannedStep[] {
  return packs.flatMap((planned) => planned.steps.flatMap(({ index, snapshotId }, at) => {
    const step = (planned.action === 'uninstall' ? planned.pack.uninstall : planned.pack.steps)[index];
    return step ? [{ planned, step, snapshotId, number: index + 1, completes: at === planned.steps.length - 1, title: `${planned.pack.name}/${step.name}` }] : [];
  }));
}

function commonStart(steps: readonly PackUninstallStep[], done: readonly string[]): number {
  const first = steps.findIndex((step) => !done.includes(digestOf(step)));
  return first < 0 ? steps.length - 1 : first; // the last one completes the removal
}

function needsNetwork({ apt, npm, pip }: PackStep): boolean {
  return apt !== undefined || npm !== undefined || pip !== undefined;
}

function lackOf({ memoryMiB, diskMiB }: PackStep['needs'], target: PackTarget): string | undefined {
  if (memoryMiB !== undefined && memoryMiB > target.memoryMiB) return `it needs ${memoryMiB} MiB of memory, and there are ${target.memoryMiB} MiB`;
  if (diskMiB !== undefined && target.freeDiskMiB !== undefined && diskMiB > target.freeDiskMiB) return `it needs ${diskMiB} MiB of free disk space, and there are ${target.freeDiskMiB} MiB`;
  return undefined;
}
