// POST …/exec: output as lines of JSON, as fast as the client reads, ended when the client disconnects.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SomnusError } from '../../../common/errors.ts';
import { ExecFrame, ExecResult } from '../../../orchestrator/api/exec-protocol.ts';
import { keys } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
afterAll(async () => { await api.close(); });

const MIB = 1_048_576;

async function frames(command: string[], more: object = {}): Promise<ExecFrame[]> {
  const response = await api.call('POST', '/v1/environments/a/exec', { json: { command, ...more } });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  return (await response.text()).trim().split('\n').map((line) => ExecFrame.parse(JSON.parse(line)));
}

/** A client that gets the answer and leaves its body to the test. */
async function open(command: string[]): Promise<IncomingMessage> {
  const body = JSON.stringify({ command });
  const request = httpRequest(`${api.url}/v1/environments/a/exec`, { method: 'POST', headers: { authorization: `Bearer ${keys.write}`, 'content-type': 'application/json', 'content-length': body.length } });
  request.end(body);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', resolve).once('error', reject);
  return await promise;
}

describe('A program', () => {
  test('returns both streams and its exit code', async () => {
    const all = await frames(['both']);
    expect(all[0]).toEqual({ type: 'started' });
    expect(all).toContainEqual({ type: 'stdout', data: 'out', encoding: 'utf8' });
    expect(all).toContainEqual({ type: 'stderr', data: 'err', encoding: 'utf8' });
    expect(all.at(-1)).toEqual({ type: 'exit', exit: { code: 3, signal: null, timedOut: false } });
  });

  test('reads the text that the request contains', async () => {
    expect(await frames(['cat'], { stdin: 'hello' })).toContainEqual({ type: 'stdout', data: 'hello', encoding: 'utf8' });
  });

  test('that splits a character over two writes has it returned as one, and bytes that are not text as base64', async () => {
    const snowman = [['e2', '9883'], ['61e298', '83'], ['f09f', '9880']];
    for (const hex of snowman) {
      const shown = (await frames(['chunks', ...hex])).flatMap((frame) => (frame.type === 'stdout' ? [frame] : []));
      expect(shown.every(({ encoding }) => encoding === 'utf8')).toBe(true);
      expect(Buffer.from(shown.map(({ data }) => data).join('')).toString('hex')).toBe(hex.join(''));
    }
    for (const hex of [['ff00'], ['61', 'c3'], ['80', '80'], ['e298', '61'], ['ed', 'a0', '80']]) {
      const shown = (await frames(['chunks', ...hex])).flatMap((frame) => (frame.type === 'stdout' ? [frame] : []));
      expect(Buffer.concat(shown.map(({ data, encoding }) => Buffer.from(data, encoding))).toString('hex')).toBe(hex.join(''));
    }
  });

  test('that cannot be started is a problem with its status', async () => {
    expect(await problemOf(await api.call('POST', '/v1/environments/a/exec', { json: { command: ['nothing'] } }))).toMatchObject({ status: 400, code: 'invalid_request' });
    api.services.fault = new SomnusError('invalid_state', 'It is stopped', { details: { state: 'stopped' } });
    expect(await problemOf(await api.call('POST', '/v1/environments/a/exec', { json: { command: ['echo'] } }))).toMatchObject({ status: 409, code: 'invalid_state', state: 'stopped' });
  });

  test('whose guest is lost ends in an error frame after the output so far', async () => {
    const all = await frames(['lost']);
    expect(all).toContainEqual({ type: 'stdout', data: 'half', encoding: 'utf8' });
    expect(all.at(-1)).toMatchObject({ type: 'error', problem: { code: 'guest_unreachable', status: 502 } });
  });

  test('that prints nothing still reports immediately that it runs, and is ended when the client disconnects', async () => {
    const started = api.services.channel.started();
    const response = await open(['sleep']);
    const [first] = await response.take(1).toArray() as [Buffer];
    expect(first.toString()).toBe('{"type":"started"}\n');
    const process = await started;
    expect(process.killed).toBe(false);
    response.destroy();
    await process.whenKilled;
  });
});

describe('A plain answer', () => {
  const result = async (json: object, headers: Record<string, string> = {}): Promise<unknown> => {
    const response = await api.call('POST', '/v1/environments/a/exec', { json, headers });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    return ExecResult.parse(await response.json());
  };

  test('has both streams, the exit code and the duration, when asked for by Accept or in the body', async () => {
    const expected = { stdout: 'out', stderr: 'err', exitCode: 3, signal: null, timedOut: false, truncated: false, durationMs: expect.any(Number) as number };
    expect(await result({ command: ['both'] }, { accept: 'application/json' })).toEqual(expected);
    expect(await result({ command: ['both'], stream: false })).toEqual(expected);
    expect(await result({ command: ['cat'], stdin: 'hello', stream: false })).toMatchObject({ stdout: 'hello', exitCode: 0 });
    const streamed = await api.call('POST', '/v1/environments/a/exec', { json: { command: ['both'], stream: true }, headers: { accept: 'application/json' } });
    expect(streamed.headers.get('content-type')).toBe('application/x-ndjson');
    await streamed.text();
  });

  test('has a character that arrives in two parts as one', async () => {
    expect(await result({ command: ['chunks', 'e2', '9883'], stream: false })).toMatchObject({ stdout: '\u2603' });
  });

  test('keeps 16 MiB of a stream, and says that there was more', async () => {
    const { stdout, ...rest } = await result({ command: ['flood', String(20 * MIB)], stream: false }) as { stdout: string };
    expect([stdout.length, rest]).toMatchObject([16 * MIB, { truncated: true, exitCode: 0 }]);
  });

  test('is a problem when the guest is lost or the program cannot be started', async () => {
    expect(await problemOf(await api.call('POST', '/v1/environments/a/exec', { json: { command: ['lost'], stream: false } }))).toMatchObject({ status: 502, code: 'guest_unreachable' });
    expect(await problemOf(await api.call('POST', '/v1/environments/a/exec', { json: { command: ['nothing'], stream: false } }))).toMatchObject({ status: 400 });
  });

  test('ends the program when the client disconnects', async () => {
    const started = api.services.channel.started();
    const gone = new AbortController();
    const answer = api.call('POST', '/v1/environments/a/exec', { json: { command: ['sleep'], stream: false }, signal: gone.signal }).catch((error: unknown) => error);
    const process = await started;
    gone.abort();
    await process.whenKilled;
    expect(await answer).toMatchObject({ name: 'AbortError' });
  });

  test('takes a command line as one string, which a login shell interprets, and refuses an empty one', async () => {
    const started = api.services.channel.started();
    const answer = api.call('POST', '/v1/environments/a/exec', { json: { command: 'echo $HOME | wc -c', stream: false } });
    const process = await started;
    expect(process.request.command).toEqual(['/bin/bash', '-lc', 'echo $HOME | wc -c']);
    expect((await answer).status).toBe(200);
    for (const command of ['', '  ', [], [''], 7]) expect((await api.call('POST', '/v1/environments/a/exec', { json: { command, stream: false } })).status, JSON.stringify(command)).toBe(400);
  });
});

describe('A client', () => {
  test('that does not read slows the program down, and ends it by disconnecting', async () => {
    const started = api.services.channel.started();
    const response = await open(['endless']);
    response.pause();
    const process = await started;
    let before = -1;
    await expect.poll(() => {
      const still = process.producedBytes > 0 && process.producedBytes === before;
      before = process.producedBytes;
      return still;
    }, { interval: 300, timeout: 20_000 }).toBe(true);
    expect(process.producedBytes).toBeLessThan(32 * MIB); // the size of the kernel's socket buffers and ours
    response.destroy();
    await process.whenKilled;
  });

  test('gets 100 MB completely', async () => {
    const response = await open(['flood', String(100 * MIB)]);
    let received = 0;
    let tail: Buffer | undefined;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      received += chunk.length;
      tail = chunk;
    }
    expect(tail?.toString()).toMatch(/\{"type":"exit","exit":\{"code":0,"signal":null,"timedOut":false\}\}\n$/);
    expect(received).toBeGreaterThan(100 * MIB);
  });
});

test('A server that shuts down ends the program and tells the client how it ended', async () => {
  await using own = await startApi();
  const started = own.services.channel.started();
  const response = await own.call('POST', '/v1/environments/a/exec', { json: { command: ['sleep'] } });
  const process = await started;
  await own.close();
  await process.whenKilled;
  expect(await response.text()).toContain('"type":"exit"');
});
