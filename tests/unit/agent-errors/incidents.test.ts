import { expect, test } from 'vitest';
import { Incident } from '../../../agent/contract/incident.ts';
import { Incidents } from '../../../agent/errors/incidents.ts';
import { LineClassifier } from '../../../agent/errors/line-classifier.ts';

const classifier = new LineClassifier();

function read(incidents: Incidents, place: string, line: string, atMs: number): ReturnType<Incidents['add']> {
  return incidents.add(place, classifier.classifyNow(line), atMs);
}

test('Equal templates of one place are one incident; other places have their own', () => {
  const incidents = new Incidents();
  for (let at = 0; at < 5; at += 1) read(incidents, 'a.service', `dial tcp 10.0.0.${at}:5432: connect: connection refused`, at);
  read(incidents, 'b.service', 'dial tcp 10.0.0.9:5432: connect: connection refused', 9);
  expect(incidents.list(0)).toMatchObject([{ place: 'a.service', category: 'NETWORK_FAILURE', count: 5, firstAtMs: 0, lastAtMs: 4 }, { place: 'b.service', count: 1 }]);
});

test('A missing module that follows a failed download has the download as its root, also over a step between', () => {
  const incidents = new Incidents();
  const root = read(incidents, 'exec', 'ERROR: Max retries exceeded with url: /simple/yaml/', 0);
  read(incidents, 'exec', "ModuleNotFoundError: No module named 'yaml'", 1000);
  read(incidents, 'exec', 'worker 3 crashed: exit status 2', 2000);
  expect(incidents.list(0).map(({ rootId }) => rootId)).toEqual([null, root?.id, root?.id]);
});

test('An error long after another, or in another place, has no root', () => {
  const incidents = new Incidents();
  read(incidents, 'exec', 'ERROR: Max retries exceeded with url: /simple/yaml/', 0);
  read(incidents, 'other', "ModuleNotFoundError: No module named 'yaml'", 1000);
  read(incidents, 'exec', "ModuleNotFoundError: No module named 'toml'", 120_000);
  expect(incidents.list(0).map(({ rootId }) => rootId)).toEqual([null, null, null]);
});

test('Errors of one category that occur together in one place have one root, and are closed together', () => {
  const incidents = new Incidents();
  const first = read(incidents, 'steady.service', "steady.service: Unable to locate executable '/srv/run.sh': Permission denied", 0)!;
  const second = read(incidents, 'steady.service', 'steady.service: Failed at step EXEC spawning /srv/run.sh: Permission denied', 20)!;
  const third = read(incidents, 'steady.service', 'steady.service: Main process exited, code=exited, status=203/EXEC', 40)!;
  expect([first, second].map(({ category }) => category)).toEqual(['PERMISSION_DENIED', 'PERMISSION_DENIED']);
  expect([first.rootId, second.rootId, third.rootId]).toEqual([null, first.id, first.id]);
  const later = read(incidents, 'steady.service', 'cannot open /srv/data: Permission denied', 30_000)!;
  expect(later.rootId).toBeNull();
  incidents.close(second.id, 'fixed', 40_000);
  expect(incidents.list(0).map(({ closedAtMs }) => closedAtMs)).toEqual([40_000, 40_000, 40_000, null]);
});

test('The message is one line: for a stack trace, the error that caused it', () => {
  const incidents = new Incidents();
  read(incidents, 'a', "Traceback (most recent call last):\n  File \"/srv/a.py\", line 1, in <module>\n    import yaml\nModuleNotFoundError: No module named 'yaml'", 0);
  read(incidents, 'b', '{"level":"error","msg":"cannot  start","err":"listen tcp :80: bind: address already in use"}', 0);
  expect(incidents.list(0).map(({ message }) => message)).toEqual(["ModuleNotFoundError: No module named 'yaml'", 'cannot start: listen tcp :80: bind: address already in use']);
});

test('The line that says so closes an incident and what follows from it, and a repetition opens it again', () => {
  const incidents = new Incidents();
  read(incidents, 'app', 'connection to db refused: ECONNREFUSED', 0);
  read(incidents, 'app', 'worker 3 crashed: exit status 2', 10);
  read(incidents, 'app', 'no space left on device', 20);
  read(incidents, 'app', 'reconnected to db after 4 s', 5000);
  expect(incidents.list(0).map(({ closedAtMs }) => closedAtMs)).toEqual([5000, 5000, null]);
  read(incidents, 'app', 'connection to db refused: ECONNREFUSED', 6000);
  expect(incidents.list(0)[0]).toMatchObject({ count: 2, closedAtMs: null, closedBy: null });
});

test('A spike is many more in a minute than usual', () => {
  const incidents = new Incidents();
  for (let minute = 0; minute < 10; minute += 1) for (let at = 0; at < 6; at += 1) read(incidents, 'app', 'connection refused', minute * 60_000 + at);
  expect(incidents.list(0)[0]!.spiking).toBe(false);
  for (let at = 0; at < 60; at += 1) read(incidents, 'app', 'connection refused', 600_000 + at);
  expect(incidents.list(600_100)[0]).toMatchObject({ spiking: true, ratePerMinute: 60 });
});

test('After the clock was set back, an incident has the time and the rate of its new lines', () => {
  const incidents = new Incidents();
  const day = 86_400_000;
  for (let at = 0; at < 30; at += 1) read(incidents, 'app', 'connection refused', 2 * day + at);
  read(incidents, 'app', 'connection refused', 2 * day - 500); // two sources vary a little
  expect(incidents.list(2 * day)[0]).toMatchObject({ count: 31, lastAtMs: 2 * day + 29, ratePerMinute: 31 });
  expect(incidents.list(day)[0]).toMatchObject({ ratePerMinute: 0, spiking: false });
  for (let at = 0; at < 2; at += 1) read(incidents, 'app', 'connection refused', day + at);
  expect(incidents.list(day)[0]).toMatchObject({ count: 33, lastAtMs: day + 1, ratePerMinute: 2, spiking: false });
});

test('A storm of new templates is counted, and does not grow without end', () => {
  const incidents = new Incidents();
  for (let at = 0; at < 700; at += 1) read(incidents, 'app', `connection refused by ${'x'.repeat(at + 1)}`, at);
  expect(incidents.list(0).length).toBe(300);
  expect(incidents.uncollected).toBe(400);
});

test('Benign lines and abstentions open nothing', () => {
  const incidents = new Incidents();
  read(incidents, 'app', 'Finished with 0 errors', 0);
  expect(incidents.list(0)).toEqual([]);
});

test('Saved incidents continue in another process, and satisfy the contract', () => {
  const before = new Incidents();
  read(before, 'web.service', `connection refused by db ${'x'.repeat(2000)}`, 1000);
  const after = new Incidents(JSON.parse(JSON.stringify(before.save())) as ReturnType<Incidents['save']>);
  read(after, 'web.service', `connection refused by db ${'x'.repeat(2000)}`, 2000);
  expect(after.list(2000)).toMatchObject([{ id: before.list(1000)[0]!.id, count: 2, firstAtMs: 1000, lastAtMs: 2000 }]);
  for (const each of after.list(2000)) Incident.parse(each);
});

test('An incident of a unit has the fix that restarts it, although the line does not name the unit', () => {
  const incidents = new Incidents();
  read(incidents, 'web.service', 'worker 3 crashed: exit status 2', 0);
  expect(incidents.list(0)[0]!.fixes[0]).toMatchObject({ id: 'runtime/unit', command: ['systemctl', 'restart', 'web.service'] });
});
