// Items in quarantine as users see them, and the requests about them.
import { z } from 'zod';
import { idSchema, Name } from '../../common/ids.ts';
import { orphanKinds } from '../../supervisor/recovery/find-orphans.ts';

export const QuarantineItem = z.strictObject({
  id: idSchema('quar'),
  kind: z.enum(orphanKinds).meta({ description: '`environment`: a VM\'s folder, with its keys if found. `snapshot`: a snapshot of a known environment. `domain`, `keys`, `run`: remains without a disk. `staging`: an unfinished folder.' }),
  name: z.string().nullable().meta({ description: 'Name of the VM.' }),
  environmentId: z.string().nullable(),
  snapshotId: z.string().nullable(),
  reason: z.string().meta({ description: 'Why it is in quarantine.' }),
  adoptable: z.boolean().meta({ description: 'Whether it can be restored.' }),
  blockedReason: z.string().nullable().meta({ description: 'Why it cannot be restored; null if it can.' }),
  sizeBytes: z.number(),
  path: z.string().meta({ description: 'Path of its folder.' }),
  foundAt: z.iso.datetime(),
});
export type QuarantineItem = z.infer<typeof QuarantineItem>;

export const AdoptRequest = z.strictObject({
  name: Name.optional().meta({ description: 'Name of the restored environment or snapshot. Defaults to its old name, or the next free one.' }),
});
export type AdoptRequest = z.infer<typeof AdoptRequest>;

/** The restored environment, stopped or hibernated, or the environment that a restored snapshot belongs to. */
export const Adopted = z.strictObject({ environmentId: idSchema('env'), name: Name, snapshots: z.array(z.string()).meta({ description: 'Names of the snapshots restored with it.' }) });
export type Adopted = z.infer<typeof Adopted>;
