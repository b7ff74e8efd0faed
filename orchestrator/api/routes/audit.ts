// /v1/audit: who asked for which change, and how that ended.
import { z } from 'zod';
import { AuditQuery, AuditVerdict } from '../../audit/audit-entry.ts';
import { AuditPage } from '../answers.ts';
import { route, type Route } from '../route.ts';

export const auditRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/audit', id: 'listAudit', summary: 'List audit entries, oldest first',
    description: 'Every request that changes something or runs a program, also refused ones, with its key, its path and its outcome; never its content. Admins see all entries, others their own.',
    access: { scope: 'read', limitedKeys: false }, query: AuditQuery, answers: { 200: { description: 'A page.', schema: AuditPage } },
    handle: async ({ caller, query }, { services }) => ({ status: 200, body: await services.audit.list(caller, query) }),
  }),
  route({
    method: 'get', path: '/v1/audit/verification', id: 'verifyAudit', summary: 'Verify the audit log',
    description: 'Computes the chain of hashes again. An entry that was changed, removed or inserted is found; entries that were cut off at the end are found with `head`, the `headHash` of an earlier verification.',
    access: { scope: 'admin', limitedKeys: false }, query: z.strictObject({ head: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits').optional() }), answers: { 200: { description: 'What was found.', schema: AuditVerdict } },
    handle: async ({ query }, { services }) => ({ status: 200, body: await services.audit.verify(query.head) }),
  }),
];
