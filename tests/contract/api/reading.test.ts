import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QueuedDocumentReader } from '../../../orchestrator/reading/documents/document-reader.ts';
import { pngOf } from '../../support/document-files.ts';
import { keys } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
afterAll(async () => { await api.close(); });

test('A document is read from the request body, according to its bytes, name and media type', async () => {
  const response = await api.call('POST', '/v1/read?name=heights.csv', { body: 'port,height\nBrest,7\n', key: keys.limited });
  expect({ status: response.status, body: await response.json() }).toEqual({ status: 200, body: {
    kind: 'table', mediaType: 'text/csv', title: null, authors: [], published: null, language: null, text: 'port,height\nBrest,7\n', markdown: '| port | height |\n| --- | --- |\n| Brest | 7 |',
    headings: [], references: [], captions: [], entries: [], parts: 2, page: null, warnings: [],
  } });
});

test('Links of a page are resolved against its address', async () => {
  const page = `<!doctype html><article><h1>Tides</h1>${'<p>The tide rises and falls twice a day, as <a href="/moon">the moon</a> moves around the earth and the earth turns.</p>'.repeat(6)}</article>`;
  const response = await api.call('POST', '/v1/read?url=https%3A%2F%2Fsea.example%2Ftides', { body: page });
  expect(await response.json()).toMatchObject({ kind: 'page', markdown: expect.stringContaining('[the moon](https://sea.example/moon)') as string });
});

test('Text in an image is recognized', async () => {
  const response = await api.call('POST', '/v1/read?name=sign.png', { body: Buffer.from(pngOf(['THE KILN IN THE HALL'])) });
  expect({ status: response.status, body: await response.json() }).toMatchObject({ status: 200, body: { kind: 'image', mediaType: 'image/png', text: 'THE KILN IN THE HALL', warnings: [expect.stringContaining('may contain errors') as string] } });
});

test('Content without text is refused with 415', async () => {
  expect(await problemOf(await api.call('POST', '/v1/read', { body: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0]) }))).toMatchObject({ status: 415, code: 'unsupported_media_type' });
});

test('When many documents are read at once, others wait for their turn, and are refused when too many wait', async () => {
  const reader = new QueuedDocumentReader({ atOnce: 1, maxWaiting: 1 });
  const { signal } = new AbortController();
  const slow = new Readable({ read: () => {} }); // reading ends only when this stream does
  const first = reader.read(slow, {}, signal);
  const gone = new AbortController();
  const second = reader.read(Readable.from([Buffer.from('second')]), {}, gone.signal);
  await expect(reader.read(Readable.from([Buffer.from('third')]), {}, signal)).rejects.toMatchObject({ code: 'unavailable' });
  gone.abort();
  await expect(second).rejects.toMatchObject({ code: 'cancelled' });
  const fourth = reader.read(Readable.from([Buffer.from('fourth')]), {}, signal);
  slow.push('first');
  slow.push(null);
  expect((await first).text).toBe('first');
  expect((await fourth).text).toBe('fourth');
});
