// Research runs with a real control plane and the confined reader; the control plane is killed in the middle.
import { expect, test } from 'vitest';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { Capture } from '../../orchestrator/research/capture.ts';
import type { ResearchRun } from '../../orchestrator/research/runs/research-run.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { servePlanted } from '../support/planted-server.ts';
import { plantedWeb } from '../support/planted-web.ts';

test('When the control plane is killed in the middle of a fact check, the next one continues it and fetches no stored page again', async () => {
  const planted = plantedWeb(110);
  await using server = await servePlanted(planted, { oneHost: true });
  await using plane = await TestControlPlane.start({ settings: { accel: 'tcg', research: { internalOrigins: server.origins, searxngUrl: server.searxngUrl } } });
  const claims = planted.claims.slice(0, 8).map(({ text }) => text);
  const { run, operation } = await plane.json<{ run: ResearchRun; operation: Operation }>('research', 'fact-check', ...claims, '--pages', '24', '--no-wait');
  await expect.poll(() => server.visited().length, { timeout: 120_000, interval: 50 }).toBeGreaterThan(8);
  const { items } = await plane.json<{ items: Capture[] }>('research', 'ls', '--all');
  await plane.end('SIGKILL');
  const before = server.visited().length;
  expect(before).toBeLessThan(24);
  const searches = server.web.visits.length - before;
  await plane.up();
  expect(await plane.json<Operation>('op', 'wait', operation.id)).toMatchObject({ status: 'succeeded', attempt: 2, result: { runId: run.id } });

  const again = server.visited().slice(before);
  expect(again.filter((url) => items.some((capture) => capture.url === url))).toEqual([]);
  expect(new Set(server.visited()).size).toBe(24);
  expect(server.visited().length).toBeLessThanOrEqual(24 + 4); // at most the requests that were in progress when it was killed are repeated
  expect(server.web.visits.length - server.visited().length).toBe(searches); // no search is repeated

  const { report } = await plane.json<ResearchRun>('research', 'report', run.id);
  expect(report?.pages).toMatchObject({ read: 24, blocked: 0, quarantined: 0, failed: 0 });
  expect(report?.claims.flatMap(({ evidence }) => evidence).length).toBeGreaterThan(8);
  expect(report?.unresolved).toBe(0);
  const shown = await plane.ok('research', 'report', run.id);
  for (const claim of claims) expect(shown).toContain(claim);
});

test('A deep dive that is killed between its steps continues without asking the network again, and shows its report in every form', async () => {
  const planted = plantedWeb(111);
  await using server = await servePlanted(planted, { oneHost: true });
  await using plane = await TestControlPlane.start({ settings: { accel: 'tcg', research: { internalOrigins: server.origins, searxngUrl: server.searxngUrl } } });
  const questions = planted.claims.slice(0, 3).map(({ question }) => question);
  let asked = 0;
  const operation = await plane.killAt('research.run:research.weigh:before', async () => {
    const { body } = await plane.api('POST', '/v1/research/runs', { body: { workflow: 'deep-dive', input: { questions, maxPages: 8 } } });
    await expect.poll(() => server.visited().length, { timeout: 120_000, interval: 50 }).toBe(8);
    asked = server.web.visits.length;
    return body;
  });
  expect(operation).toMatchObject({ status: 'succeeded', attempt: 2 });
  expect(server.web.visits).toHaveLength(asked);
  const [run] = (await plane.json<{ items: ResearchRun[] }>('research', 'runs')).items;
  const { report } = await plane.json<ResearchRun>('research', 'report', run!.id);
  expect(report).toMatchObject({ pages: { read: 8 }, unresolved: 0 });
  expect(report?.findings.length).toBeGreaterThan(3);
  for (const form of [[], ['--format', 'markdown'], ['--format', 'html']]) {
    const shown = await plane.ok('research', 'report', run!.id, ...form);
    for (const { question } of report?.sections ?? []) expect(shown).toContain(question);
    expect(shown).toContain(report?.findings[0]?.captureId.replaceAll('_', form[1] === 'markdown' ? '\\_' : '_'));
  }
});
