import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sha256 } from '../../../orchestrator/research/store/sqlite-captures.ts';
import { warcOf } from '../../../orchestrator/research/store/warc.ts';
import { scratchResearch } from '../../support/research.ts';
import { WebServer } from '../../support/web-server.ts';

const article = (text: string): string => `<!doctype html><html lang="en"><head><title>Tides of Brest</title><meta name="author" content="Ada Moor"><meta property="article:published_time" content="2024-03-01"></head>
  <body><nav><a href="/">Home</a></nav><article><h1>Tides of Brest</h1>${`<p>${text} The tide rises and falls twice a day, as the moon moves around the earth and the earth turns below it.</p>`.repeat(6)}</article></body></html>`;

test('A page is stored with its bytes, text, hashes, metadata and time', async () => {
  await using web = await WebServer.start({ '/tides': { body: article('The mean range in Brest is 4.2 metres.') } });
  using research = scratchResearch(web.origin);
  const { capture, from } = await research.collector.collect(research.store, `${web.origin}/tides#here`, { maxAgeMs: 0 });
  expect(from).toBe('network');
  expect(capture).toMatchObject({ url: `${web.origin}/tides`, status: 200, state: 'read', kind: 'page', title: 'Tides of Brest', authors: ['Ada Moor'], published: '2024-03-01', language: 'en', injections: [], fetchedAt: '2026-05-01T00:00:00.000Z' });
  const { captures } = research.store;
  expect((await captures.content(capture.contentHash)).toString()).toContain('<nav>');
  const text = (await captures.content(capture.textHash ?? '')).toString();
  expect(text).toContain('The mean range in Brest is 4.2 metres.');
  expect(text).not.toContain('Home');
  expect([capture.contentHash, capture.textHash]).toEqual([sha256(article('The mean range in Brest is 4.2 metres.')), sha256(text)]);
});

test('A fresh page is not requested, an unchanged one is not sent again, and a changed one becomes another capture', async () => {
  await using web = await WebServer.start();
  using research = scratchResearch(web.origin);
  let body = article('First.');
  web.pages.set('/', ({ headers }) => {
    const etag = `"${sha256(body)}"`;
    return headers['if-none-match'] === etag ? { status: 304 } : { headers: { etag, 'last-modified': 'Wed, 01 Apr 2026 00:00:00 GMT' }, body };
  });
  const collect = async (maxAgeMs: number) => await research.collector.collect(research.store, web.origin, { maxAgeMs });
  const first = await collect(0);
  research.clock.now = new Date('2026-05-01T01:00:00.000Z');
  expect(await collect(7_200_000)).toMatchObject({ from: 'store', capture: { id: first.capture.id } });
  expect(web.visits).toHaveLength(1);
  expect(await collect(0)).toMatchObject({ from: 'unchanged', capture: { id: first.capture.id, checkedAt: '2026-05-01T01:00:00.000Z' } });
  expect(web.visits.at(-1)?.headers).toMatchObject({ 'if-none-match': `"${sha256(body)}"`, 'if-modified-since': 'Wed, 01 Apr 2026 00:00:00 GMT' });
  body = article('Second.');
  research.clock.now = new Date('2026-05-01T02:00:00.000Z');
  expect(await collect(1000)).toMatchObject({ from: 'network' });
  expect(research.store.captures.list({ limit: 10 }).items.map(({ fetchedAt }) => fetchedAt)).toEqual(['2026-05-01T02:00:00.000Z', '2026-05-01T00:00:00.000Z']);
});

test('A file that is not a document is quarantined: stored, but not read', async () => {
  await using web = await WebServer.start({ '/setup.exe': { headers: { 'content-type': 'text/html' }, body: Buffer.from([0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0, 0xff, 0xff]) } });
  using research = scratchResearch(web.origin);
  const { capture } = await research.collector.collect(research.store, `${web.origin}/setup.exe`, { maxAgeMs: 0 });
  expect(capture).toMatchObject({ state: 'quarantined', textHash: null, kind: null, bytes: 10 });
  expect(research.store.passages.search('html', { limit: 5 })).toEqual([]);
});

test('An answer that is not the page is recorded as a blocker, with the time when the server may be asked again', async () => {
  await using web = await WebServer.start({
    '/busy': { status: 429, headers: { 'retry-after': '120' } }, '/gone': { status: 410 }, '/login': { status: 401 }, '/pay': { status: 402 }, '/robot': { status: 403, body: '<title>Just a moment...</title>' }, '/captcha': { status: 403, body: '<div class="g-recaptcha">' }, '/broken': { status: 500 },
  });
  using research = scratchResearch(web.origin);
  const states: Record<string, unknown> = {};
  for (const path of web.pages.keys()) {
    const { capture } = await research.collector.collect(research.store, web.origin + path, { maxAgeMs: 0 });
    expect(capture).toMatchObject({ state: 'blocked', textHash: null });
    states[path] = capture.blocker;
    if (path === '/busy') expect(capture.retryAt).toBe('2026-05-01T00:02:00.000Z');
  }
  expect(states).toEqual({ '/busy': 'rate_limited', '/gone': 'not_found', '/login': 'login_required', '/pay': 'paywall', '/robot': 'bot_challenge', '/captcha': 'captcha', '/broken': 'failed' });
});

test('A blocked page is requested again when its server allows it; until then, and offline, the last good capture stays unchanged', async () => {
  await using web = await WebServer.start({ '/': { body: article('Good.') } });
  using research = scratchResearch(web.origin);
  const collect = async (options: { maxAgeMs: number; offline?: boolean }) => await research.collector.collect(research.store, web.origin, options);
  const good = await collect({ maxAgeMs: 0 });
  web.pages.set('/', { status: 429, headers: { 'retry-after': '60' } });
  research.clock.now = new Date('2026-05-02T00:00:00.000Z');
  const blocked = await collect({ maxAgeMs: 0 });
  expect(await collect({ maxAgeMs: 0 })).toMatchObject({ from: 'store', capture: { id: blocked.capture.id, blocker: 'rate_limited' } });
  expect(web.visits).toHaveLength(2);
  expect(await collect({ maxAgeMs: 0, offline: true })).toMatchObject({ from: 'store', capture: { id: good.capture.id } });
  web.pages.set('/', { body: article('Good again.') });
  research.clock.now = new Date('2026-05-02T00:02:00.000Z');
  expect(await collect({ maxAgeMs: 86_400_000 })).toMatchObject({ from: 'network', capture: { state: 'read' } });
});

test('Passages are found by words in any form, and each is a span of a stored text', async () => {
  await using web = await WebServer.start({ '/a': { body: article('The lighthouse of Penfeld was lit in 1911.') }, '/b': { body: article('Gulls breed on the cliffs.') } });
  using research = scratchResearch(web.origin);
  for (const path of ['/a', '/b']) await research.collector.collect(research.store, web.origin + path, { maxAgeMs: 0 });
  const [hit] = research.store.passages.search('lighthouses', { limit: 5 });
  const text = (await research.store.captures.content(hit?.textHash ?? '')).toString();
  expect(text.slice(hit?.start, hit?.end)).toContain('The lighthouse of Penfeld was lit in 1911.');
  expect(research.store.captures.get(hit?.captureId ?? '').capture.url).toBe(`${web.origin}/a`);
  expect(research.store.passages.search('the tide', { limit: 50, perText: 1 })).toHaveLength(2);
  expect(research.store.passages.search('"; DROP* NEAR(', { limit: 5 })).toEqual([]);
});

test('Deleting a capture also deletes its content and passages, unless another capture has the same content', async () => {
  await using web = await WebServer.start({ '/a': { body: article('Same.') }, '/b': { body: article('Same.') } });
  using research = scratchResearch(web.origin);
  const [a, b] = [await research.collector.collect(research.store, `${web.origin}/a`, { maxAgeMs: 0 }), await research.collector.collect(research.store, `${web.origin}/b`, { maxAgeMs: 0 })];
  const { captures, passages } = research.store;
  captures.remove(a.capture.id);
  expect(passages.search('tide', { limit: 5 }).map(({ captureId }) => captureId)).toContain(b.capture.id);
  captures.remove(b.capture.id);
  expect(passages.search('tide', { limit: 5 })).toEqual([]);
  await expect(captures.content(b.capture.contentHash)).rejects.toMatchObject({ code: 'corrupt' });
  expect(() => captures.get(a.capture.id)).toThrow(expect.objectContaining({ code: 'not_found' }));
});

test('Each user has a separate store, which is deleted with the user', async () => {
  await using web = await WebServer.start({ '/': { body: article('Mine.') } });
  using research = scratchResearch(web.origin);
  const { capture } = await research.collector.collect(research.store, web.origin, { maxAgeMs: 0 });
  const { captures, passages } = research.stores.of('usr_bob');
  expect([captures.latest(capture.url), passages.search('tide', { limit: 5 })]).toEqual([undefined, []]);
  await research.stores.remove('usr_alice');
  expect(research.stores.of('usr_alice').captures.latest(capture.url)).toBeUndefined();
  expect(() => research.stores.of('../usr_bob')).toThrow();
});

test('An archive contains the response as it was received and the text, with their digests, and is the same each time', async () => {
  await using web = await WebServer.start({ '/from': { status: 302, headers: { location: '/to' } }, '/to': { headers: { 'x-note': 'kept' }, body: article('Archived.') } });
  using research = scratchResearch(web.origin);
  const { capture } = await research.collector.collect(research.store, `${web.origin}/from`, { maxAgeMs: 0 });
  const { headers } = research.store.captures.get(capture.id);
  const bytes = await research.store.captures.content(capture.contentHash);
  const text = (await research.store.captures.content(capture.textHash ?? '')).toString();
  const file = await warcOf({ capture, headers, bytes, text });
  expect(await warcOf({ capture, headers, bytes, text })).toEqual(file);
  const records = gunzipSync(file).toString().split(/(?=^WARC\/1\.1\r\n)/m);
  expect(records.map((record) => /WARC-Type: (\w+)/.exec(record)?.[1])).toEqual(['warcinfo', 'response', 'conversion']);
  for (const record of records) {
    const [head = '', ...rest] = record.split('\r\n\r\n');
    const block = rest.join('\r\n\r\n').replace(/\r\n\r\n$/, '');
    expect(Number(/Content-Length: (\d+)/.exec(head)?.[1])).toBe(Buffer.byteLength(block));
    expect(/WARC-Block-Digest: sha256:(\w+)/.exec(head)?.[1]).toBe(createHash('sha256').update(block).digest('hex'));
  }
  expect(records[1]).toContain(`WARC-Target-URI: ${web.origin}/to\r\n`);
  expect(records[1]).toContain('HTTP/1.1 200 OK\r\n');
  expect(records[1]).toContain('x-note: kept\r\n');
  expect(records[2]).toContain('Archived.');
});
