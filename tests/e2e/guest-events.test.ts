// What Somnus notices of guests by itself: one that reboots, panics, or whose PID 1 freezes.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Environment } from '../../orchestrator/environments/environment.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import { PlaneClient } from '../support/control-plane.ts';

const somnus = new PlaneClient(inject('plane'));
const NAME = 'watched';
/** Ten seconds are promised where the host has time; a guest on emulated CPUs of a busy host is not even running for as long. */
const NOTICED = { timeout: 60_000, interval: 200 };
const BOOTED = { timeout: 400_000, interval: 500 };

const show = async (): Promise<Environment> => (await somnus.api('GET', `/v1/environments/${NAME}`)).body as Environment;
const events = async (type: string): Promise<Event[]> => {
  const { body } = await somnus.api('GET', `/v1/events?subject=${(await show()).id}&type=${type}&limit=500`);
  return (body as { items: Event[] }).items;
};
const inGuest = async (...command: string[]): Promise<string> => (await somnus.ok('exec', NAME, '--', ...command)).trim();
/** The guest may be gone before it can answer. */
const provoke = async (script: string): Promise<void> => { await somnus.cli(['exec', NAME, '--', 'sh', '-c', `(sleep 1; ${script}) >/dev/null 2>&1 &`]); };
const memTotalMiB = async (): Promise<number> => Number(/MemTotal:\s+(\d+)/.exec(await inGuest('cat', '/proc/meminfo'))?.[1]) / 1024;

beforeAll(async () => { await somnus.ok('create', NAME, '--profile', 'idle', '--network', 'none'); });
afterAll(async () => { await somnus.ok('rm', NAME, '--purge', '--yes'); });

test('A guest that reboots is noticed, keeps what its profile gives it, and has a new boot id', async () => {
  const [before, memory] = [await show(), await memTotalMiB()];
  await provoke('systemctl reboot');
  await expect.poll(async () => (await events('environment.guest-rebooted')).length, NOTICED).toBe(1);
  await expect.poll(async () => (await events('environment.guest-ready')).length, BOOTED).toBe(1);
  const after = await show();
  expect(after).toMatchObject({ state: 'running', operationId: null, stateReason: null });
  expect(after.bootId).toBe(await inGuest('cat', '/proc/sys/kernel/random/boot_id'));
  expect(after.bootId).not.toBe(before.bootId);
  expect(Date.parse(after.startedAt ?? '')).toBeGreaterThan(Date.parse(before.startedAt ?? ''));
  expect(await memTotalMiB()).toBeCloseTo(memory, -1);
});

test('A guest whose kernel panics is noticed with its last words, and started again', async () => {
  const before = await show();
  await provoke('echo c > /proc/sysrq-trigger');
  await expect.poll(async () => (await events('environment.guest-panicked')).length, NOTICED).toBe(1);
  const [panicked] = await events('environment.guest-panicked');
  expect((panicked?.data['console'] as string[]).join('\n')).toContain('Kernel panic - not syncing: sysrq triggered crash');
  await expect.poll(async () => (await show()).state, BOOTED).toBe('running');
  await expect.poll(async () => (await show()).bootId, BOOTED).not.toBe(before.bootId);
});

test('A guest whose PID 1 is frozen is noticed, and restarted', async () => {
  const before = await show();
  expect(await inGuest('sh', '-c', 'cat /sys/class/watchdog/watchdog0/identity')).toBe('i6300ESB timer');
  await expect.poll(async () => await inGuest('cat', '/sys/class/watchdog/watchdog0/state'), BOOTED).toBe('active'); // half a minute after the guest was ready
  await provoke('kill -SEGV 1');
  await expect.poll(async () => (await events('environment.guest-frozen')).length, NOTICED).toBe(1);
  const [frozen] = await events('environment.guest-frozen');
  expect(frozen?.data).toMatchObject({ frozen: 'init' });
  await expect.poll(async () => (await show()).bootId, BOOTED).not.toBe(before.bootId);
  await expect.poll(async () => (await show()).state, BOOTED).toBe('running');
});
