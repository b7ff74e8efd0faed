// The snapshot as users see it, and the requests about snapshots and forks, which share their fields.
import { z } from 'zod';
import { idSchema, Name } from '../../common/ids.ts';
import { fileTypes } from '../../supervisor/domain/file-type.ts';
import { PageQuery } from '../store/page.ts';

const snapshotStates = ['creating', 'ready', 'damaged', 'removed'] as const;

export const Snapshot = z.strictObject({
  id: idSchema('snap'),
  environmentId: idSchema('env'),
  name: Name,
  description: z.string(),
  state: z.enum(snapshotStates).meta({ description: '`ready`: it can be restored. `damaged`: a check found that its files have changed.' }),
  operationId: idSchema('op').nullable().meta({ description: 'The operation in progress on it.' }),
  parent: idSchema('snap').nullable().meta({ description: 'The snapshot that the environment was based on when this one was taken.' }),
  memory: z.boolean().meta({ description: 'Whether it contains memory and running programs in addition to the disk.' }),
  safety: z.boolean().meta({ description: 'Whether Somnus took it before a restore.' }),
  packStep: z.boolean().meta({ description: 'Whether Somnus took it for a step of a pack.' }),
  packEntry: z.int().nullable().meta({ description: 'The entry of the pack history that the environment was at.' }),
  vcpus: z.int(),
  memoryMiB: z.int(),
  sizeBytes: z.number().nullable().meta({ description: 'Pool space used by its files, including shared blocks. Null while it is being created.' }),
  ownBytes: z.number().nullable().meta({ description: 'Pool space that only this snapshot uses; purging it frees this much.' }),
  damage: z.string().nullable().meta({ description: 'What a check found to be wrong, with the name of the file.' }),
  checksumAt: z.iso.datetime().nullable().meta({ description: 'When the checksums of its files were computed. This happens in the background soon after it is ready.' }),
  checkedAt: z.iso.datetime().nullable().meta({ description: 'When its files were last compared with their checksums.' }),
  createdAt: z.iso.datetime(),
  removedAt: z.iso.datetime().nullable(),
  purgeAt: z.iso.datetime().nullable().meta({ description: '`undelete` can restore it until then.' }),
});
export type Snapshot = z.infer<typeof Snapshot>;

const Description = z.string().max(1000).refine((text) => !/[\p{Cc}--[\t]]/v.test(text), 'must not contain control characters');

export const CreateSnapshot = z.strictObject({
  name: Name.optional().meta({ description: 'Defaults to the next free `snapN`.' }),
  description: Description.default(''),
  memory: z.boolean().default(true).meta({ description: 'False to save only the disk, with the file systems frozen during the snapshot. A stopped environment has no memory to save.' }),
});
export type CreateSnapshot = z.infer<typeof CreateSnapshot>;

export const UpdateSnapshot = z.strictObject({ name: Name.optional(), description: Description.optional() });
export type UpdateSnapshot = z.infer<typeof UpdateSnapshot>;

export const RestoreSnapshot = z.strictObject({
  safety: z.boolean().default(true).meta({ description: 'Take a safety snapshot of the present state first.' }),
  memory: z.boolean().default(true).meta({ description: 'False to boot from its disk even if it contains memory.' }),
});
export type RestoreSnapshot = z.infer<typeof RestoreSnapshot>;

export const ForkEnvironment = z.strictObject({
  name: Name.meta({ description: 'Name of the new environment; with a count, NAME-1 to NAME-N.' }),
  snapshot: z.string().min(1).max(200).optional().meta({ description: 'Name or id of the snapshot. Defaults to the present state of the environment.' }),
  count: z.int().min(1).max(64).optional(),
  memory: z.boolean().default(true).meta({ description: 'False to boot from the disk even if there is memory.' }),
});
export type ForkEnvironment = z.infer<typeof ForkEnvironment>;

export const FileChange = z.strictObject({
  path: z.string(),
  change: z.enum(['added', 'changed', 'removed']),
  type: z.enum(fileTypes),
  sizeBytes: z.number().meta({ description: 'Its size afterwards; before, if it was removed.' }),
});

export const SnapshotDiff = z.strictObject({
  from: Name,
  to: Name.nullable().meta({ description: 'Null for the present disk.' }),
  changes: z.array(FileChange).meta({ description: 'Sorted by path. A folder is only listed if it was added or removed, or if its owner or mode changed.' }),
});
export type SnapshotDiff = z.infer<typeof SnapshotDiff>;

export const SnapshotQuery = PageQuery.extend({ removed: z.enum(['exclude', 'include', 'only']).default('exclude') });
export type SnapshotQuery = z.infer<typeof SnapshotQuery>;
