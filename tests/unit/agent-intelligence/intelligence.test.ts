import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { AgentConfig } from '../../../agent/contract/agent-config.ts';
import { IncidentPage, IntelligentStats } from '../../../agent/contract/incident.ts';
import { Incidents } from '../../../agent/errors/incidents.ts';
import { LineClassifier } from '../../../agent/errors/line-classifier.ts';
import { checkConfig, defaultConfig } from '../../../agent/intelligence/check-config.ts';
import { Intelligence } from '../../../agent/intelligence/intelligence.ts';
import { LogPipeline } from '../../../agent/intelligence/log-pipeline.ts';

interface Guest { root: string; log: string; state: string; configure: (config: unknown) => void; begin: () => Intelligence }

function guest(): Guest {
  const root = mkdtempSync(join(tmpdir(), 'somnus-guest-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const path of ['etc/somnus', 'var/lib/somnus', 'var/log']) mkdirSync(join(root, path), { recursive: true });
  const log = join(root, 'var/log/app.log');
  writeFileSync(log, '');
  const configure = (config: unknown): void => writeFileSync(join(root, 'etc/somnus/agent.json'), JSON.stringify(config));
  configure({ journal: false, files: [join(root, 'var/log/*.log')] });
  return {
    root, log, configure, state: join(root, 'var/lib/somnus/incidents.json'),
    begin: () => {
      const intelligence = new Intelligence({ root, log: () => {}, saveAfterMs: 20 });
      onTestFinished(async () => await intelligence.stop());
      return intelligence;
    },
  };
}

const waiting = { timeout: 30_000, interval: 20 };

test('A line in a log becomes an incident with a fix and without secrets, and is kept when the agent restarts', async () => {
  const { begin, log, state } = guest();
  const first = begin();
  appendFileSync(log, 'ERROR push to https://app:s3cretpass@registry failed: no space left on device\n');
  await vi.waitFor(() => expect(first.incidents(0).total).toBe(1), waiting);
  const page = IncidentPage.parse(first.incidents(0));
  expect(page.items[0]).toMatchObject({ place: log, category: 'DISK_FULL', count: 1, engine: 'rules' });
  expect(page.items[0]!.fixes.length).toBeGreaterThan(0);
  expect(IntelligentStats.parse(first.stats())).toMatchObject({ open: 1, filesFollowed: 1, problems: [] });
  await vi.waitFor(() => expect(readFileSync(state, 'utf8')).toContain('DISK_FULL'), waiting);
  expect(readFileSync(state, 'utf8')).not.toContain('s3cretpass');
  await first.stop();
  appendFileSync(log, 'ERROR push to https://app:s3cretpass@registry failed: no space left on device\n');
  const second = begin();
  await vi.waitFor(() => expect(second.incidents(0).items).toMatchObject([{ id: page.items[0]!.id, count: 2 }]), waiting);
});

test('A process that is killed counts every line once', async () => {
  const { begin, log, state } = guest();
  const first = begin();
  for (let at = 0; at < 50; at += 1) appendFileSync(log, `worker ${at + 1} crashed: exit status 3\n`);
  await vi.waitFor(() => expect((JSON.parse(readFileSync(state, 'utf8')) as { incidents: { tracked: { incident: { count: number } }[] } }).incidents.tracked[0]?.incident.count).toBe(50), waiting);
  const saved = readFileSync(state); // the state that a process leaves if it is killed now
  for (let at = 0; at < 20; at += 1) appendFileSync(log, `worker ${at + 1} crashed: exit status 3\n`);
  await vi.waitFor(() => expect(first.incidents(0).items[0]?.count).toBe(70), waiting);
  await first.stop();
  writeFileSync(state, saved);
  const second = begin();
  await vi.waitFor(() => expect(second.incidents(0).items).toMatchObject([{ count: 70 }]), waiting);
});

test('A process that is killed before it has saved an incident counts every line once', async () => {
  const { begin, log, state } = guest();
  const first = begin();
  await vi.waitFor(() => expect(existsSync(state)).toBe(true), waiting);
  const saved = readFileSync(state);
  for (let at = 0; at < 5; at += 1) appendFileSync(log, `worker ${at + 1} crashed: exit status 3\n`);
  await vi.waitFor(() => expect(first.incidents(0).items[0]?.count).toBe(5), waiting);
  await first.stop();
  writeFileSync(state, saved); // the state that a process leaves if it is killed now
  for (let at = 0; at < 3; at += 1) appendFileSync(log, `worker ${at + 1} crashed: exit status 3\n`);
  const second = begin();
  await vi.waitFor(() => expect(second.incidents(0).items).toMatchObject([{ count: 8 }]), waiting);
});

test('What the host has tried is recorded once and kept, and closes the incident only if that has fixed it', async () => {
  const { begin, log } = guest();
  const first = begin();
  appendFileSync(log, 'no space left on device\n');
  await vi.waitFor(() => expect(first.incidents(0).total).toBe(1), waiting);
  const [{ id } = { id: '' }] = first.incidents(0).items;
  const attempt = { fixId: 'disk/grow', what: 'Ask the host', atMs: 1000, automatic: true, outcome: 'not-fixed', detail: 'Profile large' } as const;
  first.recordHostFix(id, attempt);
  first.recordHostFix(id, attempt);
  expect(first.incidents(0).items).toMatchObject([{ attempts: [attempt], closedAtMs: null }]);
  first.recordHostFix(id, { ...attempt, atMs: 2000, outcome: 'fixed' });
  await first.stop();
  expect(begin().incidents(0).items).toMatchObject([{ attempts: [attempt, { atMs: 2000 }], closedBy: 'fixed: Ask the host', closedAtMs: expect.any(Number) as number }]);
  expect(() => first.recordHostFix('inc_none', attempt)).toThrow(expect.objectContaining({ code: 'not_found' }));
});

test('If incidents cannot be saved, that is reported, and they are kept and saved as soon as possible', async () => {
  const { begin, log, root, state } = guest();
  rmSync(join(root, 'var/lib/somnus'), { recursive: true });
  writeFileSync(join(root, 'var/lib/somnus'), 'in the way');
  const intelligence = begin();
  appendFileSync(log, 'no space left on device\n');
  await vi.waitFor(() => expect(intelligence.stats().problems[0]).toMatch(/Incidents cannot be saved/), waiting);
  await vi.waitFor(() => expect(intelligence.incidents(0).total).toBe(1), waiting);
  rmSync(join(root, 'var/lib/somnus'));
  await intelligence.stop();
  expect(existsSync(state)).toBe(true);
});

test('A damaged state file is renamed and kept, and the agent starts without incidents', () => {
  const { begin, state } = guest();
  writeFileSync(state, '{"formatVersion":1');
  expect(begin().incidents(0)).toEqual({ items: [], total: 0, nextOffset: null });
  expect(existsSync(`${state}.damaged`)).toBe(true);
});

test('Incidents come in pages that fit into a line on the port', async () => {
  const { begin, log } = guest();
  const intelligence = begin();
  for (let at = 0; at < 45; at += 1) appendFileSync(log, `${'x'.repeat(at + 1)} ${'long '.repeat(400)} no space left on device\n`);
  await vi.waitFor(() => expect(intelligence.incidents(0).total).toBe(45), waiting);
  const page = intelligence.incidents(0);
  expect(page).toMatchObject({ total: 45, nextOffset: 20 });
  expect(JSON.stringify(page).length).toBeLessThan(100_000);
  expect(intelligence.incidents(40)).toMatchObject({ nextOffset: null });
  expect(intelligence.incidents(40).items).toHaveLength(5);
});

test('A new configuration applies at once; an invalid one changes nothing and is reported', async () => {
  const { begin, configure, root, log } = guest();
  const intelligence = begin();
  writeFileSync(join(root, 'var/log/other.txt'), '');
  configure({ journal: false, files: [join(root, 'var/log/*.txt')], units: ['web.service'] });
  expect(intelligence.reload()).toMatchObject({ units: ['web.service'], patterns: [] });
  appendFileSync(join(root, 'var/log/other.txt'), 'no space left on device\n');
  await vi.waitFor(() => expect(intelligence.incidents(0).total).toBe(1), waiting);
  configure({ files: ['relative.log'] });
  expect(() => intelligence.reload()).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  expect(intelligence.stats().problems[0]).toMatch(/^files must be/);
  appendFileSync(join(root, 'var/log/other.txt'), 'connection refused\n');
  await vi.waitFor(() => expect(intelligence.incidents(0).total).toBe(2), waiting);
  expect(existsSync(log)).toBe(true);
});

test('The agent accepts exactly the configurations that the contract allows', () => {
  expect(AgentConfig.parse(defaultConfig)).toEqual(defaultConfig);
  const text = fc.oneof(fc.string(), fc.constantFrom('/var/log/*.log', 'web.service', '-x.service', 'a@b.service', 'node server.js'));
  const likely = fc.record({
    journal: fc.oneof(fc.boolean(), fc.string()), files: fc.oneof(fc.array(text), fc.array(fc.constant('/a'), { maxLength: 70 })), units: fc.array(text), patterns: fc.array(text), extra: fc.boolean(),
  }, { requiredKeys: [] });
  fc.assert(fc.property(likely, (given) => {
    const contract = AgentConfig.safeParse({ ...defaultConfig, ...given });
    let accepted: unknown;
    try {
      accepted = checkConfig(given);
    } catch {
      accepted = undefined;
    }
    expect(accepted).toEqual(contract.data);
  }));
});

test('An entry is complete 200 ms after its last line, whatever other programs write', () => {
  vi.useFakeTimers();
  onTestFinished(() => { vi.useRealTimers(); });
  const incidents = new Incidents();
  const pipeline = new LogPipeline({ classifier: new LineClassifier(), incidents });
  const refused = 'dial tcp 10.0.0.1:5432: connect: connection refused';
  const places = (): string[] => incidents.list(0).map(({ place }) => place).toSorted();
  pipeline.take({ place: 'first', text: refused, atMs: 0 });
  vi.advanceTimersByTime(150);
  pipeline.take({ place: 'second', text: refused, atMs: 150 });
  vi.advanceTimersByTime(50);
  expect(places()).toEqual(['first']);
  vi.advanceTimersByTime(149);
  expect(places()).toEqual(['first']);
  vi.advanceTimersByTime(1);
  expect(places()).toEqual(['first', 'second']);
  expect(pipeline.hasOpenEntries).toBe(false);
});

test('All of 100,000 lines in a burst are counted', () => {
  const incidents = new Incidents();
  const pipeline = new LogPipeline({ classifier: new LineClassifier(), incidents });
  for (let at = 0; at < 100_000; at += 1) pipeline.take({ place: `unit-${at % 300}.service`, text: `dial tcp 10.0.0.${at % 250}:5432: connect: connection refused`, atMs: at });
  pipeline.flush();
  expect(incidents.list(0).reduce((sum, { count }) => sum + count, 0) + incidents.uncollected).toBe(100_000);
  expect(pipeline.lines).toBe(100_000);
  expect(pipeline.hasOpenEntries).toBe(false);
});
