// The environment as users see it: record, requests, stats.
import { z } from 'zod';
import { idSchema, Name } from '../../common/ids.ts';
import { environmentStates, lastingStates } from '../../supervisor/domain/states.ts';
import { NetworkPolicy } from '../../supervisor/vms/manifest.ts';
import { RestartPolicy } from './restart-policy.ts';

export const Environment = z.strictObject({
  id: idSchema('env'),
  name: Name,
  owner: z.string().meta({ description: 'Id of the user it belongs to.' }),
  state: z.enum(environmentStates),
  stateReason: z.string().nullable().meta({ description: 'Why it is in this state, when that was not asked for.' }),
  pausedBy: z.enum(['pool']).nullable().meta({ description: 'Set while Somnus, not its user, keeps it suspended: `pool` when the pool is full. It goes on by itself when there is room.' }),
  desiredState: z.enum(lastingStates).meta({ description: 'What was last asked for.' }),
  operationId: idSchema('op').nullable().meta({ description: 'The operation at work on it.' }),
  profile: z.string(),
  network: NetworkPolicy,
  restartPolicy: RestartPolicy,
  image: z.string().meta({ description: 'Version of the guest image its disk was cloned from.' }),
  ip: z.string(),
  mac: z.string(),
  vcpus: z.int(),
  memoryMiB: z.int(),
  diskGiB: z.int(),
  snapshotId: idSchema('snap').nullable().meta({ description: 'The snapshot that was last taken or restored: parent of the next.' }),
  bootId: z.string().nullable().meta({ description: "The guest kernel's, new at each boot." }),
  presentSnapshotId: idSchema('snap').nullable().meta({ description: 'Set while it is failed because neither a restore nor the way back succeeded: the snapshot that holds what it was before. Restore that.' }),
  lastWords: z.string().nullable().meta({ description: 'The last lines on its console when it rebooted, panicked or froze by itself; null since it was last started.' }),
  labels: z.record(z.string(), z.string()),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  removedAt: z.iso.datetime().nullable(),
  purgeAt: z.iso.datetime().nullable().meta({ description: 'Until then `undelete` brings it back.' }),
  version: z.int().meta({ description: 'Counts changes; its ETag.' }),
});
export type Environment = z.infer<typeof Environment>;

const Labels = z.record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/), z.string().max(256));

export const CreateEnvironment = z.strictObject({
  name: Name,
  profile: z.string().min(1).max(63).optional().meta({ description: "The configuration's default profile when left out." }),
  network: NetworkPolicy.default('open'),
  restartPolicy: RestartPolicy.optional().meta({ description: "The configuration's when left out." }),
  labels: Labels.default({}),
});
export type CreateEnvironment = z.infer<typeof CreateEnvironment>;

export const UpdateEnvironment = z.strictObject({
  name: Name.optional(),
  network: NetworkPolicy.optional(),
  restartPolicy: RestartPolicy.optional(),
  labels: Labels.optional(),
});
export type UpdateEnvironment = z.infer<typeof UpdateEnvironment>;

export const StopRequest = z.strictObject({
  force: z.boolean().default(false).meta({ description: 'Power off at once, without asking the guest.' }),
});
export type StopRequest = z.infer<typeof StopRequest>;

/** One point of the monitor's history. Rates are averages over the point's span. */
export const StatsPoint = z.strictObject({
  at: z.iso.datetime(),
  spanSeconds: z.number(),
  cpuPercent: z.number().meta({ description: 'Of one host CPU.' }),
  memoryUsedMiB: z.number().nullable(),
  memoryTotalMiB: z.number().nullable(),
  hostMemoryMiB: z.number().meta({ description: 'What the VM holds of the host.' }),
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
