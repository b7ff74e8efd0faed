// /v1/events: resumes where it stopped, keeps quiet connections alive, limits slow readers, and ends when either side closes.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Event } from '../../../orchestrator/events/event.ts';
import { sseStream } from '../../../orchestrator/api/sse-events.ts';
import { keys } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
beforeEach(async () => { api = await startApi(); });
afterEach(async () => { await api.close(); });

/** A reader of server-sent events. */
class Reader {
  #text = '';
  readonly #answer: IncomingMessage;
  readonly #chunks: AsyncIterator<Buffer>;

  constructor(answer: IncomingMessage) {
    this.#answer = answer;
    this.#chunks = (answer as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** The fields of the next message; undefined at the end. */
  async next(): Promise<Record<string, string> | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end === -1) {
        const { done, value } = await this.#chunks.next();
        if (done) return undefined;
        this.#text += (value as Buffer).toString();
        continue;
      }
      const lines = this.#text.slice(0, end).split('\n');
      this.#text = this.#text.slice(end + 2);
      return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
    }
  }

  leave(): void {
    this.#answer.destroy();
  }
}

async function open(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const request = httpRequest(api.url + path, { headers: { authorization: `Bearer ${keys.read}`, ...headers } });
  request.end();
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', resolve).once('error', reject);
  return await promise;
}

async function follow(path = '/v1/events', headers: Record<string, string> = {}): Promise<Reader> {
  const answer = await open(path, headers);
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/event-stream']);
  const reader = new Reader(answer);
  expect(await reader.next()).toEqual({ retry: '2000' });
  return reader;
}

describe('A follower', () => {
  test('gets new events, each with its cursor, type and content', async () => {
    const reader = await follow();
    const event = api.services.addEvent('environment.started');
    expect(await reader.next()).toEqual({ id: event.cursor, event: event.type, data: JSON.stringify(event) });
  });

  test('that reconnects continues after its last event, without a gap or repeat', async () => {
    for (let i = 0; i < 5; i += 1) api.services.addEvent('environment.started');
    const first = await follow('/v1/events?since=0');
    expect([(await first.next())?.['id'], (await first.next())?.['id']]).toEqual(['1', '2']);
    first.leave();
    // Browsers send the original URL plus the header: the header is newer.
    const second = await follow('/v1/events?since=0', { 'last-event-id': '2' });
    api.services.addEvent('environment.stopped');
    const rest = [];
    for (let i = 0; i < 4; i += 1) rest.push((await second.next())?.['id']);
    expect(rest).toEqual(['3', '4', '5', '6']);
  });

  test('with an unknown cursor is refused', async () => {
    for (const [path, headers] of [['/v1/events?since=abc', {}], ['/v1/events', { 'last-event-id': 'abc' }], ['/v1/events', { 'last-event-id': 'a'.repeat(201) }]] as const) {
      const response = await api.call('GET', path, { headers });
      expect(await problemOf(response)).toMatchObject({ status: 400, code: 'invalid_request' });
    }
  });

  test('that disconnects is released', async () => {
    const reader = await follow();
    reader.leave();
    await api.services.readersGone.promise;
  });

  test('that sends HEAD leaves nothing open', async () => {
    expect((await api.call('HEAD', '/v1/events')).headers.get('content-type')).toBe('text/event-stream');
    await api.services.readersGone.promise;
  });

  test('that does not read stops the log from being read beyond what fits in the buffers', async () => {
    const answer = await open('/v1/events?since=0');
    answer.pause();
    const total = 200_000; // about 80 MB as messages
    for (let i = 0; i < total; i += 1) api.services.addEvent('environment.started');
    let last = -1;
    await expect.poll(() => {
      const still = api.services.eventsRead > 0 && api.services.eventsRead === last;
      last = api.services.eventsRead;
      return still;
    }, { interval: 300, timeout: 20_000 }).toBe(true);
    expect(last).toBeLessThan(total / 2);
    answer.destroy();
    await api.services.readersGone.promise;
  });

  test('is closed cleanly when the server ends', async () => {
    const reader = await follow();
    await api.close();
    expect(await reader.next()).toBeUndefined();
  });
});

test('A follower whose key is revoked is disconnected', async () => {
  await using own = await startApi({ keyCheckMs: 20 });
  const response = await own.call('GET', '/v1/events', { key: keys.read });
  own.services.revoked.add(keys.read);
  expect(await response.text()).toContain('retry:');
  await own.services.readersGone.promise;
});

describe('A page of events', () => {
  const json = { accept: 'application/json' };
  const page = async (query: string): Promise<{ items: Event[]; nextCursor: string | null }> => await (await api.call('GET', `/v1/events${query}`, { headers: json })).json() as { items: Event[]; nextCursor: string | null };

  test('contains the newest events, or those after a cursor', async () => {
    for (let i = 0; i < 5; i += 1) api.services.addEvent('environment.started');
    expect((await page('?limit=2')).items.map(({ cursor }) => cursor)).toEqual(['4', '5']);
    const first = await page('?limit=2&since=0');
    expect([first.items.map(({ cursor }) => cursor), first.nextCursor]).toEqual([['1', '2'], '2']);
    const second = await page(`?limit=3&since=0&cursor=${first.nextCursor}`);
    expect([second.items.map(({ cursor }) => cursor), second.nextCursor]).toEqual([['3', '4', '5'], null]);
  });
});

test('A quiet stream sends keep-alives', async () => {
  const { promise: never, resolve } = Promise.withResolvers<IteratorResult<Event>>();
  const stream = sseStream({ [Symbol.asyncIterator]: () => ({ next: async () => await never }) }, 20);
  const texts = await stream.take(3).map((chunk: Buffer) => chunk.toString()).toArray();
  expect(texts).toEqual(['retry: 2000\n\n', ': alive\n\n', ': alive\n\n']);
  resolve({ done: true, value: undefined });
});
