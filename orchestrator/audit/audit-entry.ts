// An audit entry: who asked for what, on what, and how that ended. Each contains the hash of the one before, so a changed, missing or inserted line is found.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Caller } from '../keys/caller.ts';
import { PageQuery, type Page } from '../store/page.ts';

export const AuditEntry = z.strictObject({
  seq: z.int().meta({ description: 'Counts from 1 without gaps.' }),
  at: z.iso.datetime(),
  keyId: z.string().nullable().meta({ description: 'The API key; null when there was no valid one.' }),
  user: z.string().nullable(),
  action: z.string().meta({ description: 'The operation id of the route, such as runAction or removeEnvironment.' }),
  target: z.string().meta({ description: 'The path of the request, without its query.' }),
  outcome: z.string().meta({ description: '`ok`, or the code of the error.' }),
  requestId: z.string(),
  previousHash: z.string(),
  hash: z.string().meta({ description: 'SHA-256 of the fields above, as JSON in this order.' }),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export type NewAuditEntry = Omit<AuditEntry, 'seq' | 'at' | 'previousHash' | 'hash'>;

export const AuditQuery = PageQuery.extend({
  action: z.string().max(100).optional().meta({ description: 'Only this operation id.' }),
  target: z.string().max(300).optional().meta({ description: 'Only paths that contain this text.' }),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

export const AuditVerdict = z.strictObject({
  ok: z.boolean(),
  entries: z.int(),
  headHash: z.string().meta({ description: 'The hash of the last entry. Keep it elsewhere: a log that was cut off at its end no longer contains it.' }),
  firstBad: z.int().nullable().meta({ description: 'The number of the first entry that was changed, or whose predecessor is missing.' }),
  problem: z.string().nullable(),
});
export type AuditVerdict = z.infer<typeof AuditVerdict>;

export interface AuditService {
  /** Never throws: what cannot be recorded, as on a full disk, is in the log file instead, because a VM must be stoppable even then. */
  append(entry: NewAuditEntry): void;
  /** Oldest first; others than admins see their own. */
  list(caller: Caller, query: AuditQuery): Promise<Page<AuditEntry>>;
  /** Computes all hashes again. With `head`, also says whether the log contains an entry with that hash. */
  verify(head?: string): Promise<AuditVerdict>;
}

/** What the first entry has in place of the hash before it. */
export const FIRST_HASH = '0'.repeat(64);

export function hashOf({ seq, at, keyId, user, action, target, outcome, requestId, previousHash }: Omit<AuditEntry, 'hash'>): string {
  return createHash('sha256').update(JSON.stringify([seq, at, keyId, user, action, target, outcome, requestId, previousHash])).digest('hex');
}
