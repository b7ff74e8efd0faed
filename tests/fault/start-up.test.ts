// A real control plane starts on a host whose libvirtd does not run, and loses it later: it serves immediately, reports what is missing, and recovers automatically.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Health } from '../../orchestrator/api/answers.ts';
import type { DoctorReport } from '../../orchestrator/host/host.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { PrivateHost } from '../support/private-host.ts';

const SOON = { timeout: 60_000, interval: 50 };

let host: PrivateHost;
let somnus: TestControlPlane;

beforeAll(async () => {
  host = await PrivateHost.start();
  somnus = await TestControlPlane.start({ host });
});
afterAll(async () => {
  await somnus[Symbol.asyncDispose]();
});

const health = async (): Promise<Health | undefined> => await somnus.api('GET', '/healthz', { key: null }).then(({ body }) => body as Health, () => undefined);
const stateOf = async (name: string): Promise<string | undefined> => (await health())?.parts.find((part) => part.name === name)?.state;

test('Without libvirtd the control plane starts, does what does not need it, refuses the rest with a reason, and is complete once libvirtd runs', async () => {
  await somnus.end();
  await host.killLibvirtd();
  const starting = somnus.up();
  await expect.poll(health, { ...SOON, interval: 10 }).toBeDefined();
  await expect.poll(async () => await stateOf('pool'), SOON).toBe('ready');
  await expect.poll(async () => await stateOf('libvirt'), SOON).toBe('unavailable');
  expect(await stateOf('reconciliation')).toBe('starting');
  // What does not need libvirt.
  expect((await somnus.api('GET', '/v1/environments')).status).toBe(200);
  expect((await somnus.api('POST', '/v1/keys', { body: { name: 'made-without-libvirt' } })).status).toBe(201);
  expect(await somnus.json('status')).toMatchObject({ libvirt: { connected: false } });
  expect((await somnus.api('GET', '/v1/host/doctor')).body).toMatchObject({ ok: false, checks: expect.arrayContaining([expect.objectContaining({ name: 'control-plane', status: 'failed', found: expect.stringContaining('libvirt is unavailable') as string })]) as unknown });
  // What needs libvirt.
  const create = await somnus.api('POST', '/v1/environments', { body: { name: 'x' } });
  expect([create.headers.get('retry-after'), create]).toMatchObject(['2', { status: 503, body: { code: 'unavailable', part: 'libvirt', detail: expect.stringContaining('libvirt is not available') as string } }]);
  expect(await somnus.cli(['create', 'x'])).toMatchObject({ code: 1, stderr: expect.stringContaining('libvirt is not available') as string });
  await host.startLibvirtd();
  await starting;
  expect(await health()).toMatchObject({ status: 'ok' });
  expect(((await somnus.api('GET', '/v1/host/doctor')).body as DoctorReport).checks.find(({ name }) => name === 'control-plane')).toMatchObject({ status: 'ok' });
});

test('When libvirtd dies later, that is shown and everything else works; when it returns, everything works again', async () => {
  await host.killLibvirtd();
  await expect.poll(async () => await stateOf('libvirt'), SOON).toBe('unavailable');
  expect((await somnus.api('GET', '/readyz')).status).toBe(503);
  expect((await somnus.api('GET', '/v1/operations')).status).toBe(200);
  expect((await somnus.api('POST', '/v1/environments', { body: { name: 'x' } })).status).toBe(503);
  await host.startLibvirtd();
  await expect.poll(async () => (await health())?.status, SOON).toBe('ok');
});

test('`somnus up` says what it waits for, and `down` stops a control plane that is not complete', async () => {
  await host.killLibvirtd();
  await somnus.end();
  const starting = somnus.up().catch((error: Error) => error);
  await expect.poll(async () => await stateOf('libvirt'), SOON).toBe('unavailable');
  const up = somnus.spawnCli(['up']);
  const [said] = await new Promise<[Buffer]>((resolve) => { up.stderr.once('data', (chunk: Buffer) => resolve([chunk])); });
  expect(said.toString()).toMatch(/^Waiting for .*libvirt \(.+\)/);
  up.kill('SIGKILL');
  expect(await somnus.cli(['down'])).toMatchObject({ code: 0, stdout: 'The control plane has stopped; VMs keep running\n' });
  expect(await starting).toBeInstanceOf(Error);
  await host.startLibvirtd();
  await somnus.up();
});
