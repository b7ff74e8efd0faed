// somnus audit ls, verify, export
import type { AuditEntry, AuditPage } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { page, type PageOptions } from '../paging.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { localTime } from '../views/event-view.ts';

type Filter = PageOptions & { action: string | undefined; target: string | undefined };

export async function listAudit(cli: Cli, _args: unknown, { action, target, ...paging }: Filter): Promise<void> {
  const entries: AuditPage = await page(cli, '/v1/audit', { query: { action, target } }, paging);
  cli.out.list(entries, {
    columns: [{ title: 'N', align: 'right' }, { title: 'TIME' }, { title: 'KEY' }, { title: 'ACTION' }, { title: 'TARGET' }, { title: 'OUTCOME' }],
    row: (entry: AuditEntry) => [String(entry.seq), localTime(entry.at), entry.keyId ?? '-', entry.action, sanitize(entry.target), entry.outcome],
    name: ({ seq }) => String(seq),
    none: 'No audit entries.',
  });
}

/** Exit code 1 when the log has been altered. */
export async function verifyAudit(cli: Cli, _args: unknown, { head }: { head: string | undefined }): Promise<number> {
  const verdict = await (await cli.api()).call('get', '/v1/audit/verification', { query: { head }, timeoutMs: 600_000 });
  const { ok, entries, headHash, problem } = verdict;
  cli.out.result(verdict, () => (ok ? `The audit log is intact: ${entries} entries, the last one with the hash ${headHash}` : `The audit log is not intact: ${sanitize(problem ?? '')}. The first ${entries} entries are intact.`));
  return ok ? exitCodes.ok : exitCodes.error;
}

/** Prints one line of JSON per entry, whatever the output format. */
export async function exportAudit(cli: Cli, _args: unknown, { since }: { since: string | undefined }): Promise<void> {
  const api = await cli.api();
  let cursor = since;
  do {
    const found: AuditPage = await api.page('/v1/audit', {}, { limit: 500, cursor });
    for (const entry of found.items) cli.out.line(JSON.stringify(entry));
    cursor = found.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
