// /v1/audit: who requested which change, and its outcome.
import { z } from 'zod';
import { AuditQuery, AuditVerdict } from '../../audit/audit-entry.ts';
import { AuditPage } from '../answers.ts';
import { route, type Route } from '../route.ts';

export const auditRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/audit', id: 'listAudit', summary: 'List audit entries, oldest first',
    description: 'Every request that changes something or runs a program, including refused ones, with its key, path and outcome, but never its content. Admins see all entries; other users see their own.',
    access: { scope: 'read', limitedKeys: false }, query: AuditQuery, answers: { 200: { description: 'A page.', schema: AuditPage } },
    handle: async ({ caller, query }, { services }) => ({ status: 200, body: await services.audit.list(caller, query) }),
  }),
  route({
    method: 'get', path: '/v1/audit/verification', id: 'verifyAudit', summary: 'Verify the audit log',
    description: 'Recomputes the chain of hashes, which detects changed, removed and inserted entries. To detect entries that were cut off at the end, pass the `headHash` of an earlier verification as `head`.',
    access: { scope: 'admin', limitedKeys: false }, query: z.strictObject({ head: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits').optional() }), answers: { 200: { description: 'The result.', schema: AuditVerdict } },
    handle: async ({ query }, { services }) => ({ status: 200, body: await services.audit.verify(query.head) }),
  }),
];
