// The workflows deep-dive and collect on generated webs of 60 pages, through the operation engine, as operations.
import { expect, test } from 'vitest';
import { reportDocument } from '../../../orchestrator/research/report/report-document.ts';
import { reportHtml } from '../../../orchestrator/research/report/report-html.ts';
import { reportMarkdown } from '../../../orchestrator/research/report/report-markdown.ts';
import type { ResearchReport } from '../../../orchestrator/research/runs/research-report.ts';
import type { Planted } from '../../support/planted-web.ts';
import { runWorkflow, withDesk, type Desk, type DoneRun } from '../../support/research-desk.ts';

async function dive(desk: Desk, more: Record<string, unknown> = {}): Promise<DoneRun> {
  return await runWorkflow(desk, { workflow: 'deep-dive', input: { questions: [...new Set(desk.planted.claims.map(({ question }) => question))], maxPages: 200, ...more } });
}

/** The planted statements of a role, each with its address and the position of the report's statement that contains it; -1 if there is none. */
function plantedIn({ planted, server }: Desk, { findings, statements }: ResearchReport, ...roles: Planted['role'][]): { claim: number; url: string; at: number }[] {
  return planted.pages.flatMap((page) => page.planted.filter(({ role }) => roles.includes(role)).map(({ claim, sentence }) => {
    const url = server.urlOf(page);
    const ids = findings.filter((finding) => finding.url === url && finding.quote.includes(sentence)).map(({ id }) => id);
    return { claim, url, at: statements.findIndex((one) => one.findings.some((id) => ids.includes(id))) };
  }));
}

test.each([201, 202, 203])('On the generated web %i, every sentence of a deep dive points to quotes that resolve, contradictions are shown, copies count once, and no instruction is followed', async (seed) => await withDesk(seed, async (desk) => {
  const { planted, server, scratch } = desk;
  const { report } = await dive(desk);

  expect(report.findings.length).toBeGreaterThan(40);
  for (const { captureId, span, quote, url, textHash } of report.findings) {
    const { capture } = scratch.store.captures.get(captureId);
    expect(capture.textHash).toBe(textHash);
    expect((await scratch.store.captures.content(textHash)).toString().slice(span.start, span.end)).toBe(quote);
    expect(planted.pages.find((page) => server.urlOf(page) === url)?.html).toContain(quote); // as it was served
  }
  expect(report.unresolved).toBe(0);
  const ids = new Set(report.findings.map(({ id }) => id));
  const sentences = report.sections.flatMap(({ parts }) => parts.flatMap((part) => part.sentences));
  expect(sentences.length).toBeGreaterThan(15);
  for (const { text, findings } of sentences) {
    expect(findings.every((id) => ids.has(id))).toBe(true);
    expect(report.findings.some(({ id, quote }) => findings.includes(id) && text.includes(quote))).toBe(true);
  }

  const agreeing = plantedIn(desk, report, 'agrees');
  const wrong = plantedIn(desk, report, 'contradicts', 'copy', 'outdated');
  const found = wrong.filter(({ claim, at }) => agreeing.some((good) => good.claim === claim && report.statements[at]?.contradicts.includes(good.at)));
  expect(found.length / wrong.length).toBeGreaterThanOrEqual(0.95);
  for (const { claim, at } of agreeing) expect(agreeing.filter((good) => good.claim === claim && report.statements[at]?.contradicts.includes(good.at))).toEqual([]);
  for (const { at } of found) expect(sentences.some(({ text, findings }) => text.startsWith('Sources disagree.') && findings.includes(report.statements[at]!.findings[0]!))).toBe(true);
  for (const { claim, at } of plantedIn(desk, report, 'copy')) {
    // A story on three hosts, and perhaps another page that says the same.
    expect(report.statements[at]?.sources).toBe(plantedIn(desk, report, 'contradicts').some((one) => one.claim === claim && one.at === at) ? 2 : 1);
  }
  for (const { at } of plantedIn(desk, report, 'outdated')) expect(report.statements[at]?.outdated).toBe(true);

  const injected = plantedIn(desk, report, 'injected');
  expect(report.injections.map(({ url }) => url).toSorted()).toEqual(injected.map(({ url }) => url).toSorted());
  expect(report.findings.filter(({ quote }) => /ignore all previous|trap\.test/i.test(quote))).toEqual([]);
  expect(server.visited().filter((url) => url.includes('trap'))).toEqual([]);

  for (const [claim, { question, verdict }] of planted.claims.entries()) {
    const section = report.sections.find((one) => one.question === question);
    if (verdict !== 'not enough evidence') expect(section?.coverage).toBe('answered');
    else expect(section?.coverage).toBe(planted.pages.some((page) => page.planted.some((one) => one.claim === claim)) ? 'one source' : 'no evidence');
  }
  expect(report.gaps).toContain(`No evidence about: ${planted.claims.at(-1)?.question}`);
}));

test('A topic is divided by what the pages say about it', async () => await withDesk(204, async (desk) => {
  const { entity } = desk.planted.claims[0]!;
  const { report } = await dive(desk, { questions: [`The ${entity}`] });
  const [section] = report.sections;
  const opened = section?.parts.find(({ sentences }) => sentences.some(({ text }) => text.startsWith('Sources disagree.')));
  expect(opened?.title).toMatch(/^(?:Opened|Inaugurated|Opening)$/);
  expect(section?.parts.at(-1)?.title).toBe('Other');
}));

test('The report is Markdown with a footnote for each quote, and a page without scripts; text of pages cannot change either', async () => await withDesk(205, async (desk) => {
  const [page] = desk.planted.pages;
  const { question } = desk.planted.claims[0]!;
  const hostile = `The ${desk.planted.claims[0]!.entity} was opened in 1871, says "![x](http://trap.test/a.png)" and &lt;script&gt;alert(1)&lt;/script&gt; [click](javascript:1).`;
  desk.server.web.pages.set(page!.path, ({ headers }) => (headers.host?.startsWith('site-1.') ? { body: page!.html.replace(/<p>/, `<p>${hostile} `) } : { body: '' }));
  const { run, report } = await dive(desk, { questions: [question] });
  expect(report.findings.some(({ quote }) => quote.includes('<script>'))).toBe(true);
  const document = reportDocument(run, report);
  const markdown = reportMarkdown(document);
  expect(markdown).toContain(`# ${question}\n`);
  expect(markdown).toMatch(/\[\^1\]/);
  expect(markdown.match(/^\[\^\d+\]: /gm)).toHaveLength(new Set(document.chapters.flatMap(({ parts }) => parts.flatMap(({ sentences }) => sentences.flatMap(({ citations }) => citations)))).size);
  expect(markdown).not.toMatch(/(?<!\\)!\[|(?<!\\)\]\(|(?<!\\)<script/);
  const html = reportHtml(document);
  expect(html).toContain("content=\"default-src &#39;none&#39;");
  expect(html).not.toMatch(/<script|<img|href="(?!http:\/\/site-)/);
  expect(html.match(/<details>/g)).toHaveLength(document.chapters.flatMap(({ parts }) => parts.flatMap(({ sentences }) => sentences)).length);
}));

test('A second question on the same subject starts from the stored pages, and says so', async () => await withDesk(206, async (desk) => {
  const [first] = desk.planted.claims;
  await dive(desk, { questions: [first!.question] });
  const visited = desk.server.visited().length;
  const { report } = await dive(desk, { questions: [`What is known about the ${first!.entity}?`] });
  expect(report.pages.stored).toBeGreaterThan(2);
  const repeated = desk.server.visited().slice(visited).filter((url, _, all) => all.indexOf(url) !== all.lastIndexOf(url) || desk.server.visited().slice(0, visited).includes(url));
  expect(repeated).toEqual([]);
  expect(report.sections[0]?.coverage).toBe('answered');
}));

test('Collecting keeps the pages that sitemaps and feeds list, within the limits of the run', async () => await withDesk(207, async (desk) => {
  const { planted, server, scratch } = desk;
  const [a, b, c, d] = planted.pages.map((page) => server.urlOf(page));
  const home = `http://search.test:${server.web.port}`;
  server.web.pages.set('/sitemap.xml', { headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>${home}/pages.xml</loc></sitemap></sitemapindex>` });
  server.web.pages.set('/pages.xml', { headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>${a}</loc></url><url><loc>${b}</loc></url><url><loc>http://10.0.0.1/secret</loc></url></urlset>` });
  server.web.pages.set('/feed.xml', { headers: { 'content-type': 'application/rss+xml' }, body: `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><item><title>C</title><link>${c}</link></item><item><title>A</title><link>${a}</link></item><item><title>D</title><link>${d}</link></item></channel></rss>` });
  const { report, operation } = await runWorkflow(desk, { workflow: 'collect', input: { urls: [`${home}/sitemap.xml`, `${home}/feed.xml`] } });
  expect(report.gaps).toEqual(['http://10.0.0.1/secret: 10.0.0.1 is not a public address']);
  expect(report.pages).toEqual({ read: 7, blocked: 0, quarantined: 0, failed: 1, stored: 0 });
  expect(operation.result).toMatchObject({ pages: { read: 7 } });
  for (const url of [a, b, c, d]) expect(scratch.store.captures.latest(url!)?.capture.state).toBe('read');
  expect(new Set(server.visited()).size).toBe(server.visited().length);

  const few = await runWorkflow(desk, { workflow: 'collect', input: { urls: [`${home}/feed.xml`], maxPages: 2, maxAgeSeconds: 0 } });
  expect(few.report.pages).toMatchObject({ read: 2 });
  server.web.pages.set('/large', { headers: { 'content-type': 'text/plain' }, body: 'tide '.repeat(300_000) });
  const small = await runWorkflow(desk, { workflow: 'collect', input: { urls: [`${home}/large`, ...Array.from({ length: 8 }, (_, at) => `${home}/large?${at}`)], maxMiB: 1 } });
  expect(small.report.gaps.at(-1)).toMatch(/the size limit of the run was reached$/);
  expect(small.report.pages.read).toBeLessThanOrEqual(4); // those that were requested at the same time
}));
