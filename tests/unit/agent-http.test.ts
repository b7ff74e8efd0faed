import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { AgentStatus, BasicStats } from '../../agent/contract.ts';
import { serveHttp } from '../../agent/http-server.ts';

async function serve(waitingFor: string[]): Promise<{ get: (path: string, init?: RequestInit) => Promise<{ status: number; body: unknown }>; reported: () => number; address: AddressInfo }> {
  let reported = 0;
  const server = await serveHttp({
    status: () => ({ ready: waitingFor.length === 0, waitingFor }) as AgentStatus,
    stats: () => ({ load: [1, 2, 3] }) as BasicStats,
    readyReported: () => { reported += 1; },
  }, 0);
  onTestFinished(() => { server.close(); });
  const address = server.address() as AddressInfo;
  const get = async (path: string, init?: RequestInit): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`http://127.0.0.1:${address.port}${path}`, init);
    return { status: response.status, body: await response.json() };
  };
  return { get, reported: () => reported, address };
}

test('The agent listens only on the guest\'s own loopback', async () => {
  expect((await serve([])).address.address).toBe('127.0.0.1');
});

test('Readiness is 503 with the reason until the guest is ready', async () => {
  const waiting = await serve(['the SSH server']);
  expect(await waiting.get('/health/ready')).toEqual({ status: 503, body: { ready: false, waitingFor: ['the SSH server'] } });
  expect(await waiting.get('/health/live')).toEqual({ status: 200, body: { live: true } });
  expect(waiting.reported()).toBe(0);
  const ready = await serve([]);
  expect(await ready.get('/health/ready')).toEqual({ status: 200, body: { ready: true, waitingFor: [] } });
  expect(ready.reported()).toBe(1);
});

test('Status and statistics are served, and nothing else', async () => {
  const { get } = await serve([]);
  expect(await get('/status')).toMatchObject({ status: 200, body: { ready: true } });
  expect(await get('/stats/basic')).toMatchObject({ status: 200, body: { load: [1, 2, 3] } });
  expect(await get('/etc/passwd')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect(await get('//evil')).toMatchObject({ status: 404 });
  expect(await get('/status', { method: 'POST' })).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
});
