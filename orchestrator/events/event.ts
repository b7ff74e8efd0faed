// An event: an append-only record of something that happened.
import { z } from 'zod';

export const Event = z.strictObject({
  cursor: z.string().meta({ description: 'Position in the event log. Pass it as `since` or Last-Event-ID to continue after this event.' }),
  type: z.string().meta({ description: 'For example environment.started or operation.progress.' }),
  at: z.iso.datetime(),
  owner: z.string().nullable().meta({ description: 'User that owns the subject; null for the host.' }),
  subject: z.strictObject({ type: z.string(), id: z.string(), name: z.string().optional() }).nullable(),
  actor: z.string().nullable().meta({ description: 'Id of the API key that caused the event; `autoscaling` or `somnus` if Somnus made the request by itself; null for events of Somnus that no request caused directly.' }),
  data: z.record(z.string(), z.unknown()),
});
export type Event = z.infer<typeof Event>;

export type NewEvent = Omit<Event, 'cursor' | 'at'>;

export const EventFilter = z.strictObject({
  since: z.string().max(200).optional().meta({ description: 'Only events after the one with this cursor.' }),
  type: z.string().max(100).optional().meta({ description: 'Only events of this type; with a trailing dot, all types that begin with it, such as `environment.`' }),
  subject: z.string().max(100).optional().meta({ description: 'Only events about the object with this id or name. A name also finds what happened under an earlier name.' }),
  changes: z.enum(['true', 'false']).transform((text) => text === 'true').optional().meta({ description: 'Only what changed: without the steps of operations, and without operations whose environment has its own event.' }),
});
export type EventFilter = z.infer<typeof EventFilter>;
