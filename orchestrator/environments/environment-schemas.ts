// The environment as users see it: record, requests, stats.
import { z } from 'zod';
import { idSchema, Name } from '../../common/ids.ts';
import { environmentStates, lastingStates } from '../../supervisor/domain/states.ts';
import { Shape } from '../../supervisor/domain/shape.ts';
import { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';
import { RestartPolicy } from './restart-policy.ts';

export const EnvironmentState = z.enum(environmentStates);

export const Environment = z.strictObject({
  id: idSchema('env'),
  name: Name,
  owner: z.string().meta({ description: 'Id of the user that owns it.' }),
  state: EnvironmentState,
  stateReason: z.string().nullable().meta({ description: 'Why it is in this state, if that was not requested.' }),
  pausedBy: z.enum(['pool']).nullable().meta({ description: 'Set while Somnus keeps it suspended: `pool` when the pool is full. It is resumed automatically when space is free.' }),
  desiredState: z.enum(lastingStates).meta({ description: 'The state that was last requested.' }),
  operationId: idSchema('op').nullable().meta({ description: 'The operation in progress on it.' }),
  profile: z.string(),
  network: NetworkPolicy,
  restartPolicy: RestartPolicy,
  image: z.string().meta({ description: 'Version of the guest image its disk was cloned from.' }),
  ip: z.string(),
  mac: z.string(),
  vcpus: z.int(),
  memoryMiB: z.int(),
  diskGiB: z.int(),
  diskUsedBytes: z.number().nullable().meta({ description: 'What its file system holds, as the guest last reported it. Null while it is off. Changes without a new version.' }),
  snapshotId: idSchema('snap').nullable().meta({ description: 'The snapshot that was last taken or restored: the parent of the next one.' }),
  bootId: z.string().nullable().meta({ description: "Boot id of the guest's kernel, new at each boot." }),
  presentSnapshotId: idSchema('snap').nullable().meta({ description: 'Set after a restore failed and could not be undone: the snapshot of the state before the restore. Restore that one.' }),
  lastWords: z.string().nullable().meta({ description: 'The last lines on its console before it unexpectedly rebooted, panicked or froze. Cleared at the next start.' }),
  packEntry: z.int().nullable().meta({ description: 'The entry of its pack history that it is at; null if it never had a pack.' }),
  labels: z.record(z.string(), z.string()),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  removedAt: z.iso.datetime().nullable(),
  purgeAt: z.iso.datetime().nullable().meta({ description: '`undelete` can restore it until then.' }),
  version: z.int().meta({ description: 'Increases with each change; used as the ETag.' }),
});
export type Environment = z.infer<typeof Environment>;

const Labels = z.record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'use up to 63 lower-case letters, digits, dots, dashes and underscores, starting with a letter or digit'), z.string().max(256));

export const CreateEnvironment = z.strictObject({
  name: Name,
  profile: z.string().min(1).max(63).optional().meta({ description: "Defaults to the configuration's default profile." }),
  network: NetworkPolicy.default('open'),
  restartPolicy: RestartPolicy.optional().meta({ description: "Defaults to the configuration's policy." }),
  labels: Labels.default({}),
  vcpus: Shape.shape.vcpus.optional().meta({ description: "Instead of the profile's." }),
  memoryMiB: Shape.shape.memoryMiB.optional().meta({ description: "Instead of the profile's." }),
  diskGiB: Shape.shape.diskGiB.optional().meta({ description: "Instead of the profile's; at least the size of the image." }),
  cold: z.boolean().optional().meta({ description: 'Boot the image instead of starting from a template, which is a saved guest that has booted.' }),
  packs: z.array(z.string().min(1).max(63)).max(20).optional().meta({ description: 'Capability packs to install.' }),
  onFailure: z.enum(['keep', 'remove']).optional().meta({ description: 'When a pack cannot be installed: `keep` (the default) keeps the environment as after the last step that succeeded, `remove` removes all.' }),
}).refine(({ packs = [], onFailure }) => packs.length > 0 || onFailure === undefined, { path: ['onFailure'], message: 'needs packs' });
export type CreateEnvironment = z.infer<typeof CreateEnvironment>;

export const UpdateEnvironment = z.strictObject({
  name: Name.optional(),
  network: NetworkPolicy.optional(),
  restartPolicy: RestartPolicy.optional(),
  labels: Labels.optional(),
});
export type UpdateEnvironment = z.infer<typeof UpdateEnvironment>;

export const StopRequest = z.strictObject({
  force: z.boolean().default(false).meta({ description: 'Power off at once instead of asking the guest to shut down.' }),
});
export type StopRequest = z.infer<typeof StopRequest>;

/** One point of the monitor's history. Rates are averages over the point's interval. */
export const StatsPoint = z.strictObject({
  at: z.iso.datetime(),
  spanSeconds: z.number(),
  cpuPercent: z.number().meta({ description: 'Percent of one host CPU.' }),
  memoryUsedMiB: z.number().nullable(),
  memoryTotalMiB: z.number().nullable(),
  hostMemoryMiB: z.number().meta({ description: 'Host memory that the VM uses.' }),
  diskReadBytesPerSecond: z.number(),
  diskWrittenBytesPerSecond: z.number(),
  diskUsedBytes: z.number().nullable(),
  networkReceivedBytesPerSecond: z.number(),
  networkSentBytesPerSecond: z.number(),
  load1: z.number().nullable(),
});
export type StatsPoint = z.infer<typeof StatsPoint>;

export const EnvironmentStats = z.strictObject({ environmentId: z.string(), latest: StatsPoint.nullable(), history: z.array(StatsPoint) });
export type EnvironmentStats = z.infer<typeof EnvironmentStats>;
