// The snapshot as users see it, and what they can ask for. Forks are asked for here too: they are made of the same.
import { z } from 'zod';
import { idSchema, Name } from '../../common/ids.ts';
import { PageQuery } from '../store/page.ts';

export const snapshotStates = ['creating', 'ready', 'damaged', 'removed'] as const;

export const Snapshot = z.strictObject({
  id: idSchema('snap'),
  environmentId: idSchema('env'),
  name: Name,
  description: z.string(),
  state: z.enum(snapshotStates).meta({ description: '`ready` when it can be restored; `damaged` when a check found that it is not what was saved any more.' }),
  operationId: idSchema('op').nullable().meta({ description: 'The operation at work on it.' }),
  parent: idSchema('snap').nullable().meta({ description: 'The snapshot that the environment came from when this one was taken.' }),
  memory: z.boolean().meta({ description: 'Holds RAM and running programs too, not only the disk.' }),
  safety: z.boolean().meta({ description: 'Taken by Somnus before a restore.' }),
  vcpus: z.int(),
  memoryMiB: z.int(),
  sizeBytes: z.number().nullable().meta({ description: 'What its files hold of the pool, shared blocks included. Null while it is being made.' }),
  ownBytes: z.number().nullable().meta({ description: 'What of that nothing else holds: purging it gives so much back.' }),
  damage: z.string().nullable().meta({ description: 'What a check found wrong, with the file.' }),
  checksumAt: z.iso.datetime().nullable().meta({ description: 'When the checksums of its files were made: in the background, soon after it was ready.' }),
  checkedAt: z.iso.datetime().nullable().meta({ description: 'When all of it was last read, and compared with them.' }),
  createdAt: z.iso.datetime(),
  removedAt: z.iso.datetime().nullable(),
  purgeAt: z.iso.datetime().nullable().meta({ description: 'Until then `undelete` brings it back.' }),
});
export type Snapshot = z.infer<typeof Snapshot>;

const Description = z.string().max(1000).refine((text) => !/[\p{Cc}--[\t]]/v.test(text), 'must not contain control characters');

export const CreateSnapshot = z.strictObject({
  name: Name.optional().meta({ description: 'The next free `snapN` when left out.' }),
  description: Description.default(''),
  memory: z.boolean().default(true).meta({ description: 'False for the disk only, with the file systems frozen meanwhile. What does not run has no memory.' }),
});
export type CreateSnapshot = z.infer<typeof CreateSnapshot>;

export const UpdateSnapshot = z.strictObject({ name: Name.optional(), description: Description.optional() });
export type UpdateSnapshot = z.infer<typeof UpdateSnapshot>;

export const RestoreSnapshot = z.strictObject({
  safety: z.boolean().default(true).meta({ description: 'Keep the present as a snapshot of its own.' }),
  memory: z.boolean().default(true).meta({ description: 'False to boot from its disk, although it has memory.' }),
});
export type RestoreSnapshot = z.infer<typeof RestoreSnapshot>;

export const ForkEnvironment = z.strictObject({
  name: Name.meta({ description: 'Of the new environment; with a count, NAME-1 to NAME-N.' }),
  snapshot: z.string().min(1).max(200).optional().meta({ description: 'Name or id; the environment as it is now when left out.' }),
  count: z.int().min(1).max(64).optional(),
  memory: z.boolean().default(true).meta({ description: 'False to boot from the disk.' }),
});
export type ForkEnvironment = z.infer<typeof ForkEnvironment>;

export const SnapshotQuery = PageQuery.extend({ removed: z.enum(['exclude', 'include', 'only']).default('exclude') });
export type SnapshotQuery = z.infer<typeof SnapshotQuery>;
