// Measures the action router (the time of a decision, and how many labeled commands get the right context and class) and the audit log (the time of an entry): `npm run bench:actions`.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger } from '../../common/log.ts';
import { SqliteAuditLog } from '../../orchestrator/audit/sqlite-audit-log.ts';
import { schema } from '../../orchestrator/store/schema.ts';
import { SqliteStore } from '../../orchestrator/store/sqlite-store.ts';
import { routeAction } from '../../orchestrator/actions/routing/route-action.ts';
import { builtInRules } from '../../orchestrator/actions/routing/rules/all.ts';
import { heldOut, tuned, type LabeledCommand } from '../unit/actions/labeled-commands.ts';

const ROUNDS = 40;
const LIMIT_MS = 5;
const AUDIT_ENTRIES = 3000;
const AUDIT_LIMIT_MS = 1;

const all = [...tuned, ...heldOut];
const decide = ({ command }: LabeledCommand) => routeAction({ command, context: 'auto', hints: {}, past: undefined, load: undefined, unavailable: {} }, builtInRules);

const first = performance.now();
decide(all[0] as LabeledCommand);
const firstMs = performance.now() - first;
const times: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  for (const command of all) {
    const startedAt = performance.now();
    decide(command);
    times.push(performance.now() - startedAt);
  }
}
const percentileOf = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
times.sort((a, b) => a - b);
const percentile = (share: number): number => percentileOf(times, share);
const figure = (ms: number): string => `${ms.toFixed(3)} ms`;
console.log(`decisions: ${times.length} of ${all.length} commands, ${builtInRules.length} rules`);
console.log(`first ${figure(firstMs)}, p50 ${figure(percentile(0.5))}, p95 ${figure(percentile(0.95))} (limit ${LIMIT_MS} ms), p99 ${figure(percentile(0.99))}, longest ${figure(percentile(1))}`);
for (const [name, table] of [['tuned', tuned], ['held out', heldOut]] as const) {
  const right = table.filter((one) => {
    const { context, class: kind } = decide(one);
    return context === one.context && kind === one.class;
  });
  console.log(`${name}: ${right.length} of ${table.length} right (${((right.length / table.length) * 100).toFixed(1)} %)`);
}

// Uses the file system of the working directory, because /tmp may be in memory, where commits cost nothing.
const folder = await mkdtemp(join(process.cwd(), '.bench-audit-'));
const log = createLogger({ level: 'silent' });
try {
  using store = SqliteStore.open({ path: join(folder, 'somnus.db'), migrations: schema, log });
  const audit = new SqliteAuditLog({ store, log });
  const appends = Array.from({ length: AUDIT_ENTRIES }, (_, n) => {
    const startedAt = performance.now();
    audit.begin({ keyId: 'key_00000000000000000000000000', user: 'usr_00000000000000000000000000', action: 'runAction', target: '/v1/environments/demo/actions', requestId: `req_${n}` })('ok');
    return performance.now() - startedAt;
  }).toSorted((a, b) => a - b);
  const startedAt = performance.now();
  const { ok } = await audit.verify();
  console.log(`audit: ${AUDIT_ENTRIES} entries, p50 ${figure(percentileOf(appends, 0.5))}, p95 ${figure(percentileOf(appends, 0.95))} (limit ${AUDIT_LIMIT_MS} ms), longest ${figure(percentileOf(appends, 1))}; verified in ${figure(performance.now() - startedAt)}: ${ok ? 'intact' : 'not intact'}`);
  if (percentile(0.95) > LIMIT_MS || percentileOf(appends, 0.95) > AUDIT_LIMIT_MS || !ok) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
