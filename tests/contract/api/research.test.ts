// /v1/research over HTTP, with real stores, a real web server on loopback and the confined reader.
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { researchRoutes } from '../../../orchestrator/api/routes/research.ts';
import type { CollectedPage } from '../../../orchestrator/research/research-service.ts';
import { crossrefAnswer } from '../../support/catalog-answers.ts';
import { WebServer } from '../../support/web-server.ts';
import { keys } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
let web: WebServer;
beforeAll(async () => {
  api = await startApi();
  web = await WebServer.start({ '/tides': { body: `<!doctype html><title>Tides</title><article><h1>Tides</h1>${'<p>The tide rises and falls twice a day, as the moon moves around the earth and the earth turns below.</p>'.repeat(6)}</article>` } });
  web.pages.set('/works', { headers: { 'content-type': 'application/json' }, body: JSON.stringify(crossrefAnswer) });
  api.services.internalOrigins.push(web.origin);
  api.services.catalogUrls = { crossref: web.origin, arxiv: web.origin };
});
afterAll(async () => {
  await api.close();
  await web[Symbol.asyncDispose]();
});

/** The JSON of an answer, which has a documented status and shape. */
async function documented(id: string, response: Response): Promise<unknown> {
  const answer = researchRoutes.find((route) => route.id === id)?.answers[response.status];
  expect(answer?.schema, `${id} ${response.status}`).toBeDefined();
  const body: unknown = await response.json();
  expect(answer?.schema?.parse(body)).toEqual(body);
  return body;
}

test('A user can collect, list, find, read and archive a page, and no other user can see it', async () => {
  const { capture, from } = await documented('collectPage', await api.call('POST', '/v1/research/captures', { json: { url: `${web.origin}/tides` } })) as CollectedPage;
  expect([from, capture]).toMatchObject(['network', { state: 'read', title: 'Tides', kind: 'page' }]);
  expect(await (await api.call('POST', '/v1/research/captures', { json: { url: `${web.origin}/tides`, maxAgeSeconds: 600 } })).json()).toMatchObject({ from: 'store', capture: { id: capture.id } });
  const path = `/v1/research/captures/${capture.id}`;
  expect(await documented('listCaptures', await api.call('GET', '/v1/research/captures'))).toMatchObject({ items: [{ id: capture.id }], nextCursor: null });
  expect(await documented('getCapture', await api.call('GET', path))).toEqual(capture);
  const text = await (await api.call('GET', `${path}/text`)).text();
  const { items: [passage] } = await documented('searchPassages', await api.call('GET', '/v1/research/passages?q=moon')) as { items: { text: string; start: number; end: number; captureId: string }[] };
  expect(passage).toMatchObject({ captureId: capture.id, text: text.slice(passage?.start, passage?.end) });
  const archive = await api.call('GET', `${path}/archive`);
  expect(archive.headers.get('content-type')).toBe('application/warc');
  expect(gunzipSync(Buffer.from(await archive.arrayBuffer())).toString()).toContain('The tide rises');

  expect(await problemOf(await api.call('GET', path, { key: keys.other }))).toMatchObject({ status: 404 });
  expect(await (await api.call('GET', '/v1/research/passages?q=moon', { key: keys.other })).json()).toEqual({ items: [], mode: 'keywords', withoutVectors: 0 });
  expect((await api.call('DELETE', path)).status).toBe(204);
  expect(await problemOf(await api.call('GET', path))).toMatchObject({ status: 404 });
});

test.each([
  [{ workflow: 'fact-check', input: { claims: ['The tide rises twice a day.'] } }, { maxPages: 60 }], [{ workflow: 'deep-dive', input: { questions: ['What causes tides?'], maxPages: 7 } }, { maxPages: 7 }], [{ workflow: 'collect', input: { urls: ['example.org/sitemap.xml'] } }, { maxPages: 100 }],
])('A run is accepted with its operation, which its user can find again: %j', async (json, limits) => {
  const response = await api.call('POST', '/v1/research/runs', { json });
  expect(response.status).toBe(202);
  const { run, operation } = await documented('startResearchRun', response) as { run: { id: string }; operation: { id: string } };
  expect(response.headers.get('location')).toBe(`/v1/operations/${operation.id}`);
  expect(api.services.calls.at(-1)).toEqual({ what: 'research.run', with: { runId: run.id } });
  expect(await documented('getResearchRun', await api.call('GET', `/v1/research/runs/${run.id}`))).toMatchObject({ ...json, input: { ...json.input, ...limits }, report: null });
  expect(await documented('listResearchRuns', await api.call('GET', '/v1/research/runs'))).toMatchObject({ items: [{ id: run.id }] });
  expect(await problemOf(await api.call('GET', `/v1/research/runs/${run.id}`, { key: keys.other }))).toMatchObject({ status: 404 });
  expect(await problemOf(await api.call('GET', `/v1/research/runs/${run.id}/report`))).toMatchObject({ status: 409, detail: `${run.id} has no report yet` });
  expect(await problemOf(await api.call('POST', `/v1/research/runs/${run.id}/memories`, { json: {} }))).toMatchObject({ status: 409, detail: `${run.id} has no report yet` });
  expect((await api.call('DELETE', `/v1/research/runs/${run.id}`)).status).toBe(204);
});

test('A run with an unknown workflow, search engine or setting is refused', async () => {
  expect(await problemOf(await api.call('POST', '/v1/research/runs', { json: { workflow: 'fact-check', input: { claims: ['It is so.'], engines: ['bing'] } } }))).toMatchObject({ status: 400, hint: 'Configured: local.' });
  for (const json of [{ workflow: 'guess', input: {} }, { workflow: 'deep-dive', input: { claims: ['It is so.'] } }, { workflow: 'collect', input: { urls: [] } }]) expect(await problemOf(await api.call('POST', '/v1/research/runs', { json }))).toMatchObject({ status: 400 });
});

test('Scholarly works are found, with gaps for catalogs that fail, and written as BibTeX and CSL', async () => {
  const path = '/v1/research/papers?q=tafamidis&catalogs=crossref,arxiv';
  expect(await documented('findPapers', await api.call('GET', path))).toMatchObject({ items: [{ doi: '10.1056/nejmoa1805689', foundIn: ['crossref'] }, { retracted: true }], gaps: ['arxiv: arXiv answered with status 404'] });
  const bibtex = await api.call('GET', `${path}&format=bibtex`);
  expect([bibtex.headers.get('content-type'), await bibtex.text()]).toEqual(['application/x-bibtex; charset=utf-8', expect.stringContaining('@article{maurer2018tafamidis,')]);
  expect(await (await api.call('GET', `${path}&format=csl`)).json()).toMatchObject([{ DOI: '10.1056/nejmoa1805689' }, {}]);
  expect(await problemOf(await api.call('GET', '/v1/research/papers?q=x&catalogs=google'))).toMatchObject({ status: 400 });
});

test('Private addresses are refused, however they are reached', async () => {
  web.pages.set('/out', { status: 302, headers: { location: api.url } });
  for (const url of [api.url, 'http://169.254.169.254/', 'http://localhost/', `${web.origin}/out`]) {
    expect(await problemOf(await api.call('POST', '/v1/research/captures', { json: { url } })), url).toMatchObject({ status: 403, code: 'address_refused' });
  }
  expect(await problemOf(await api.call('POST', '/v1/research/captures', { json: { url: 'file:///etc/passwd' } }))).toMatchObject({ status: 400 });
});
