import { afterEach, beforeEach, expect, test } from 'vitest';
import type { QuarantineItem } from '../../../orchestrator/recovery/quarantine-item.ts';
import { operation, QUARANTINED } from '../api/fake-services.ts';
import { ScriptedApi } from './scripted-api.ts';
import { Terminal } from './terminal.ts';

let api: ScriptedApi;
beforeEach(async () => { api = await ScriptedApi.start(); });
afterEach(async () => { await api[Symbol.asyncDispose](); });

const environment: QuarantineItem = { ...QUARANTINED, name: 'found' };
const keys: QuarantineItem = { ...QUARANTINED, id: 'quar_00000000000000000000000001', kind: 'keys', name: null, reason: 'keys that no record knows', adoptable: false, blockedReason: 'they are keys without an environment' };
const stale = { id: 'env_00000000000000000000000009', name: 'stale' };

function script(items: QuarantineItem[], staleRecords: (typeof stale)[]): void {
  api.on('GET /v1/quarantine', { json: { items, nextCursor: null } });
  api.on('GET /v1/host/doctor', { json: { ok: true, checks: [{ name: 'quarantine', status: 'warning', found: 'something', fix: 'fix it', details: { items, staleRecords } }] } });
  api.on(`POST /v1/quarantine/${environment.id}/adopt`, { json: { environmentId: environment.environmentId, name: 'found', snapshots: ['adopted1'] } });
  for (const { id } of items) api.on(`DELETE /v1/quarantine/${id}`, { status: 204 });
  api.on(`DELETE /v1/environments/${stale.id}`, { status: 200, json: { environment: null, operation: operation({ status: 'succeeded', endedAt: '2026-01-02T03:04:05.000Z' }) } });
}
const changes = (): string[] => api.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);

test('On a terminal `recover` asks about each item, and deletes only what was confirmed', async () => {
  script([keys, environment], [stale]);
  await using terminal = new Terminal(api.somnus.commandLine('doctor', '--fix'), api.somnus.environment());
  await terminal.shows(/environment found[^]*in \/p\/quarantine\/x/);
  await terminal.shows(/adopt\/delete\/keep \[adopt\]: /);
  terminal.type('\r');
  await terminal.shows(/Restored found with the snapshot adopted1/);
  await terminal.shows(/it cannot be restored: they are keys without an environment/);
  await terminal.shows(/delete\/keep \[keep\]: /);
  terminal.type('delete\r');
  await terminal.shows(/Type yes: /);
  terminal.type('no\r');
  await terminal.shows(/kept/);
  await terminal.shows(/remove\/keep \[keep\]: /);
  terminal.type('r\r');
  await terminal.shows(/Remove the record of stale\?.*Type yes: /);
  terminal.type('yes\r');
  expect(await terminal.exitCode()).toBe(0);
  expect(changes()).toEqual([`POST /v1/quarantine/${environment.id}/adopt`, `DELETE /v1/environments/${stale.id}`]);
});

test('With --yes items that can be recovered are recovered, and nothing is deleted', async () => {
  script([keys, environment], [stale]);
  expect(await api.somnus.json('recover', '--yes')).toMatchObject({ fixed: [
    { kind: 'environment', name: 'found', decision: 'adopt', result: { name: 'found' } }, { kind: 'keys', decision: 'keep' }, { kind: 'record', name: 'stale', decision: 'keep' },
  ] });
  expect(changes()).toEqual([`POST /v1/quarantine/${environment.id}/adopt`]);
});

test('Without a terminal nothing is decided', async () => {
  script([environment], []);
  expect(await api.somnus.run(['doctor', '--fix'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') as string });
  expect(await api.somnus.run(['quarantine', 'rm', environment.id])).toMatchObject({ code: 2 });
  expect(changes()).toEqual([]);
});

test('Each item can be listed, adopted under a name, and deleted', async () => {
  script([environment, keys], []);
  expect((await api.somnus.run(['quarantine', 'ls', '-q'])).stdout).toBe(`${environment.id}\n${keys.id}\n`);
  expect((await api.somnus.run(['quarantine', 'ls'])).stdout).toMatch(/ID +KIND +NAME .*\nquar_0+ +environment +found .* yes +a VM that no record knows/);
  expect((await api.somnus.run(['quarantine', 'adopt', environment.id, '--name', 'found'])).stdout).toContain('Restored found');
  expect(api.requests.at(-1)?.body).toEqual({ name: 'found' });
  expect(await api.somnus.run(['quarantine', 'rm', keys.id, '--yes'])).toMatchObject({ code: 0 });
});
