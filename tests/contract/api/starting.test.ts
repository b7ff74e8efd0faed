// The API's answers while the control plane starts, and while a part of it is unavailable.
import { expect, test } from 'vitest';
import { pino } from 'pino';
import { SomnusError } from '../../../common/errors.ts';
import { createMetrics } from '../../../orchestrator/api/prom-client-metrics.ts';
import { createApiServer } from '../../../orchestrator/api/server.ts';
import { Parts } from '../../../orchestrator/startup/parts.ts';
import { problemOf, startApi } from './harness.ts';

test('Before the database is open /healthz answers, and everything else says that Somnus is starting and when to retry', async () => {
  const log = pino({ level: 'silent' });
  const parts = new Parts();
  const server = createApiServer({
    services: () => { parts.require(['database']); throw new SomnusError('starting', 'not yet'); }, parts, metrics: createMetrics([], log), log, version: '0', maxBodyBytes: 1,
  });
  const url = await server.listen('127.0.0.1', 0);
  try {
    const health = await fetch(`${url}/healthz`);
    expect([health.status, await health.json()]).toMatchObject([200, { status: 'starting', parts: expect.arrayContaining([{ name: 'database', state: 'starting', message: null, code: null }]) as unknown }]);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
    for (const path of ['/v1/environments', '/v1/operations', '/v1/host']) {
      const answer = await fetch(url + path, { headers: { authorization: 'Bearer x' } });
      expect([answer.headers.get('retry-after'), await problemOf(answer)]).toMatchObject(['2', { status: 503, code: 'starting' }]);
    }
    parts.failed('database', new SomnusError('insufficient_space', 'the disk is full'));
    expect(await problemOf(await fetch(`${url}/v1/environments`, { headers: { authorization: 'Bearer x' } }))).toMatchObject({ status: 503, code: 'unavailable', detail: expect.stringContaining('the disk is full') as string });
  } finally {
    await server.close();
  }
});

test('While libvirt is down, what needs it is refused, and everything else works', async () => {
  await using api = await startApi();
  api.parts.failed('libvirt', new SomnusError('unavailable', 'no socket'));
  for (const [method, path, json] of [['POST', '/v1/environments', { name: 'x' }], ['POST', '/v1/environments/a/stop', {}], ['POST', '/v1/environments/a/snapshots', {}], ['DELETE', '/v1/environments/a', undefined]] as const) {
    const answer = await api.call(method, path, { json });
    expect([answer.headers.get('retry-after'), await problemOf(answer)]).toMatchObject(['2', { status: 503, code: 'unavailable', detail: 'libvirt is not available: no socket', part: 'libvirt' }]);
  }
  for (const path of ['/v1/environments', '/v1/environments/a', '/v1/operations', '/v1/host', '/v1/host/doctor', '/v1/keys', '/v1/images', '/v1/environments/a/snapshots']) {
    expect([path, (await api.call('GET', path)).status]).toEqual([path, 200]);
  }
});
