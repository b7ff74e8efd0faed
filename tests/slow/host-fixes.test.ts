// Faults that only the host can fix, in a real VM: with `act`, the host changes the VM's profile by itself and watches for some minutes whether that helped.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { beforeAll, expect, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import type { IncidentPage } from '../../agent/contract/incident.ts';
import type { Incident, PastIncident } from '../../orchestrator/agent/agent-schemas.ts';
import type { AuditEntry } from '../../orchestrator/audit/audit-entry.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { Snapshot } from '../../orchestrator/snapshots/snapshot-schemas.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { SEEN } from '../support/agent-client.ts';
import { TestControlPlane } from '../support/control-plane.ts';

const NAME = 'hungry';
/** An incident must stay open for some time first, and a fix counts as successful only some minutes later. */
const HOST_FIXED = { timeoutMs: 800_000, intervalMs: 1000 };

let somnus: TestControlPlane;

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  await mkdir(join(somnus.dataDir, 'profiles'), { recursive: true });
  // Larger than idle by only as much as a small host can spare.
  await writeFile(join(somnus.dataDir, 'profiles', 'roomier.yaml'), stringify({ name: 'roomier', description: 'Of a test', shape: { vcpus: 1, vcpusMax: 4, memoryMiB: 768, memoryMaxMiB: 2048, diskGiB: 20, cpuQuotaPercent: null, ioWeight: null } }));
  await somnus.ok('create', NAME, '--profile', 'idle');
  await somnus.ok('fix', 'mode', NAME, 'act');
});

test('With act, a VM whose kernel ran out of memory gets the next larger profile after a snapshot, and event, attempt and audit entry say that Somnus did it', async () => {
  // Not a failed unit, so that the agent does not start it again.
  await somnus.ok('exec', NAME, '--', 'systemd-run', '--quiet', '--collect', '--unit=hog', '--property=OOMPolicy=continue', '--property=OOMScoreAdjust=1000', '--property=SuccessExitStatus=SIGKILL',
    'python3', '-c', 'kept = []\nwhile True:\n    kept.append(bytearray(b"x" * (8 << 20)))');
  const events = async (type: string): Promise<Event[]> => ((await somnus.api('GET', `/v1/events?limit=100&subject=${NAME}&type=${type}`, { headers: { accept: 'application/json' } })).body as Page<Event>).items;
  const fixed = await pollUntil('the larger profile', HOST_FIXED, async () => (await events('incident.fix')).find(({ data }) => data['fixId'] === 'memory/profile'));
  expect(fixed).toMatchObject({ actor: null, data: { automatic: true, outcome: 'fixed', from: 'idle', to: 'roomier' } });
  expect(await somnus.json<Environment>('show', NAME)).toMatchObject({ profile: 'roomier', memoryMiB: 768, state: 'running' });
  const listed = (await somnus.json<{ items: Incident[] }>('incidents', NAME, '--all')).items.find(({ id }) => id === fixed.data['incidentId']);
  expect(listed).toMatchObject({ category: 'OUT_OF_MEMORY', closedBy: expect.stringMatching(/^fixed: /) as string });
  const inVm = JSON.parse((await somnus.ok('exec', NAME, '--', 'python3', '-c', 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:7770/stats/intelligent").read().decode())')).trim()) as IncidentPage;
  for (const attempts of [listed!.attempts, inVm.items.find(({ id }) => id === listed!.id)?.attempts]) expect(attempts?.filter(({ fixId }) => fixId === 'memory/profile')).toMatchObject([{ automatic: true, outcome: 'fixed' }]);
  expect((await somnus.json<Page<Snapshot>>('snapshot', 'ls', NAME)).items).toMatchObject([{ description: `Before a fix for ${listed!.id}`, memory: true }]);
  const audited = ((await somnus.api('GET', '/v1/audit?limit=500&action=applyFix')).body as Page<AuditEntry>).items.filter(({ keyId }) => keyId === 'somnus');
  expect(audited).toMatchObject([{ target: expect.stringContaining(listed!.id) as string, outcome: 'ok' }]);
  expect(await events('incident.escalated')).not.toContainEqual(expect.objectContaining({ data: expect.objectContaining({ incidentId: listed!.id }) as unknown }));
});

test('The history has incidents and attempts that a restored VM no longer has, and can be read in pages while the VM is off', async () => {
  const history = async (): Promise<PastIncident[]> => (await somnus.json<Page<PastIncident>>('incidents', NAME, '--history', '--all')).items;
  await somnus.ok('fix', 'mode', NAME, 'suggest');
  await somnus.ok('snapshot', 'create', NAME, 'before');
  await somnus.ok('exec', NAME, '--', 'logger', '-t', 'undone', 'connection to database refused: ECONNREFUSED');
  const undone = await pollUntil('the incident', SEEN, async () => (await history()).find(({ place }) => place === 'undone'));
  expect(undone).toMatchObject({ category: 'NETWORK_FAILURE', outcome: 'open', count: 1 });
  await somnus.ok('snapshot', 'restore', NAME, 'before', '--no-safety');
  const gone = await pollUntil('the incident to be gone', SEEN, async () => (await history()).find(({ id, outcome }) => id === undone.id && outcome === 'gone'));
  expect(gone).toMatchObject({ count: 1, firstSeenAt: undone.firstSeenAt });
  expect((await somnus.json<{ items: Incident[] }>('incidents', NAME, '--all')).items.some(({ id }) => id === undone.id)).toBe(false);
  const before = await history();
  await somnus.ok('stop', NAME, '--force');
  expect(await history()).toEqual(before);
  expect(before.find(({ attempts }) => attempts.some(({ fixId, automatic }) => fixId === 'memory/profile' && automatic))).toMatchObject({ category: 'OUT_OF_MEMORY', outcome: 'fixed' });
  const { items, nextCursor } = (await somnus.api('GET', `/v1/environments/${NAME}/agent/incidents/history?limit=1`)).body as Page<PastIncident>;
  expect([items, nextCursor === null]).toEqual([before.slice(0, 1), before.length === 1]);
  await somnus.ok('rm', NAME, '--purge', '--yes');
  expect((await somnus.api('GET', `/v1/environments/${NAME}/agent/incidents/history`)).status).toBe(404);
});
