// …/exec over a WebSocket: both directions, control messages, half-close, back-pressure in both directions, and every way to end.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, type RawData } from 'ws';
import { EXEC_KEY_SUBPROTOCOL, EXEC_MESSAGE_BYTES, EXEC_SUBPROTOCOL, ExecFrame, type ExecControl } from '../../../orchestrator/api/exec-protocol.ts';
import { keys } from './fake-services.ts';
import { startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
afterAll(async () => { await api.close(); });

const MIB = 1_048_576;

class Client {
  readonly socket: WebSocket;
  readonly frames: ExecFrame[] = [];
  readonly #onFrame = new Set<() => void>();
  stdout = Buffer.alloc(0);
  stderr = Buffer.alloc(0);
  receivedBytes = 0;
  largestBytes = 0;
  keep = true;
  readonly closed: Promise<[number, Buffer]>;

  constructor(url: string, options: { key?: string | null; path?: string; protocols?: string[]; headers?: Record<string, string> } = {}) {
    const { key = keys.write, path = '/v1/environments/a/exec', protocols = [], headers = {} } = options;
    this.socket = new WebSocket(url.replace('http', 'ws') + path, protocols, { headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers }, perMessageDeflate: false });
    this.closed = once(this.socket, 'close') as Promise<[number, Buffer]>;
    this.closed.catch(() => {});
    this.socket.on('message', (raw: RawData, isBinary) => this.#take(raw as Buffer, isBinary));
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (!isBinary) {
      this.frames.push(ExecFrame.parse(JSON.parse(data.toString())));
      for (const look of this.#onFrame) look();
      return;
    }
    this.receivedBytes += data.length - 1;
    this.largestBytes = Math.max(this.largestBytes, data.length - 1);
    if (!this.keep) return;
    if (data[0] === 1) this.stdout = Buffer.concat([this.stdout, data.subarray(1)]);
    else this.stderr = Buffer.concat([this.stderr, data.subarray(1)]);
  }

  async frame<T extends ExecFrame['type']>(type: T): Promise<Extract<ExecFrame, { type: T }>> {
    for (;;) {
      const found = this.frames.find((frame) => frame.type === type);
      if (found) return found as Extract<ExecFrame, { type: T }>;
      await new Promise<void>((resolve, reject) => {
        this.#onFrame.add(resolve);
        this.socket.once('close', () => reject(new Error(`closed before ${type}: ${JSON.stringify(this.frames)}`)));
      });
    }
  }

  async run(request: unknown): Promise<this> {
    await once(this.socket, 'open');
    this.socket.send(JSON.stringify(request));
    await this.frame('started');
    return this;
  }

  input(data: Buffer | string): void {
    this.socket.send(Buffer.concat([Buffer.of(0), Buffer.from(data)]));
  }

  control(message: ExecControl): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The answer to a refused upgrade. */
  async refusal(): Promise<{ status: number; code: string; hint: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; code: string; hint: string }>();
    this.socket.once('unexpected-response', (_request, response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (part: string) => { text += part; }).on('end', () => {
        const problem = JSON.parse(text) as { status: number; code: string; hint: string };
        if (problem.status === response.statusCode && response.headers['content-type'] === 'application/problem+json') resolve(problem);
        else reject(new Error(text));
      });
    });
    this.socket.once('open', () => reject(new Error('It was accepted')));
    return await promise;
  }
}

describe('A program over a WebSocket', () => {
  test('echoes its input until standard input ends; output continues after that', async () => {
    const client = await new Client(api.url).run({ command: ['cat'] });
    client.input('one ');
    client.input(Buffer.from([0xff, 0x00]));
    client.control({ type: 'eof' });
    const { exit } = await client.frame('exit');
    expect(exit).toEqual({ code: 0, signal: null, timedOut: false });
    expect(client.stdout).toEqual(Buffer.concat([Buffer.from('one '), Buffer.from([0xff, 0x00])]));
    expect((await client.closed)[0]).toBe(1000);
  });

  test('keeps its two streams separate and returns its exit code', async () => {
    const client = await new Client(api.url).run({ command: ['both'] });
    expect((await client.frame('exit')).exit.code).toBe(3);
    expect([client.stdout.toString(), client.stderr.toString()]).toEqual(['out', 'err']);
  });

  test('gets its terminal, new sizes and signals', async () => {
    const started = api.services.channel.started();
    const client = await new Client(api.url).run({ command: ['sleep'], tty: { columns: 80, rows: 24 } });
    const process = await started;
    client.control({ type: 'resize', columns: 100, rows: 40 });
    client.control({ type: 'signal', signal: 'TERM' });
    client.control({ type: 'signal', signal: 'INT' });
    expect((await client.frame('exit')).exit).toMatchObject({ code: 137 });
    expect(process.sizes).toEqual([[100, 40]]);
    expect(process.signals).toEqual(['TERM', 'INT']);
  });

  test('gets messages sent before it started, in order', async () => {
    const client = new Client(api.url);
    await once(client.socket, 'open');
    client.socket.send(JSON.stringify({ command: ['cat'] }));
    for (const part of ['a', 'b', 'c']) client.input(part);
    client.control({ type: 'eof' });
    await client.frame('exit');
    expect(client.stdout.toString()).toBe('abc');
  });

  test('has large output split into messages of 1 MiB', async () => {
    const client = await new Client(api.url).run({ command: ['big-chunk', String(3 * MIB + 5)] });
    await client.frame('exit');
    expect([client.stdout.length, client.largestBytes]).toEqual([3 * MIB + 5, EXEC_MESSAGE_BYTES]);
  });

  test('is ended when the client disconnects, cleanly or not', async () => {
    for (const leave of [(socket: WebSocket): void => socket.close(), (socket: WebSocket): void => socket.terminate()]) {
      const started = api.services.channel.started();
      const client = await new Client(api.url).run({ command: ['sleep'] });
      leave(client.socket);
      await (await started).whenKilled;
    }
  });

  test('that cannot be started is reported in an error frame', async () => {
    const client = new Client(api.url);
    await once(client.socket, 'open');
    client.socket.send(JSON.stringify({ command: ['nothing'] }));
    expect(await client.frame('error')).toMatchObject({ problem: { status: 400, code: 'invalid_request' } });
    expect((await client.closed)[0]).toBe(1000);
  });

  test('whose guest is lost ends in an error frame', async () => {
    const client = await new Client(api.url).run({ command: ['lost'] });
    expect(await client.frame('error')).toMatchObject({ problem: { code: 'guest_unreachable' } });
    expect(client.stdout.toString()).toBe('half');
  });

  test('transfers 100 MB completely', async () => {
    const client = new Client(api.url);
    client.keep = false;
    await once(client.socket, 'open');
    client.socket.send(JSON.stringify({ command: ['flood', String(100 * MIB)] }));
    await client.frame('exit');
    expect(client.receivedBytes).toBe(100 * MIB);
  });
});

describe('A client that does not read', () => {
  test('slows the program down, and ends it by disconnecting', async () => {
    const started = api.services.channel.started();
    const client = await new Client(api.url).run({ command: ['endless'] });
    client.socket.pause();
    const process = await started;
    let before = -1;
    await expect.poll(() => {
      const still = process.producedBytes > 0 && process.producedBytes === before;
      before = process.producedBytes;
      return still;
    }, { interval: 300, timeout: 20_000 }).toBe(true);
    expect(process.producedBytes).toBeLessThan(32 * MIB);
    client.socket.terminate();
    await process.whenKilled;
  });
});

describe('A program that does not read', () => {
  test('makes the client get a request to pause; signals still arrive, and input continues later', async () => {
    const started = api.services.channel.started();
    const client = await new Client(api.url).run({ command: ['deaf'] });
    const process = await started;
    for (let i = 0; i < 20; i += 1) client.input(Buffer.alloc(65_536));
    expect(await client.frame('stdin')).toEqual({ type: 'stdin', flow: 'pause' });
    client.control({ type: 'signal', signal: 'TERM' });
    await expect.poll(() => process.signals, { timeout: 5000 }).toEqual(['TERM']);
    process.wake.resolve();
    await expect.poll(() => client.frames, { timeout: 5000 }).toContainEqual({ type: 'stdin', flow: 'resume' });
    client.control({ type: 'eof' });
    await client.frame('exit');
    expect(process.receivedBytes).toBe(20 * 65_536);
  });

  test('does not fill memory with the input of a client that ignores the request to pause', async () => {
    const started = api.services.channel.started();
    const client = await new Client(api.url).run({ command: ['deaf'] });
    const process = await started;
    for (let i = 0; i < 1600; i += 1) client.input(Buffer.alloc(65_536)); // 100 MiB, most of which must stay with the client
    await client.frame('stdin');
    let before = -1;
    await expect.poll(() => {
      const still = client.socket.bufferedAmount > 0 && client.socket.bufferedAmount === before;
      before = client.socket.bufferedAmount;
      return still;
    }, { interval: 300, timeout: 20_000 }).toBe(true);
    expect(process.stdin.writableLength).toBeLessThan(6 * MIB);
    process.wake.resolve();
    client.control({ type: 'eof' });
    await client.frame('exit');
    expect(process.receivedBytes).toBe(1600 * 65_536);
  });
});

describe('An invalid message', () => {
  const started = async (): Promise<Client> => await new Client(api.url).run({ command: ['sleep'] });
  const cases: [string, (socket: WebSocket) => void, string][] = [
    ['no JSON', (socket) => socket.send('{'), 'invalid_json'],
    ['an unknown control', (socket) => socket.send('{"type":"dance"}'), 'invalid_request'],
    ['an invalid signal', (socket) => socket.send('{"type":"signal","signal":"STOP"}'), 'invalid_request'],
    ['a terminal without a size', (socket) => socket.send('{"type":"resize","columns":0,"rows":1}'), 'invalid_request'],
    ['bytes for another stream', (socket) => socket.send(Buffer.of(1, 2)), 'invalid_request'],
    ['no bytes', (socket) => socket.send(Buffer.alloc(0)), 'invalid_request'],
    ['bytes after the end', (socket) => { socket.send('{"type":"eof"}'); socket.send(Buffer.of(0, 1)); }, 'invalid_request'],
  ];
  for (const [title, send, code] of cases) {
    test(`(${title}) ends the program, and the client gets the reason`, async () => {
      const next = api.services.channel.started();
      const client = await started();
      send(client.socket);
      expect(await client.frame('error')).toMatchObject({ problem: { code } });
      await (await next).whenKilled;
    });
  }

  test('(first, not a request) starts nothing', async () => {
    for (const first of ['{', '{}', '{"command":[]}', '{"command":["cat"],"env":{"__proto__":"x"}}', Buffer.of(0)]) {
      const before = api.services.channel.processes.length;
      const client = new Client(api.url);
      await once(client.socket, 'open');
      client.socket.send(first);
      expect((await client.frame('error')).problem.status).toBe(400);
      expect(api.services.channel.processes.length).toBe(before);
    }
  });

  test('(too large) closes the connection', async () => {
    const client = await started();
    client.input(Buffer.alloc(5 * MIB));
    expect((await client.closed)[0]).toBe(1009);
  });
});

describe('An upgrade', () => {
  test('needs a key, its scope and an environment that the key reaches', async () => {
    expect(await new Client(api.url, { key: null }).refusal()).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await new Client(api.url, { key: keys.expired }).refusal()).toMatchObject({ status: 401, code: 'key_expired' });
    expect(await new Client(api.url, { key: keys.read }).refusal()).toMatchObject({ status: 403, code: 'forbidden' });
    const other = new Client(api.url, { key: keys.limited, path: '/v1/environments/b/exec' });
    await once(other.socket, 'open');
    other.socket.send(JSON.stringify({ command: ['cat'] }));
    expect(await other.frame('error')).toMatchObject({ problem: { status: 404 } });
  });

  test('may carry its key in the subprotocols, as browsers require; the key is not sent back', async () => {
    const client = await new Client(api.url, { key: null, protocols: [EXEC_SUBPROTOCOL, `${EXEC_KEY_SUBPROTOCOL}${keys.write}`] }).run({ command: ['both'] });
    expect(client.socket.protocol).toBe(EXEC_SUBPROTOCOL);
    await client.frame('exit');
  });

  test('from another site, for another host, at another path or with a query is refused', async () => {
    expect(await new Client(api.url, { headers: { origin: 'http://evil.example' } }).refusal()).toMatchObject({ status: 403 });
    expect(await new Client(api.url, { headers: { host: 'evil.example' } }).refusal()).toMatchObject({ status: 403 });
    expect(await new Client(api.url, { path: '/v1/environments' }).refusal()).toMatchObject({ status: 404, code: 'not_found' });
    expect(await new Client(api.url, { path: '/v1/environments/%zz/exec' }).refusal()).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(await new Client(api.url, { path: '/v1/environments/a/exec?key=x' }).refusal()).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  test('to something other than a WebSocket is served as a plain request', async () => {
    const answer = await api.raw('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });
});

test('A program whose key is revoked is ended', async () => {
  await using own = await startApi({ keyCheckMs: 20 });
  const started = own.services.channel.started();
  const client = await new Client(own.url).run({ command: ['sleep'] });
  own.services.revoked.add(keys.write);
  expect(await client.frame('error')).toMatchObject({ problem: { code: 'unauthenticated' } });
  expect((await client.closed)[0]).toBe(1008);
  await (await started).whenKilled;
});

test('A server that shuts down ends the program and the connection', async () => {
  await using own = await startApi();
  const started = own.services.channel.started();
  const client = await new Client(own.url).run({ command: ['sleep'] });
  await own.close();
  await (await started).whenKilled;
  await client.closed;
});
