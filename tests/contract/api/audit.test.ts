// The API adds each request that changes something or runs a program to the audit log, once, with its outcome.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { SomnusError } from '../../../common/errors.ts';
import { AuditEntry, AuditVerdict } from '../../../orchestrator/audit/audit-entry.ts';
import { keys } from './fake-services.ts';
import { startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
beforeEach(() => { api.services.audited.length = 0; });
afterAll(async () => { await api.close(); });

test('A change is recorded with its key, path and outcome, but not its content, before it is answered', async () => {
  const response = await api.call('PATCH', '/v1/environments/a', { key: keys.write, json: { labels: { secret: 'hunter2' } } });
  expect(api.services.audited).toEqual([{ keyId: 'key_write', user: 'alice', action: 'updateEnvironment', target: '/v1/environments/a', outcome: 'ok', requestId: response.headers.get('x-request-id') }]);
  expect(JSON.stringify(api.services.audited)).not.toContain('hunter2');
});

test('Refusals and failures are recorded with their code', async () => {
  await api.call('POST', '/v1/environments/a/start', { key: keys.read });
  await api.call('POST', '/v1/environments/nothing/start', { key: keys.write });
  await api.call('POST', '/v1/environments/a/exec', { key: keys.write, json: { commnad: 'ls' } });
  api.services.fault = new SomnusError('invalid_state', 'It is stopped');
  await api.call('POST', '/v1/environments/a/exec', { key: keys.write, json: { command: ['echo'] } });
  expect(api.services.audited.map(({ action, outcome }) => [action, outcome])).toEqual([['startEnvironment', 'forbidden'], ['startEnvironment', 'not_found'], ['exec', 'invalid_request'], ['exec', 'invalid_state']]);
});

test('Reads, and requests without a valid key, are not recorded; queries are left out', async () => {
  await api.call('GET', '/v1/environments/a');
  await api.call('GET', '/v1/environments/a/jobs');
  await api.call('POST', '/v1/environments/a/start', { key: 'somnus_wrong' });
  expect(api.services.audited).toEqual([]);
  await api.call('DELETE', '/v1/environments/a?purge=true');
  expect(api.services.audited).toMatchObject([{ target: '/v1/environments/a', action: 'removeEnvironment' }]);
});

test('A program over a WebSocket is recorded when it starts, or with the reason why it did not', async () => {
  for (const command of [['echo', 'hi'], ['nothing']]) {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/v1/environments/a/exec`, { headers: { authorization: `Bearer ${keys.write}` } });
    await once(socket, 'open');
    socket.send(JSON.stringify({ command }));
    await once(socket, 'close');
  }
  expect(api.services.audited.map(({ action, outcome, keyId }) => [action, outcome, keyId])).toEqual([['execInteractively', 'ok', 'key_write'], ['execInteractively', 'invalid_request', 'key_write']]);
});

test('The list and its verification have the documented shape; verification needs an admin key', async () => {
  const { items } = await (await api.call('GET', '/v1/audit', { key: keys.read })).json() as { items: unknown[] };
  expect(items.map((item) => AuditEntry.parse(item))).toHaveLength(1);
  expect(AuditVerdict.parse(await (await api.call('GET', '/v1/audit/verification')).json()).ok).toBe(true);
  expect((await api.call('GET', '/v1/audit/verification', { key: keys.write })).status).toBe(403);
});
