// An audit entry: who requested what, on what, and the outcome. Each contains the hash of the previous one, which reveals changed, missing and inserted entries.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Caller } from '../keys/caller.ts';
import { PageQuery, type Page } from '../store/page.ts';

export const AuditEntry = z.strictObject({
  seq: z.int().meta({ description: 'Number of the entry, from 1 without gaps.' }),
  at: z.iso.datetime(),
  keyId: z.string().nullable().meta({ description: 'The API key; the id of an environment if the request came from inside its VM; `somnus` if Somnus acted by itself; null if the request had no valid key.' }),
  user: z.string().nullable(),
  action: z.string().meta({ description: 'The operation id of the route, such as runAction or removeEnvironment. If Somnus acted by itself, that of the route that does the same.' }),
  target: z.string().meta({ description: 'The path of the request, without its query.' }),
  outcome: z.string().meta({ description: '`ok`, or the code of the error; `interrupted` if Somnus ended before the request did, so it may or may not have taken effect.' }),
  requestId: z.string(),
  previousHash: z.string(),
  hash: z.string().meta({ description: 'SHA-256 of the fields above, as JSON in this order.' }),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export type AuditedRequest = Omit<AuditEntry, 'seq' | 'at' | 'outcome' | 'previousHash' | 'hash'>;

export const AuditQuery = PageQuery.extend({
  action: z.string().max(100).optional().meta({ description: 'Only requests with this operation id.' }),
  target: z.string().max(300).optional().meta({ description: 'Only requests whose path contains this text.' }),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

export const AuditVerdict = z.strictObject({
  ok: z.boolean(),
  entries: z.int(),
  headHash: z.string().meta({ description: 'The hash of the last intact entry. Keep it elsewhere: if entries are cut off at the end, the log no longer contains it.' }),
  firstBad: z.int().nullable().meta({ description: 'The number of the first entry that was changed or whose predecessor is missing.' }),
  problem: z.string().nullable(),
});
export type AuditVerdict = z.infer<typeof AuditVerdict>;

export interface AuditService {
  /**
   * Notes a request before it is handled. Returns a function that adds its entry with the first outcome it gets; if Somnus ends before that, the next start adds the entry. Neither throws: an entry
   * that cannot be recorded, for example on a full disk, goes to the log file instead, because a VM must be stoppable even then.
   */
  begin(request: AuditedRequest): (outcome: string) => void;
  /** Oldest first. Users who are not admins see only their own entries. */
  list(caller: Caller, query: AuditQuery): Promise<Page<AuditEntry>>;
  /** Recomputes all hashes. With `head`, also checks that the log contains an entry with that hash. */
  verify(head?: string): Promise<AuditVerdict>;
}

/** The `previousHash` of the first entry. */
export const FIRST_HASH = '0'.repeat(64);

export function hashOf({ seq, at, keyId, user, action, target, outcome, requestId, previousHash }: Omit<AuditEntry, 'hash'>): string {
  return createHash('sha256').update(JSON.stringify([seq, at, keyId, user, action, target, outcome, requestId, previousHash])).digest('hex');
}
