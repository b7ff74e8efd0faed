// For any bad input, the answer says what is wrong, and nothing changes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCodes, SomnusError, type ErrorCode } from '../../../common/errors.ts';
import { httpStatus } from '../../../orchestrator/api/http-status.ts';
import { keys } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi({ maxBodyBytes: 10_000 }); });
afterAll(async () => { await api.close(); });

/** Sends JSON text unchanged. */
async function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return await api.call('POST', path, { body, headers: { 'content-type': 'application/json', ...headers } });
}

async function expectProblem(response: Response, status: number, code: ErrorCode): Promise<Record<string, unknown>> {
  const problem = await problemOf(response);
  expect({ status: response.status, code: problem.code }, JSON.stringify(problem)).toEqual({ status, code });
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(problem).toMatchObject({ status, type: `/docs#${code}`, title: errorCodes[code].title, requestId: response.headers.get('x-request-id') });
  expect(problem['hint']).toBeTruthy();
  expect(problem['detail']).toBeTruthy();
  return problem;
}

describe('An invalid name', () => {
  for (const name of ['../x', 'a b', '', 'a'.repeat(300), 'ümlaut', '-rf', 'A', 'a/b', 'a\0b', 'a-', '.', '..', ' ', '日本']) {
    test(`such as ${JSON.stringify(name).slice(0, 20)} is refused with the field named, and nothing is created`, async () => {
      const before = api.services.calls.length;
      const problem = await expectProblem(await api.call('POST', '/v1/environments', { json: { name } }), 400, 'invalid_request');
      expect(problem['errors']).toContainEqual(expect.objectContaining({ in: 'body', path: 'name' }));
      expect(api.services.calls.length).toBe(before);
    });

    test(`such as ${JSON.stringify(name).slice(0, 20)} in a path finds nothing`, async () => {
      const response = await api.call('GET', `/v1/environments/${encodeURIComponent(name)}/stats`);
      expect([400, 404]).toContain(response.status);
      await response.body?.cancel();
    });
  }
});

test('Every invalid field is listed with its place, path and message', async () => {
  const problem = await expectProblem(await api.call('POST', '/v1/environments', { json: { name: 'ok', network: 'some', labels: { x: 1 }, size: 2 } }), 400, 'invalid_request');
  expect(problem['errors']).toEqual(expect.arrayContaining([
    { in: 'body', path: 'network', message: expect.any(String) as string },
    { in: 'body', path: 'labels.x', message: expect.any(String) as string },
    { in: 'body', path: 'size', message: 'is not a known field' },
  ]));
});

describe('A body that is not a valid JSON object', () => {
  const cases: [string, string, number, ErrorCode][] = [
    ['cut off', '{"name":', 400, 'invalid_json'],
    ['empty text with a length', ' ', 400, 'invalid_json'],
    ['an array', '[]', 400, 'invalid_request'],
    ['null', 'null', 400, 'invalid_request'],
    ['a number', '7', 400, 'invalid_request'],
    ['a prototype', '{"name":"a","__proto__":{"admin":true}}', 400, 'invalid_request'],
    ['a nested prototype', '{"name":"a","labels":{"__proto__":"x"}}', 400, 'invalid_request'],
    ['an escaped prototype', String.raw`{"name":"a","labels":{"\u005f_proto__":"x"}}`, 400, 'invalid_request'],
    ['a constructor', '{"name":"a","constructor":{"prototype":{}}}', 400, 'invalid_request'],
    ['too deep for a label', '{"name":"a","labels":{"a":{"b":{}}}}', 400, 'invalid_request'],
  ];
  for (const [title, body, status, code] of cases) {
    test(`(${title}) is refused`, async () => { await expectProblem(await post('/v1/environments', body), status, code); });
  }

  test('(broken UTF-8) is refused', async () => {
    const response = await api.call('POST', '/v1/environments', { body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), headers: { 'content-type': 'application/json' } });
    await expectProblem(response, 400, 'invalid_json');
  });

  test('(missing) names the required field', async () => {
    const problem = await expectProblem(await api.call('POST', '/v1/environments'), 400, 'invalid_request');
    expect(problem['errors']).toEqual([expect.objectContaining({ path: 'name' })]);
  });

  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', '']) {
    test(`(typed ${type || 'not at all'}) is refused`, async () => {
      await expectProblem(await api.call('POST', '/v1/environments', { body: new TextEncoder().encode('{"name":"a"}'), headers: type === '' ? {} : { 'content-type': type } }), 415, 'unsupported_media_type');
    });
  }

  test('(compressed) is refused', async () => { await expectProblem(await post('/v1/environments', '{"name":"a"}', { 'content-encoding': 'gzip' }), 415, 'unsupported_media_type'); });
  test('(on a GET) is refused', async () => {
    const answer = await api.raw(`GET /v1/environments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${keys.admin}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*"code":"invalid_request"/s);
  });
  test('(on an action that takes none) is refused', async () => { await expectProblem(await post('/v1/environments/a/start', '{"fast":true}'), 400, 'invalid_request'); });
});

describe('A body that is too large', () => {
  test('is refused by its declared length, and the connection stays usable', async () => {
    const problem = await expectProblem(await post('/v1/environments', JSON.stringify({ name: 'a'.repeat(50_000) })), 413, 'too_large');
    expect(problem['maxBytes']).toBe(10_000);
  });

  test('is refused while it arrives without a length', async () => {
    const chunks = async function* () { for (let i = 0; i < 20; i += 1) yield new TextEncoder().encode('a'.repeat(1000)); };
    await expectProblem(await api.call('POST', '/v1/environments', { body: ReadableStream.from(chunks()), headers: { 'content-type': 'application/json' } }), 413, 'too_large');
  });

  test('is not read to its end: an endless sender is disconnected', async () => {
    const answer = await api.raw(`POST /v1/environments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${keys.admin}\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n{"name":`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*"code":"too_large"/s);
  });
});

describe('An invalid query', () => {
  const cases: [string, string][] = [
    ['an unknown name', '/v1/environments?color=red'],
    ['the same name twice', '/v1/environments?limit=1&limit=2'],
    ['an array', '/v1/environments?limit[]=1'],
    ['a limit that is not a number', '/v1/environments?limit=many'],
    ['a limit of zero', '/v1/environments?limit=0'],
    ['a limit that is too high', '/v1/environments?limit=501'],
    ['an unknown state', '/v1/environments?state=asleep'],
    ['a cursor that is too long', `/v1/environments?cursor=${'a'.repeat(201)}`],
    ['broken encoding', '/v1/environments?name=%zz'],
    ['encoding that is not UTF-8', '/v1/environments?name=%ff'],
    ['NUL', '/v1/environments?name=a%00b'],
    ['a prototype', '/v1/environments?__proto__=x'],
    ['a wait that is too long', '/v1/operations/op_00000000000000000000000000?wait=601'],
    ['a negative wait', '/v1/operations/op_00000000000000000000000000?wait=-1'],
    ['a relative path', '/v1/environments/a/files?path=etc/passwd'],
    ['a path with NUL', '/v1/environments/a/files?path=/a%00b'],
    ['no path', '/v1/environments/a/files'],
    ['an unknown archive', '/v1/environments/a/files?path=/&archive=zip'],
    ['an invalid time', '/v1/environments/a/stats?since=yesterday'],
    ['an invalid flag', '/v1/environments/a/logs?follow=maybe'],
  ];
  for (const [title, path] of cases) {
    test(`(${title}) is refused`, async () => { await expectProblem(await api.call('GET', path), 400, 'invalid_request'); });
  }
});

describe('An invalid path', () => {
  test('(unknown) is not found', async () => { await expectProblem(await api.call('GET', '/v1/nothing'), 404, 'not_found'); });
  test('(the root) is not found', async () => { await expectProblem(await api.call('GET', '/'), 404, 'not_found'); });
  test('(other case) is not found', async () => { await expectProblem(await api.call('GET', '/V1/Environments'), 404, 'not_found'); });
  test('(trailing slash) is not found', async () => { await expectProblem(await api.call('GET', '/v1/environments/'), 404, 'not_found'); });
  test('(an unknown environment) is not found', async () => { await expectProblem(await api.call('GET', '/v1/environments/absent'), 404, 'not_found'); });
  for (const path of ['/v1/environments/%zz', '/v1/environments/%ff', '/v1/environments/%00', '/v1/environments/a%0ab/stats']) {
    test(`(${path}) is refused`, async () => { await expectProblem(await api.call('GET', path), 400, 'invalid_request'); });
  }
  for (const target of ['/v1/../../etc/passwd', '//v1/environments', '/v1//environments', 'http://evil.example/v1/environments', '*', '/%', '/v1/environments/%2e%2e', '/?']) {
    test(`(${target}, unencoded) never causes a server error`, async () => {
      const answer = await api.raw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${keys.admin}\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    });
  }

  test('with another method lists the allowed methods', async () => {
    const response = await api.call('PUT', '/v1/environments', { json: {} });
    expect(response.headers.get('allow')).toBe('POST, GET, HEAD');
    await expectProblem(response, 405, 'method_not_allowed');
    await expectProblem(await api.call('OPTIONS', '/v1/environments'), 405, 'method_not_allowed');
    await expectProblem(await api.call('PROPFIND', '/v1/environments/a'), 405, 'method_not_allowed');
  });
});

describe('An invalid header', () => {
  const make = async (key: string): Promise<Response> => await api.call('POST', '/v1/environments', { json: { name: 'ok' }, headers: { 'idempotency-key': key } });
  for (const key of ['', 'a b', 'a'.repeat(201), 'schlüssel']) {
    test(`(Idempotency-Key ${key.slice(0, 10) || 'empty'}) is refused`, async () => { await expectProblem(await make(key), 400, 'invalid_request'); });
  }
  test('excludes an Idempotency-Key of 200 visible characters, which reaches the service', async () => {
    expect((await make('k'.repeat(200))).status).toBe(202);
    expect(api.services.calls.at(-1)).toMatchObject({ what: 'create', with: { options: { idempotencyKey: 'k'.repeat(200) } } });
  });

  for (const etag of ['3', 'W/"3"', '"a"', '"1", "2"', '']) {
    test(`(If-Match ${etag || 'empty'}) is refused`, async () => {
      await expectProblem(await api.call('PATCH', '/v1/environments/b', { json: { labels: {} }, headers: { 'if-match': etag } }), 400, 'invalid_request');
    });
  }

  test('(an unusual X-Request-Id) is replaced, a plain one kept', async () => {
    expect((await api.call('GET', '/healthz', { headers: { 'x-request-id': 'a b"' } })).headers.get('x-request-id')).toMatch(/^req_/);
    expect((await api.call('GET', '/healthz', { headers: { 'x-request-id': 'mine-1' } })).headers.get('x-request-id')).toBe('mine-1');
  });
});

describe('An invalid exec request', () => {
  const cases: [string, unknown][] = [
    ['no command', { command: [] }],
    ['an empty program', { command: [''] }],
    ['NUL in an argument', { command: ['a', 'b\0c'] }],
    ['an empty command line', { command: ' ' }],
    ['a command that is neither', { command: 7 }],
    ['an unusual variable', { command: ['ls'], env: { 'A=B': 'x' } }],
    ['a timeout of zero', { command: ['ls'], timeoutMs: 0 }],
    ['a terminal, which needs a WebSocket', { command: ['ls'], tty: { columns: 80, rows: 24 } }],
  ];
  for (const [title, json] of cases) {
    test(`(${title}) is refused`, async () => { await expectProblem(await api.call('POST', '/v1/environments/a/exec', { json }), 400, 'invalid_request'); });
  }
  test('as a GET without a WebSocket is refused with the reason', async () => { await expectProblem(await api.call('GET', '/v1/environments/a/exec'), 400, 'invalid_request'); });
});

describe('A service error', () => {
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    test(`with the code ${code} is answered with its status, and with its details unless it is internal`, async () => {
      api.services.fault = new SomnusError(code, 'This is why', { hint: 'Do that', details: { operationId: 'op_1', code: 'spoofed', status: 200 }, cause: new Error('vendor secret') });
      const response = await api.call('GET', '/v1/environments/a');
      const problem = await expectProblem(response, httpStatus[code], code);
      if (code === 'internal') expect(problem).not.toHaveProperty('operationId');
      else expect(problem).toMatchObject({ detail: 'This is why', hint: 'Do that', operationId: 'op_1' });
      expect(JSON.stringify(problem)).not.toContain('vendor secret');
      expect(response.headers.get('www-authenticate')).toBe(httpStatus[code] === 401 ? 'Bearer realm="somnus"' : null);
    });
  }

  test('that is unexpected tells the client only its id, which the log contains', async () => {
    api.services.fault = new TypeError('cannot read secrets of undefined');
    const problem = await expectProblem(await api.call('GET', '/v1/environments/a', { headers: { 'x-request-id': 'strange-1' } }), 500, 'internal');
    expect(JSON.stringify(problem)).not.toMatch(/secrets|\.ts/);
    const line = api.lines.find((one) => one.includes('"event":"api.failed"') && one.includes('strange-1'));
    expect(line).toContain('cannot read secrets of undefined');
  });
});
