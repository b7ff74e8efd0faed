// The DevSession of an environment: everything that is recorded about it, in order. It opens when the environment is created and never ends by itself. What users see, and the service for the API, which session-reader.ts implements.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import { Event } from '../events/event.ts';
import type { Caller } from '../keys/caller.ts';
import { PageQuery, pageOf, type Page } from '../store/page.ts';

export const SessionKind = z.enum(['session', 'change', 'action', 'job', 'file', 'incident', 'snapshot', 'link']);
export type SessionKind = z.infer<typeof SessionKind>;

export const SessionEntry = Event.omit({ owner: true, subject: true }).extend({
  kind: SessionKind.meta({ description: '`session`: it was opened, or continued after a start, wake, restore or reboot. `link`: forks and collaborations. `change`: other changes of the environment.' }),
});
export type SessionEntry = z.infer<typeof SessionEntry>;
export const SessionPage = pageOf(SessionEntry);

export const DevSession = z.strictObject({
  environmentId: idSchema('env'),
  name: z.string(),
  state: z.string().meta({ description: 'State of the environment.' }),
  openedAt: z.iso.datetime(),
  continuedAt: z.iso.datetime().meta({ description: 'When it was last opened or continued.' }),
  lastAt: z.iso.datetime().nullable().meta({ description: 'Time of its last entry.' }),
  counts: z.partialRecord(SessionKind, z.int()).meta({ description: 'Entries by kind, as far as events are kept.' }),
  files: z.array(z.string()).meta({ description: 'Files that were last changed through Somnus (files API, `cp`), newest first. Changes by programs in the guest are not known to the host.' }),
  links: z.strictObject({
    forkedFrom: z.string().nullable(),
    snapshotId: idSchema('snap').nullable().meta({ description: 'The snapshot that was last taken or restored.' }),
    collaborations: z.array(z.string()).meta({ description: 'Names of the last collaborations.' }),
  }),
  rememberActions: z.boolean().meta({ description: 'Whether actions (`somnus run`) are remembered as tool results.' }),
  memories: z.array(z.string()).nullable().meta({ description: 'Ids of the newest memories of the environment; null while memory is locked or not set up.' }),
});
export type DevSession = z.infer<typeof DevSession>;

export const SessionSettings = z.strictObject({ rememberActions: z.boolean() });
export type SessionSettings = z.infer<typeof SessionSettings>;

export const SessionQuery = PageQuery.extend({
  cursor: z.string().regex(/^\d{1,15}$/, 'must be a cursor from an earlier page').optional(),
  last: z.enum(['true', 'false']).default('false').transform((text) => text === 'true').meta({ description: 'Only the newest entries, on one page.' }),
});
export type SessionQuery = z.infer<typeof SessionQuery>;

export type FileChange = { what: 'written' | 'unpacked' | 'removed' | 'created'; path: string } | { what: 'moved'; path: string; from: string };

export interface SessionService {
  show(caller: Caller, ref: string): Promise<DevSession>;
  /** Oldest first. */
  log(caller: Caller, ref: string, query: SessionQuery): Promise<Page<SessionEntry>>;
  set(caller: Caller, ref: string, settings: SessionSettings): Promise<DevSession>;
  /** Records a change of a file that a caller made through the host. */
  noteFile(caller: Caller, ref: string, change: FileChange): Promise<void>;
}
