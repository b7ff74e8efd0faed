import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { AgentStatus, BasicStats } from '../../agent/contract.ts';
import type { AgentHealth } from '../../agent/contract/health.ts';
import { serveHttp, type AgentViews } from '../../agent/http-server.ts';
import { SomnusError } from '../../common/errors.ts';

const starting = (): never => { throw new SomnusError('unavailable', 'The guest is starting'); };

async function serve(waitingFor: string[], health: AgentViews['health'] = starting): Promise<{ get: (path: string, init?: RequestInit) => Promise<{ status: number; body: unknown }>; reported: () => number; address: AddressInfo }> {
  let reported = 0;
  const server = await serveHttp({
    status: () => ({ ready: waitingFor.length === 0, waitingFor }) as AgentStatus,
    stats: async () => ({ load: [1, 2, 3] }) as BasicStats,
    health,
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

test('A web page whose name resolves to this VM gets no data', async () => {
  const { address } = await serve([]);
  const statusFor = async (host: string): Promise<number | undefined> => {
    const asked = request({ host: '127.0.0.1', port: address.port, path: '/stats/basic', headers: { host } }).end();
    const [response] = await once(asked, 'response') as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  expect([await statusFor('attacker.example'), await statusFor(`127.0.0.1.attacker.example:${address.port}`), await statusFor('localhost:7770')]).toEqual([421, 421, 200]);
});

test('Health, incidents and soft reboots are available when the guest has started', async () => {
  const json = { 'content-type': 'application/json' };
  expect(await (await serve([])).get('/stats/intelligent')).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  const deadlines: number[] = [];
  const { get } = await serve([], () => ({
    health: () => ({ state: 'ok', summary: 'No recent errors.', watched: [] }) as unknown as AgentHealth,
    incidents: (offset) => ({ items: [], total: offset, nextOffset: null }),
    softReboot: async (deadlineMs) => {
      deadlines.push(deadlineMs);
      return { tookMs: 1, processes: [] };
    },
    reload: async () => { throw new SomnusError('config_invalid', 'files must be paths'); },
  }));
  expect(await get('/status')).toMatchObject({ body: { ready: true, state: 'ok', summary: 'No recent errors.', watched: [] } });
  expect(await get('/stats/intelligent?offset=20')).toMatchObject({ status: 200, body: { summary: 'No recent errors.', items: [], total: 20 } });
  expect(await get('/soft-reboot?deadlineMs=500', { method: 'POST', headers: json })).toEqual({ status: 200, body: { tookMs: 1, processes: [] } });
  expect(await get('/soft-reboot', { method: 'POST', headers: json })).toMatchObject({ status: 200 });
  expect(deadlines).toEqual([500, 10_000]);
  expect(await get('/config/reload', { method: 'POST', headers: json })).toMatchObject({ status: 422, body: { code: 'config_invalid', message: 'files must be paths' } });
});

test('A web page in a browser in the VM cannot start a soft reboot', async () => {
  const { get } = await serve([]);
  expect(await get('/soft-reboot', { method: 'POST', headers: { 'content-type': 'text/plain' } })).toMatchObject({ status: 415 });
  expect(await get('/soft-reboot')).toMatchObject({ status: 405 });
  expect(await get('/soft-reboot', { method: 'OPTIONS' })).toMatchObject({ status: 405 });
});
