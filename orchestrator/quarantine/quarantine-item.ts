// What stands in quarantine, as users see it, and what they can ask for.
import { z } from 'zod';
import { idSchema, Name } from '../../common/ids.ts';
import { orphanKinds } from '../../supervisor/orphans/find.ts';

export const QuarantineItem = z.strictObject({
  id: idSchema('quar'),
  kind: z.enum(orphanKinds).meta({ description: '`environment`: a VM\'s folder, with its keys when they are there. `snapshot`: one of a known environment. `domain`, `keys`, `run`: what was left without a disk. `staging`: never finished.' }),
  name: z.string().nullable().meta({ description: 'What the VM was called.' }),
  environmentId: z.string().nullable(),
  snapshotId: z.string().nullable(),
  reason: z.string().meta({ description: 'Why it is here.' }),
  adoptable: z.boolean().meta({ description: 'Whether it can come back.' }),
  blockedReason: z.string().nullable().meta({ description: 'Why it cannot come back; null when it can.' }),
  sizeBytes: z.number(),
  path: z.string().meta({ description: 'Where it is kept.' }),
  foundAt: z.iso.datetime(),
});
export type QuarantineItem = z.infer<typeof QuarantineItem>;

export const AdoptRequest = z.strictObject({
  name: Name.optional().meta({ description: 'Of the environment or snapshot; the one it had, or the next free one, when left out.' }),
});
export type AdoptRequest = z.infer<typeof AdoptRequest>;

/** What came back: an environment that is stopped or asleep, or the environment that a snapshot belongs to. */
export const Adopted = z.strictObject({ environmentId: idSchema('env'), name: Name, snapshots: z.array(z.string()).meta({ description: 'Names of the snapshots that came with it.' }) });
export type Adopted = z.infer<typeof Adopted>;
