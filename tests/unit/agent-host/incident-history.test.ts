import { expect, onTestFinished, test } from 'vitest';
import type { Incident } from '../../../agent/contract/incident.ts';
import { Incidents } from '../../../agent/errors/incidents.ts';
import { LineClassifier } from '../../../agent/errors/line-classifier.ts';
import { newId } from '../../../common/ids.ts';
import { PastIncident } from '../../../orchestrator/agent/agent-schemas.ts';
import { SqliteIncidentHistory } from '../../../orchestrator/agent/sqlite-incident-history.ts';
import { SqliteEnvironments } from '../../../orchestrator/environments/sqlite-environments.ts';
import { environment } from '../../contract/api/fake-services.ts';
import { log, openWorkshop, scratchFolder } from '../../support/operations.ts';

const START = Date.parse('2026-01-02T03:04:05Z');

function stored() {
  const folder = scratchFolder();
  const { store } = openWorkshop(folder.path);
  onTestFinished(() => {
    store.close();
    folder[Symbol.dispose]();
  });
  const records = new SqliteEnvironments(store);
  const id = newId('env');
  records.insert({ ...environment(id, 'demo'), networkIndex: 1 });
  const state = { nowMs: START };
  const open = (): SqliteIncidentHistory => new SqliteIncidentHistory({ store, log, now: () => new Date(state.nowMs) });
  const all = (history: SqliteIncidentHistory): PastIncident[] => history.list(id, { limit: 500 }, () => []).items.map((each) => PastIncident.parse(each));
  const writes = (): number => store.db.prepare<[], number>('SELECT total_changes()').pluck().get() ?? 0;
  return { id, store, records, state, open, all, writes, history: open() };
}

class Agent {
  incidents = new Incidents();
  readonly #classifier = new LineClassifier();

  read(place: string, line: string, atMs = START): string {
    return this.incidents.add(place, this.#classifier.classifyNow(line), atMs)!.id;
  }

  list(): Incident[] {
    return this.incidents.list(START);
  }
}

test('An incident is stored with its counts, times and outcome, and a later process continues with them', () => {
  const { id, state, history, open, all } = stored();
  const agent = new Agent();
  const incident = agent.read('app', 'connection refused: ECONNREFUSED');
  history.note(id, agent.list());
  state.nowMs += 3_600_000;
  agent.read('app', 'connection refused: ECONNREFUSED', START + 3_600_000);
  agent.read('app', 'reconnected to db after 4 s', START + 3_600_000);
  const later = open();
  later.note(id, agent.list());
  expect(all(later)).toMatchObject([{
    id: incident, count: 2, outcome: 'closed', closedBy: 'reconnected to db after 4 s', firstSeenAt: '2026-01-02T03:04:05.000Z', lastSeenAt: '2026-01-02T04:04:05.000Z', firstAt: '2026-01-02T03:04:05.000Z', lastAt: '2026-01-02T04:04:05.000Z',
  }]);
});

test('After a rollback, counts and attempts are kept, and incidents that the VM no longer has get the outcome gone', () => {
  const { id, history, all } = stored();
  const agent = new Agent();
  const kept = agent.read('app', 'no space left on device');
  const saved = structuredClone(agent.incidents.save());
  agent.read('app', 'no space left on device');
  agent.incidents.addAttempt(kept, { fixId: 'disk/apt-cache', what: 'Delete', atMs: START, automatic: true, outcome: 'not-fixed', detail: '' });
  const undone = agent.read('db', 'fatal: Authentication failed');
  history.note(id, agent.list());
  agent.incidents = new Incidents(saved);
  history.note(id, agent.list());
  expect(all(history)).toMatchObject([{ id: undone, outcome: 'gone' }, { id: kept, outcome: 'open', count: 2, attempts: [{ outcome: 'not-fixed' }] }]);
});

test('An incident that was closed by a fix has the outcome fixed, also if Somnus applied the fix itself', () => {
  const { id, history } = stored();
  const agent = new Agent();
  const own = agent.read('app', 'no space left on device');
  const byHost = agent.read('kernel', 'Out of memory: Killed process 991 (java)');
  agent.incidents.addAttempt(own, { fixId: 'disk/apt-cache', what: 'Delete', atMs: START, automatic: true, outcome: 'fixed', detail: '' });
  agent.incidents.close(own, 'fixed: Delete', START);
  history.note(id, agent.list());
  const { items } = history.list(id, { limit: 10 }, (incidentId) => (incidentId === byHost ? [{ fixId: 'memory/profile', what: 'Ask', at: new Date(START + 1).toISOString(), automatic: true, outcome: 'fixed', detail: '' }] : []));
  expect(items).toMatchObject([{ id: byHost, outcome: 'fixed', attempts: [{ fixId: 'memory/profile' }] }, { id: own, outcome: 'fixed', attempts: [{ fixId: 'disk/apt-cache' }] }]);
});

test('Pages are complete and repeat nothing while new incidents arrive', () => {
  const { id, history } = stored();
  const agent = new Agent();
  for (let at = 0; at < 25; at += 1) agent.read(`app${'x'.repeat(at)}`, 'no space left on device');
  history.note(id, agent.list());
  const found: string[] = [];
  for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages += 1) {
    const page = history.list(id, { limit: 10, cursor }, () => []);
    found.push(...page.items.map((each) => each.place));
    cursor = page.nextCursor ?? undefined;
    agent.read(`late${pages}`, 'no space left on device');
    history.note(id, agent.list());
  }
  expect(found).toEqual(Array.from({ length: 25 }, (_, at) => `app${'x'.repeat(24 - at)}`));
});

test('A guest that endlessly reports new incidents of maximum length fills a bounded part of the disk', () => {
  const { id, store, history, all } = stored();
  const attempt = { fixId: 'f'.repeat(64), what: 'w'.repeat(256), automatic: true, outcome: 'failed', detail: 'd'.repeat(256) } as const;
  const [pattern] = (() => {
    const agent = new Agent();
    agent.read('app', 'no space left on device');
    return agent.list();
  })();
  for (let rounds = 0; rounds < 6; rounds += 1) {
    history.note(id, Array.from({ length: 300 }, (_, at) => ({
      ...pattern!, id: `inc_${rounds}_${at}`, place: 'p'.repeat(256), message: 'm'.repeat(300), example: 'e'.repeat(1024), closedBy: 'c'.repeat(512), closedAtMs: 1, attempts: Array.from({ length: 8 }, (__, number) => ({ ...attempt, atMs: number })),
    })));
  }
  expect(all(history)).toHaveLength(500);
  expect(all(history).slice(0, 300).every((each) => each.id.startsWith('inc_5_'))).toBe(true);
  expect(store.db.prepare<[], number>('SELECT sum(length(record)) FROM incident_history').pluck().get()).toBeLessThan(500 * 8192);
});

test('If only counts change, they are written at most once a minute, but reads are current', () => {
  const { id, state, history, all, writes } = stored();
  const agent = new Agent();
  agent.read('app', 'no space left on device');
  history.note(id, agent.list());
  const before = writes();
  for (let lines = 0; lines < 50; lines += 1) {
    agent.read('app', 'no space left on device');
    state.nowMs += 1000;
    history.note(id, agent.list());
    history.note(id, agent.list());
  }
  expect(writes()).toBe(before);
  expect(all(history)).toMatchObject([{ count: 51 }]);
});

test('Secrets are redacted again, also in what an older agent reports', () => {
  const { id, store, history } = stored();
  const agent = new Agent();
  agent.read('app', 'no space left on device');
  const [incident] = agent.list();
  const secret = 'ghp_0123456789012345678901234567890123456789';
  history.note(id, [{ ...incident!, place: secret, message: `token ${secret}`, closedBy: `by ${secret}`, closedAtMs: 1, attempts: [{ fixId: 'x', what: secret, atMs: 1, automatic: false, outcome: 'failed', detail: secret }] }]);
  expect(store.db.prepare<[], string>('SELECT record FROM incident_history').pluck().all().join('')).not.toContain(secret);
});

test('The history is deleted with its environment, and by age', () => {
  const { id, state, store, records, history, all } = stored();
  const agent = new Agent();
  agent.read('app', 'no space left on device');
  history.note(id, agent.list());
  state.nowMs += 1000;
  agent.read('db', 'no space left on device');
  history.note(id, agent.list());
  expect(history.purge(new Date(START + 500))).toBe(1);
  expect(all(history)).toMatchObject([{ place: 'db' }]);
  records.delete(id);
  expect(store.db.prepare('SELECT * FROM incident_history').all()).toEqual([]);
  agent.read('app', 'connection refused');
  history.note(id, agent.list()); // reported while it was being purged
  expect(store.db.prepare('SELECT * FROM incident_history').all()).toEqual([]);
});

test('A list that cannot be written is written with the next one', () => {
  const { id, store, history, all } = stored();
  const agent = new Agent();
  agent.read('app', 'no space left on device');
  store.db.pragma('query_only = ON');
  history.note(id, agent.list());
  store.db.pragma('query_only = OFF');
  history.note(id, agent.list());
  expect(all(history)).toHaveLength(1);
});
