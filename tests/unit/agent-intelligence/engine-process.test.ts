import { mkdirSync, mkdtempSync, rmSync, writeFileSync, appendFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { EngineProcess } from '../../../agent/engine/engine-process.ts';
import { Incidents } from '../../../agent/errors/incidents.ts';
import { LineClassifier } from '../../../agent/errors/line-classifier.ts';
import { readEntry } from '../../../agent/errors/reading/log-entry.ts';
import type { Verdict } from '../../../agent/errors/verdict.ts';
import { Intelligence } from '../../../agent/intelligence/intelligence.ts';
import { LogPipeline } from '../../../agent/intelligence/log-pipeline.ts';

const waiting = { timeout: 60_000, interval: 20 };

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'somnus-engine-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** An engine that answers CUDA_ERROR to everything, exits at `die`, and never answers `hang`. */
function program(): [string, string] {
  const file = join(scratch(), 'engine.cjs');
  writeFileSync(file, `
process.on('message', ({ id, entry }) => {
  if (entry.text.includes('die')) { console.error('RangeError: out of memory'); process.exit(3); }
  if (!entry.text.includes('hang')) process.send({ id, verdict: { engine: 'embedding', label: 'CUDA_ERROR', confidence: 0.9, abstained: false, evidence: [] } });
});
process.once('disconnect', () => process.exit());
process.send({ ready: true });
`);
  return [process.execPath, file];
}

async function engine(): Promise<EngineProcess> {
  const started = new EngineProcess({ command: program(), log: () => {}, retryMs: { first: 10, longest: 100 }, answersWithinMs: 300 });
  onTestFinished(() => started.stop());
  expect(started.problem).toMatch(/is starting/);
  started.start();
  await vi.waitFor(() => expect(started.ready).toBe(true), waiting);
  return started;
}

test('The engine answers from its own process; without an answer in time, the result is undefined', async () => {
  const it = await engine();
  expect(await it.classify(readEntry('something'))).toMatchObject({ engine: 'embedding', label: 'CUDA_ERROR' });
  expect(await it.classify(readEntry('hang'))).toBeUndefined();
  expect(it.problem).toBeUndefined();
});

test('An engine that ends is reported with its reason, and started again', async () => {
  const it = await engine();
  expect(await it.classify(readEntry('die'))).toBeUndefined();
  await vi.waitFor(() => expect(it.problem).toBe('The embedding engine is not running: RangeError: out of memory'), { ...waiting, interval: 1 });
  await vi.waitFor(() => expect(it.ready).toBe(true), waiting);
  expect(await it.classify(readEntry('something'))).toMatchObject({ label: 'CUDA_ERROR' });
});

const verdict: Verdict = { engine: 'embedding', label: 'CUDA_ERROR', confidence: 0.9, abstained: false, evidence: [] };

test('New templates wait for the engine, known ones do not, and nothing is lost when it is slow', async () => {
  const incidents = new Incidents();
  const asked: ((given: Verdict | undefined) => void)[] = [];
  const pipeline = new LogPipeline({ classifier: new LineClassifier({ classify: async () => await new Promise<Verdict | undefined>((resolve) => { asked.push(resolve); }) }), incidents, usesEngine: () => true });
  const counts = (): number => incidents.list(0).reduce((sum, { count }) => sum + count, 0);
  pipeline.take({ place: 'a', text: 'no space left on device', atMs: 1 });
  pipeline.take({ place: 'a', text: 'next', atMs: 2 });
  expect(asked).toHaveLength(1);
  expect(counts()).toBe(0);
  asked[0]!(verdict);
  await vi.waitFor(() => expect(incidents.list(0)).toMatchObject([{ category: 'CUDA_ERROR', engine: 'embedding' }]), waiting);
  pipeline.take({ place: 'a', text: 'no space left on device', atMs: 3 });
  pipeline.take({ place: 'a', text: 'next', atMs: 4 });
  pipeline.flush(); // classifies waiting entries by the rules
  expect(counts()).toBe(2);
  expect(pipeline.hasOpenEntries).toBe(false);
  for (const answer of asked) answer(verdict);
  await new Promise(setImmediate);
  expect(counts()).toBe(2);
  for (let at = 0; at < 500; at += 1) pipeline.take({ place: 'b', text: `${'x'.repeat(at + 1)} connection refused`, atMs: at });
  expect(asked.length).toBeLessThan(210);
  pipeline.flush();
  expect(counts() + incidents.uncollected).toBe(502);
});

test('The agent classifies with the configured engine, and by the rules while that is not running', async () => {
  const root = scratch();
  for (const path of ['etc/somnus', 'var/lib/somnus', 'var/log']) mkdirSync(join(root, path), { recursive: true });
  const log = join(root, 'var/log/app.log');
  writeFileSync(log, '');
  writeFileSync(join(root, 'etc/somnus/agent.json'), JSON.stringify({ journal: false, files: [log] }));
  const intelligence = new Intelligence({ root, log: () => {}, engineCommand: program() });
  onTestFinished(async () => await intelligence.stop());
  expect(intelligence.stats()).toMatchObject({ engine: 'rules', problems: [] });
  await intelligence.set({ engine: 'embedding' });
  expect(JSON.parse(readFileSync(join(root, 'etc/somnus/agent.json'), 'utf8'))).toMatchObject({ engine: 'embedding', files: [log] });
  await vi.waitFor(() => expect(intelligence.stats()).toMatchObject({ engine: 'embedding', problems: [] }), waiting);
  appendFileSync(log, 'an odd message\n');
  await vi.waitFor(() => expect(intelligence.incidents(0).items).toMatchObject([{ category: 'CUDA_ERROR', engine: 'embedding' }]), waiting);
  await intelligence.set({ engine: 'rules' });
  expect(intelligence.stats().engine).toBe('rules');
});
