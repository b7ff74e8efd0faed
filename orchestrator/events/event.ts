// An event: the append-only record that something happened.
import { z } from 'zod';

export const Event = z.strictObject({
  cursor: z.string().meta({ description: 'Where a reader goes on: pass it as `since` or Last-Event-ID.' }),
  type: z.string().meta({ description: 'Such as environment.started or operation.progress.' }),
  at: z.iso.datetime(),
  owner: z.string().nullable().meta({ description: 'Whose it is; null for the host.' }),
  subject: z.strictObject({ type: z.string(), id: z.string(), name: z.string().optional() }).nullable(),
  actor: z.string().nullable().meta({ description: 'Key id of who asked for it; null for Somnus itself.' }),
  data: z.record(z.string(), z.unknown()),
});
export type Event = z.infer<typeof Event>;

export type NewEvent = Omit<Event, 'cursor' | 'at'>;

export const EventFilter = z.strictObject({
  since: z.string().max(200).optional().meta({ description: 'Only what came after the event with this cursor.' }),
  type: z.string().max(100).optional().meta({ description: 'Only this type, or with a trailing dot all that begin so: environment.' }),
  subject: z.string().max(100).optional().meta({ description: 'Only events about the object with this id.' }),
});
export type EventFilter = z.infer<typeof EventFilter>;
