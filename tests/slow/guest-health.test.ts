// Events inside a guest, not its VM: a larger disk, its watchdog, a reboot, a PID 1 that hangs or crashes, a panic. Real VMs, through the command and the API.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { pollUntil } from '../../common/deadline.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { TestControlPlane } from '../support/control-plane.ts';

/** As set in images/guest/files/etc/systemd/system.conf.d/somnus.conf. */
const WATCHDOG_MS = 30_000;
/** A multiple of what an idle host takes; see the printed times. */
const NOTICED_MS = 120_000;
const READY_MS = 400_000;
const NAME = 'patient';

let somnus: TestControlPlane;
const show = async (): Promise<Environment> => await somnus.json<Environment>('show', NAME);
const guest = async (script: string): Promise<string> => (await somnus.ok('exec', NAME, '--', 'sh', '-c', script)).trim();
const rootGiB = async (): Promise<number> => Number(await guest('df --output=size -BG / | tail -n 1 | tr -dc 0-9'));
const watchdog = async (): Promise<string> => await guest('cat /sys/class/watchdog/watchdog0/identity /sys/class/watchdog/watchdog0/state /sys/class/watchdog/watchdog0/timeout');
const ARMED = `i6300ESB timer\nactive\n${WATCHDOG_MS / 1000}`;
const events = async (): Promise<Event[]> => ((await somnus.api('GET', `/v1/events?limit=200&subject=${(await show()).id}`, { headers: { accept: 'application/json' } })).body as Page<Event>).items;

/** Does something to the guest, and waits until Somnus reports it. @returns the event */
async function noticed(type: string, cause: () => Promise<unknown>): Promise<Event> {
  const known = new Set((await events()).map(({ cursor }) => cursor));
  const caused = cause().catch(() => {}); // the command may end with the guest
  const startedAt = performance.now();
  const event = await pollUntil(`the event ${type}`, { timeoutMs: NOTICED_MS, intervalMs: 100 }, async () => (await events()).find((each) => each.type === type && !known.has(each.cursor)));
  console.log(`${type} after ${Math.round(performance.now() - startedAt)} ms`);
  await caused;
  return event;
}

/** Waits until it runs in a different boot than this one. */
async function nextBoot(before: Environment): Promise<Environment> {
  const startedAt = performance.now();
  const now = await pollUntil('the next boot', { timeoutMs: READY_MS, intervalMs: 500 }, async () => {
    const environment = await show();
    return environment.state === 'running' && environment.operationId === null && environment.bootId !== null && environment.bootId !== before.bootId ? environment : undefined;
  });
  console.log(`next boot after ${Math.round(performance.now() - startedAt)} ms`);
  expect(now.startedAt).not.toBe(before.startedAt);
  expect(await guest('cat /proc/sys/kernel/random/boot_id')).toBe(now.bootId);
  return now;
}

const lastWords = ({ data }: Event): string => (data['console'] as string[]).join('\n');

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  await mkdir(join(somnus.dataDir, 'profiles'), { recursive: true });
  for (const diskGiB of [24, 28]) {
    const shape = { vcpus: 1, vcpusMax: 2, memoryMiB: 512, memoryMaxMiB: 1024, diskGiB, cpuQuotaPercent: null, ioWeight: null };
    await writeFile(join(somnus.dataDir, 'profiles', `disk-${diskGiB}.yaml`), stringify({ name: `disk-${diskGiB}`, description: 'Of a test', shape }));
  }
  await somnus.ok('create', NAME, '--profile', 'disk-24');
});

test('When a guest is ready, its file system has grown to its disk, and its watchdog is armed soon after', async () => {
  expect(await show()).toMatchObject({ diskGiB: 24 });
  expect(await rootGiB()).toBeGreaterThanOrEqual(23);
  await expect.poll(watchdog, { timeout: READY_MS, interval: 1000 }).toBe(ARMED);
});

test('A guest that is hibernated for longer than its watchdog\'s timeout is not treated as frozen', async () => {
  const before = await show();
  await somnus.ok('hibernate', NAME);
  const asleepAt = performance.now();
  await pollUntil('the watchdog\'s time to pass', { timeoutMs: 2 * WATCHDOG_MS, intervalMs: 1000 }, async () => (performance.now() - asleepAt > WATCHDOG_MS + 2000 ? true : undefined));
  await somnus.ok('wake', NAME);
  expect(await watchdog()).toBe(ARMED);
  expect(await guest('cat /proc/sys/kernel/random/boot_id')).toBe(before.bootId);
  expect((await events()).filter(({ type }) => type.startsWith('environment.guest-'))).toEqual([]);
  const logs = await readdir(join(somnus.dataDir, 'log'));
  expect((await Promise.all(logs.map(async (name) => await readFile(join(somnus.dataDir, 'log', name), 'utf8')))).join('')).not.toContain('guest-watch.late'); // the device has not fired at all
});

test('The watchdog detects a PID 1 that hangs, and the guest keeps running when it answers again, with its watchdog armed', async () => {
  const before = await show();
  const event = await noticed('environment.guest-frozen', async () => await guest('echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze'));
  expect(event.data).toMatchObject({ frozen: 'init' });
  expect(await show()).toMatchObject({ state: 'running', stateReason: 'PID 1 of the guest is frozen' });
  await noticed('environment.guest-recovered', async () => await guest('echo 0 >/sys/fs/cgroup/init.scope/cgroup.freeze'));
  expect(await show()).toMatchObject({ state: 'running', stateReason: null, bootId: before.bootId });
  await expect.poll(watchdog, { timeout: NOTICED_MS, interval: 1000 }).toBe(ARMED);
});

test('A guest\'s reboot is detected, with its last words, and its profile is applied again', async () => {
  const before = await show();
  const event = await noticed('environment.guest-rebooted', async () => await guest('echo the end is near >/dev/ttyS0; systemctl reboot'));
  expect(lastWords(event)).toContain('the end is near');
  const now = await nextBoot(before);
  expect(now.lastWords).toContain('the end is near');
  expect(now.memoryMiB).toBe(512);
});

test('A crashed PID 1 is detected, with its last words, and its VM is restarted, with the larger disk of its current profile', async () => {
  const before = await show();
  await somnus.ok('profile', 'apply', NAME, 'disk-28');
  expect(await rootGiB()).toBeLessThan(25);
  const event = await noticed('environment.guest-frozen', async () => await guest('echo precious >/root/written; kill -SEGV 1'));
  expect(event.data).toMatchObject({ frozen: 'init' });
  expect(lastWords(event)).toContain('Freezing execution');
  const now = await nextBoot(before);
  expect(now).toMatchObject({ diskGiB: 28, stateReason: null });
  expect(await rootGiB()).toBeGreaterThanOrEqual(27);
  expect(await guest('cat /root/written')).toBe('precious'); // although the guest never shut down
});

test('A guest\'s panic is detected, with its last words, and it is started again', async () => {
  const before = await show();
  const event = await noticed('environment.guest-panicked', async () => await guest('echo c >/proc/sysrq-trigger'));
  expect(lastWords(event)).toContain('Kernel panic');
  await nextBoot(before);
});

test('A VM whose restart policy is never is left off after a panic, and says why', async () => {
  await somnus.ok('set', NAME, '--restart', 'never');
  await noticed('environment.guest-panicked', async () => await guest('echo c >/proc/sysrq-trigger'));
  await expect.poll(show, { timeout: NOTICED_MS, interval: 200 }).toMatchObject({ state: 'stopped', desiredState: 'stopped', bootId: null, startedAt: null, lastWords: expect.stringContaining('Kernel panic') as string });
  expect((await show()).stateReason).toMatch(/the guest kernel panicked.*its restart policy is never/);
});
