// Packs as users see them: what is available, what is installed, the history, and the requests about them.
import { z } from 'zod';
import { idSchema, Name } from '../../common/ids.ts';
import { Operation } from '../operations/operation.ts';
import { PageQuery } from '../store/page.ts';
import { Pack } from './pack.ts';

export const AvailablePack = z.strictObject({
  name: Name,
  version: z.string().nullable(),
  description: z.string().nullable(),
  depends: z.array(z.string()),
  steps: z.int().meta({ description: 'Number of steps.' }),
  builtIn: z.boolean().meta({ description: 'Whether it comes with Somnus.' }),
  problem: z.string().nullable().meta({ description: 'Why its file is not valid.' }),
});
export type AvailablePack = z.infer<typeof AvailablePack>;

export const ShownPack = z.strictObject({ builtIn: z.boolean(), pack: Pack });
export type ShownPack = z.infer<typeof ShownPack>;

export const CreatePack = z.strictObject({
  yaml: z.string().max(300_000).meta({ description: 'The content of a pack.yaml.' }),
  replace: z.boolean().default(false).meta({ description: 'Replace a pack of yours with the same name.' }),
});
export type CreatePack = z.infer<typeof CreatePack>;

const Names = z.array(z.string().min(1).max(63)).max(20);

export const InstallPacks = z.strictObject({ packs: Names.min(1) });
export type InstallPacks = z.infer<typeof InstallPacks>;

export const VerifyPacks = z.strictObject({ packs: Names.default([]).meta({ description: 'Defaults to all that are installed.' }) });
export type VerifyPacks = z.infer<typeof VerifyPacks>;

export const InstalledPack = z.strictObject({
  name: Name,
  version: z.string(),
  complete: z.boolean().meta({ description: 'False if only its first steps are installed, because a later one failed or was cancelled. Installing it again continues there.' }),
  steps: z.array(z.string()).meta({ description: 'Names of the steps that are installed.' }),
  depends: z.array(z.string()),
  at: z.iso.datetime().meta({ description: 'When its last step was completed.' }),
  actor: z.string().nullable().meta({ description: 'Id of the API key that requested it.' }),
  entry: z.int().meta({ description: 'The entry of the history that completed its last step.' }),
});
export type InstalledPack = z.infer<typeof InstalledPack>;

const actions = ['before', 'install', 'upgrade', 'uninstall'] as const;

export const PackEntry = z.strictObject({
  number: z.int().meta({ description: 'Counts the entries of an environment; forks keep the numbers of their source.' }),
  parent: z.int().nullable().meta({ description: 'The entry that the environment was at before.' }),
  at: z.iso.datetime(),
  actor: z.string().nullable().meta({ description: 'Id of the API key that requested it.' }),
  operationId: idSchema('op'),
  action: z.enum(actions).meta({ description: '`before`: the state before an operation on packs. Otherwise the step of a pack that was completed.' }),
  pack: Name,
  version: z.string(),
  step: z.string().nullable(),
  completes: z.boolean().meta({ description: 'Whether this was the last step, which completed the installation or removal of the pack.' }),
  snapshotId: idSchema('snap').meta({ description: 'The snapshot of the environment right after the step.' }),
});
export type PackEntry = z.infer<typeof PackEntry>;

export const ShownPackEntry = PackEntry.extend({
  current: z.boolean().meta({ description: 'Whether the environment, as it is now, is based on this entry.' }),
  snapshot: z.string().nullable().meta({ description: 'Name of the snapshot; null if it no longer exists, or belongs to the environment that this one was forked from.' }),
});
export type ShownPackEntry = z.infer<typeof ShownPackEntry>;

export const PackHistoryQuery = PageQuery;
export const ReturnToEntry = z.strictObject({ entry: z.int().min(1), safety: z.boolean().default(true).meta({ description: 'Take a safety snapshot of the present state first.' }) });
export type ReturnToEntry = z.infer<typeof ReturnToEntry>;

const PackRef = z.strictObject({ name: z.string(), version: z.string() });
export const SkippedStep = z.strictObject({ pack: z.string(), step: z.string(), reason: z.string() });
export type SkippedStep = z.infer<typeof SkippedStep>;

/** 200: done, or nothing to do (`operation` is null). 202: `operation` is in progress, Location names it. */
export const PackChangeAnswer = z.strictObject({
  operation: Operation.nullable(),
  already: z.array(PackRef).meta({ description: 'Packs whose version is installed already; nothing is done for them.' }),
  skipped: z.array(SkippedStep).meta({ description: 'Optional steps for which the environment is too small.' }),
});
export type PackChangeAnswer = z.infer<typeof PackChangeAnswer>;
