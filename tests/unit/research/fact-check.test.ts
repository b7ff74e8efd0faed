// The workflow fact-check on generated webs of 60 pages, through the operation engine, as an operation.
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { FactCheckInput } from '../../../orchestrator/research/runs/research-run.ts';
import { alice, bob, openWorkshop, scratchFolder } from '../../support/operations.ts';
import { researchIn, runWorkflow, withDesk, type Desk, type DoneRun } from '../../support/research-desk.ts';

async function check(desk: Desk, more: Partial<FactCheckInput> = {}): Promise<DoneRun> {
  return await runWorkflow(desk, { workflow: 'fact-check', input: { claims: desk.planted.claims.map(({ text }) => text), maxPages: 200, ...more } });
}

test.each([101, 102, 103])('On the generated web %i, every quote resolves, contradictions are found, copies count once, and no instruction is followed', async (seed) => await withDesk(seed, async (desk) => {
  const { planted, server, scratch } = desk;
  expect(planted.pages).toHaveLength(60);
  const { report } = await check(desk);

  let quotes = 0;
  for (const { evidence } of report.claims) {
    for (const { captureId, span, quote, url } of evidence) {
      const { capture } = scratch.store.captures.get(captureId);
      const text = (await scratch.store.captures.content(capture.textHash ?? '')).toString();
      expect(text.slice(span.start, span.end)).toBe(quote);
      expect(planted.pages.find((page) => server.urlOf(page) === url)?.html).toContain(quote); // as it was served
      quotes += 1;
    }
  }
  expect(quotes).toBeGreaterThan(50);
  expect(report.unresolved).toBe(0);

  const contradicting = planted.pages.flatMap((page) => page.planted.filter(({ role }) => role === 'contradicts' || role === 'copy').map(({ claim }) => ({ claim, url: server.urlOf(page) })));
  const found = contradicting.filter(({ claim, url }) => report.claims[claim]?.evidence.some((entry) => entry.stance === 'refutes' && entry.url === url));
  expect(found.length / contradicting.length).toBeGreaterThanOrEqual(0.95);
  const contradicted = new Set(contradicting.map(({ claim }) => claim));
  expect([...contradicted].filter((claim) => report.contradictions.some((one) => one.claim === claim)).length / contradicted.size).toBeGreaterThanOrEqual(0.95);

  for (const claim of new Set(planted.pages.flatMap((page) => page.planted.filter(({ role }) => role === 'copy').map((one) => one.claim)))) {
    // One page of its own and a story on three hosts: two sources.
    expect(report.claims[claim]?.refutingSources).toBe(planted.pages.some((page) => page.planted.some((one) => one.claim === claim && one.role === 'contradicts')) ? 2 : 1);
  }

  const injected = planted.pages.filter((page) => page.planted.some(({ role }) => role === 'injected')).map((page) => server.urlOf(page));
  expect(report.injections.map(({ url }) => url).toSorted()).toEqual(injected.toSorted());
  expect(report.claims.flatMap(({ evidence }) => evidence).filter(({ url }) => injected.includes(url))).toEqual([]);
  expect(server.visited().filter((url) => url.includes('trap'))).toEqual([]);

  const outdated = planted.pages.flatMap((page) => page.planted.filter(({ role }) => role === 'outdated').map(({ claim }) => ({ claim, url: server.urlOf(page) })));
  for (const { claim, url } of outdated) expect(report.claims[claim]?.evidence.find((entry) => entry.url === url)).toMatchObject({ stance: 'refutes', outdated: true });
  expect(report.claims.map(({ verdict }) => verdict)).toEqual(planted.claims.map(({ verdict }) => verdict));
  expect(report.claims.at(-1)).toMatchObject({ evidence: [], explanation: 'No evidence was found.', balance: null });
}));

test('An interrupted run continues, and no page is fetched twice; its operation shows the progress', async () => await withDesk(104, async (desk) => {
  const { planted, server, scratch, shop, research } = desk;
  const input = FactCheckInput.parse({ claims: planted.claims.map(({ text }) => text), maxPages: 200 });
  const { run, operation } = await research.start(alice, { workflow: 'fact-check', input }, { idempotencyKey: 'once' });
  expect((await research.start(alice, { workflow: 'fact-check', input }, { idempotencyKey: 'once' })).run.id).toBe(run.id);
  const first = shop.engine.run(operation.id);
  await expect.poll(() => server.visited().length, { timeout: 60_000 }).toBeGreaterThan(8);
  await shop.engine.shutdown(); // as when the control plane stops
  await first;
  await (await fetch(`${server.web.origin}/after`)).arrayBuffer(); // behind requests that the shutdown aborted but the server had not read yet
  const before = server.visited();
  expect(before.length).toBeLessThan(56);
  const stored = scratch.store.captures.list({ limit: 500 }).items.map(({ url }) => url);

  using folder = scratchFolder();
  using later = openWorkshop(folder.path);
  shop.store.db.exec(`ATTACH '${folder.path}/somnus.db' AS later; INSERT INTO later.operations SELECT * FROM operations;`);
  const resumed = researchIn(later, scratch, server);
  await later.engine.run(operation.id);
  expect(await later.engine.get(alice, operation.id)).toMatchObject({ status: 'succeeded', progress: null, attempt: 2, result: { runId: run.id } });
  const again = server.visited().slice(before.length);
  expect(again.filter((url) => stored.includes(url))).toEqual([]);
  expect(new Set(again).size).toBe(again.length);
  const { report } = await resumed.run(alice, run.id);
  expect(report?.claims.map(({ verdict }) => verdict)).toEqual(planted.claims.map(({ verdict }) => verdict));
}));

test('A run can be cancelled', async () => await withDesk(105, async ({ planted, server, shop, research }) => {
  const held = Promise.withResolvers<never>();
  for (const { path } of planted.pages) server.web.pages.set(path, async () => await held.promise);
  const { run, operation } = await research.start(alice, { workflow: 'fact-check', input: FactCheckInput.parse({ claims: planted.claims.map(({ text }) => text) }) }, {});
  const running = shop.engine.run(operation.id);
  await expect.poll(() => server.visited().length, { timeout: 60_000 }).toBeGreaterThan(0);
  await shop.engine.cancel(alice, operation.id);
  await running;
  expect(await shop.engine.get(alice, operation.id)).toMatchObject({ status: 'cancelled' });
  expect((await research.run(alice, run.id)).report).toBeNull();
}));

test('Offline, a run gives the same report from stored pages without a request, also with the local index only', async () => await withDesk(106, async (desk) => {
  const online = await check(desk);
  const asked = desk.server.web.visits.length;
  const { report } = await check(desk, { offline: true, urls: online.report.claims.flatMap(({ evidence }) => evidence.map(({ url }) => url)) });
  expect(desk.server.web.visits).toHaveLength(asked);
  expect(report.claims.map(({ verdict }) => verdict)).toEqual(online.report.claims.map(({ verdict }) => verdict));
  const local = await check(desk, { offline: true });
  expect(local.report.claims.map(({ verdict }) => verdict)).toEqual(online.report.claims.map(({ verdict }) => verdict));
  expect(desk.server.web.visits).toHaveLength(asked);
}));

test('A citation whose page was deleted or changed is never returned', async () => await withDesk(107, async (desk) => {
  const { scratch, research } = desk;
  const { run, report } = await check(desk);
  const [gone, ...kept] = [...new Set(report.claims.flatMap(({ evidence }) => evidence.map(({ captureId }) => captureId)))];
  scratch.store.captures.remove(gone!);
  const { evidence: resolved, unresolved } = await scratch.store.ledger.evidence(run.id);
  expect(unresolved).toBeGreaterThan(0);
  expect(new Set(resolved.map(({ captureId }) => captureId))).toEqual(new Set(kept));
  scratch.store.ledger.setEvidence(run.id, resolved.map((entry, at) => (at === 0 ? { ...entry, quote: `${entry.quote} Really.` } : entry)));
  expect(await scratch.store.ledger.evidence(run.id)).toMatchObject({ unresolved: 1 });
  await research.removeRun(alice, run.id);
  await expect(research.run(alice, run.id)).rejects.toMatchObject({ code: 'not_found' });
}));

test('A run belongs to its user; limits, refused hosts and failed searches are gaps in its report', async () => await withDesk(108, async (desk) => {
  const { server, research, planted } = desk;
  const { run } = await check(desk, { maxPages: 3 });
  await expect(research.run(bob, run.id)).rejects.toMatchObject({ code: 'not_found' });
  expect(server.visited()).toHaveLength(3);
  server.web.pages.set('/search', { status: 500 });
  const { report } = await check(desk, { engines: ['searxng'], urls: ['http://10.0.0.1/', 'ftp://example.org/', server.urlOf(planted.pages[0]!)], allowHosts: ['10.0.0.1'] });
  expect(report.gaps.filter((gap) => !gap.startsWith('No evidence')).map((gap) => gap.replace(/^searxng: .*?: (?=SearXNG)/, ''))).toEqual(expect.arrayContaining([
    'http://10.0.0.1/: 10.0.0.1 is not a public address', expect.stringContaining('ftp://example.org/ is not a web address'), expect.stringContaining('is not one of the allowed hosts'), 'SearXNG answered with status 500',
  ]));
  expect(report.claims.every(({ verdict }) => verdict === 'not enough evidence')).toBe(true);
  await expect(research.start(alice, { workflow: 'fact-check', input: FactCheckInput.parse({ claims: ['It is so.'], engines: ['bing'] }) }, {})).rejects.toMatchObject({ code: 'invalid_request' });
}));

test('Every page of a run can be exported as an archive that contains the quote', async () => await withDesk(109, async (desk) => {
  const { report } = await check(desk);
  const [entry] = report.claims[0]?.evidence ?? [];
  expect(gunzipSync(await desk.research.archive(alice, entry?.captureId ?? '')).toString()).toContain(entry?.quote);
}));
