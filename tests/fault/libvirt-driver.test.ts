// Failures of libvirt and of the processes that talk to it: neither VMs nor callers lose anything.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import { LibvirtDriver } from '../../supervisor/libvirt/libvirt-driver.ts';
import type { ConnectionState, VmDriver } from '../../supervisor/libvirt/vm-driver.ts';
import { EventLog, libvirtChild, libvirtChildren, silent } from '../support/libvirt.ts';

let cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
  cleanups = [];
});

async function open(uri = 'qemu:///system'): Promise<LibvirtDriver> {
  const driver = new LibvirtDriver({ uri, log: silent });
  cleanups.push(async () => await driver.close());
  await driver.whenConnected();
  return driver;
}

/** A QEMU that stays in its BIOS. */
async function startVm(driver: VmDriver): Promise<{ name: string; qemuPid: number }> {
  const name = `lvt-fault-${randomUUID()}`;
  await driver.createFromXml(`<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory>
    <os><type arch='x86_64' machine='pc'>hvm</type></os><devices><controller type='usb' model='none'/></devices></domain>`);
  const qemuPid = Number(readFileSync(`/run/libvirt/qemu/${name}.pid`, 'utf8'));
  cleanups.push(async () => {
    signal(qemuPid, 'SIGKILL');
    await pollUntil(`the end of ${name}`, { timeoutMs: 20_000, intervalMs: 100 }, async () => await driver.find(name) === undefined || undefined);
  });
  return { name, qemuPid };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has already ended
  }
}

/** The calls in progress have reached their children. */
async function untilBusy(driver: VmDriver): Promise<number> {
  await driver.isAlive();
  return await libvirtChild('calls');
}

function changes(driver: VmDriver): { seen: ConnectionState[]; until(state: ConnectionState): Promise<void> } {
  const seen: ConnectionState[] = [];
  let check = (): void => {};
  driver.onConnection((state) => { seen.push(state); check(); });
  return {
    seen,
    until: async (state) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error(`not ${state}: ${seen.join()}`)), 60_000);
      check = () => { if (seen.at(-1) === state) resolve(); };
      check();
      await promise.finally(() => clearTimeout(timer));
    },
  };
}

describe('a process for calls', () => {
  test('that is killed during a call fails that call, reports that it had begun, and is replaced; the VM is not affected', async () => {
    const driver = await open();
    const { name, qemuPid } = await startVm(driver);
    const idBefore = (await driver.find(name))?.id;
    process.kill(qemuPid, 'SIGSTOP'); // makes the call last
    const call = driver.monitor(name, 'query-status');
    const outcome = expect(call).rejects.toMatchObject({ code: 'unavailable', details: { begun: true, call: 'monitor' } });
    const busy = await untilBusy(driver);
    for (const pid of libvirtChildren('calls')) process.kill(pid, 'SIGKILL');
    await outcome;
    process.kill(qemuPid, 'SIGCONT');
    expect(await driver.monitor(name, 'query-status')).toMatchObject({ status: 'running' });
    expect(await driver.find(name)).toMatchObject({ state: 'running', id: idBefore });
    expect(libvirtChildren('calls')).not.toContain(busy);
  });

  test('that is killed while idle is replaced unnoticed', async () => {
    const driver = await open();
    await driver.list();
    for (const pid of libvirtChildren('calls')) process.kill(pid, 'SIGKILL');
    expect(await driver.list()).toBeInstanceOf(Array);
  });

  test('that is killed while it starts is replaced, and the waiting call does not fail', async () => {
    const driver = await open();
    const list = driver.list();
    process.kill(await libvirtChild('calls'), 'SIGKILL');
    expect(await list).toBeInstanceOf(Array);
  });

  test('that is stopped before it begins a call is replaced, and the next process carries the call out once', async () => {
    const driver = await open();
    const { name } = await startVm(driver);
    using log = new EventLog(driver, name);
    const stopped = libvirtChildren('calls');
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    await driver.suspend(name);
    await log.untilLast('suspended');
    expect(log.names.filter((event) => event === 'suspended')).toHaveLength(1);
    expect(await driver.find(name)).toMatchObject({ state: 'paused' });
    for (const pid of stopped) expect(libvirtChildren('calls')).not.toContain(pid);
  });

  test('that is stopped while idle is detected and replaced automatically', async () => {
    const driver = await open();
    await driver.list();
    const [stopped = 0] = libvirtChildren('calls');
    process.kill(stopped, 'SIGSTOP');
    await pollUntil('the stopped process to be ended', { timeoutMs: 40_000, intervalMs: 100 }, async () => !libvirtChildren('calls').includes(stopped) || undefined);
    expect(await driver.isAlive()).toBe(true);
  });
});

describe('a VM whose QEMU hangs', () => {
  test('makes its call reach the deadline, and blocks neither other VMs nor its own end', async () => {
    const driver = await open();
    const [hung, other] = await Promise.all([startVm(driver), startVm(driver)]);
    process.kill(hung.qemuPid, 'SIGSTOP');
    const calls = [
      expect(driver.monitor(hung.name, 'query-status', {}, { timeoutMs: 4_000 })).rejects.toMatchObject({ code: 'timeout', details: { begun: true, call: 'monitor' } }),
      expect(driver.suspend(hung.name, { timeoutMs: 3_000 })).rejects.toMatchObject({ code: 'timeout', details: { begun: false } }), // waits behind the first
    ];
    await untilBusy(driver);
    await driver.suspend(other.name, { timeoutMs: 3_000 });
    await driver.resume(other.name, { timeoutMs: 3_000 });
    expect(await driver.find(hung.name, { timeoutMs: 3_000 })).toMatchObject({ state: 'running' });
    await Promise.all(calls);
    // The first call still holds the domain in libvirt, which gives up on the next call before we do.
    await expect(driver.suspend(hung.name)).rejects.toMatchObject({ code: 'timeout', details: { libvirtCode: 68 } });
    await driver.destroy(hung.name);
    expect(await driver.find(hung.name)).toBeUndefined();
    expect(await driver.find(other.name)).toMatchObject({ state: 'running' });
  });
});

describe('the process for events', () => {
  test.each(['SIGKILL', 'SIGSTOP'] as const)('that gets %s is replaced; listeners learn that events were missed, and then get events again', async (how) => {
    const driver = await open();
    const { name } = await startVm(driver);
    const states = changes(driver);
    const first = await libvirtChild('events');
    process.kill(first, how);
    await states.until('lost');
    await states.until('connected');
    expect(states.seen).toEqual(['lost', 'connected']);
    expect(libvirtChildren('events')).not.toContain(first);
    using log = new EventLog(driver, name);
    await driver.suspend(name);
    await log.untilLast('suspended');
  });

  test('that is killed during a burst of events loses some, and listing the domains makes up for them', async () => {
    const driver = await open();
    const vms = await Promise.all([startVm(driver), startVm(driver)]);
    const states = changes(driver);
    const believed = new Map<string, string>();
    driver.onLifecycle(({ name, event }) => believed.set(name, event));
    const resynchronized = states.until('connected').then(async () => await driver.list());
    const burst = Promise.all(vms.map(async ({ name }) => {
      for (let round = 0; round < 20; round += 1) {
        await driver.suspend(name);
        if (round < 19) await driver.resume(name);
      }
    }));
    process.kill(await libvirtChild('events'), 'SIGKILL');
    await Promise.all([burst, resynchronized]);
    const truth = await driver.list();
    for (const { name } of vms) {
      expect(truth.find((domain) => domain.name === name)?.state).toBe('paused');
      using log = new EventLog(driver, name);
      await driver.resume(name);
      await log.untilLast('resumed');
      expect(believed.get(name)).toBe('resumed');
    }
  });
});

/** libvirt behind a proxy that can be closed, or held so that nothing passes. */
async function door(): Promise<{ uri: string; shut(): Promise<void>; open(): Promise<void>; hold(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'lvt-door-'));
  const path = join(folder, 'sock');
  const sockets = new Set<Socket>();
  let server: ReturnType<typeof createServer>;
  const openDoor = async (): Promise<void> => {
    server = createServer((client) => {
      const libvirt = createConnection('/run/libvirt/libvirt-sock');
      for (const [from, to] of [[client, libvirt], [libvirt, client]] as const) {
        sockets.add(from);
        from.on('error', () => {}).on('close', () => { sockets.delete(from); to.destroy(); }).pipe(to);
      }
    }).listen(path);
    await once(server, 'listening');
  };
  const shut = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await openDoor();
  cleanups.push(async () => {
    await shut().catch(() => {});
    rmSync(folder, { recursive: true });
  });
  return {
    uri: `test+unix:///default?socket=${path}`,
    shut,
    open: openDoor,
    hold: () => { for (const socket of sockets) socket.unpipe().pause(); },
  };
}

describe('libvirt itself', () => {
  test('that goes away and returns is found again, and calls in between fail immediately', async () => {
    const libvirt = await door();
    const driver = await open(libvirt.uri);
    expect(await driver.list()).toBeInstanceOf(Array);
    const states = changes(driver);
    await libvirt.shut();
    await states.until('lost');
    await expect(driver.list({ timeoutMs: 20_000 })).rejects.toMatchObject({ code: 'unavailable' });
    expect(await driver.isAlive()).toBe(false);
    await libvirt.open();
    await states.until('connected');
    expect(await driver.list()).toBeInstanceOf(Array);
  });

  test('that accepts everything and answers nothing is detected by its silence', async () => {
    const libvirt = await door();
    const driver = await open(libvirt.uri);
    const states = changes(driver);
    await driver.list();
    libvirt.hold();
    await expect(driver.list({ timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'timeout', details: { begun: true } });
    await states.until('lost'); // five seconds, three times, without an answer
    await states.until('connected'); // new connections are accepted
    expect(await driver.list()).toBeInstanceOf(Array);
  });

  test('that is missing from the start is waited for, and reported', async () => {
    const libvirt = await door();
    await libvirt.shut();
    const driver = new LibvirtDriver({ uri: libvirt.uri, log: silent });
    cleanups.push(async () => await driver.close());
    await expect(driver.whenConnected({ timeoutMs: 2_000 })).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('cannot be reached') as string });
    await expect(driver.list()).rejects.toMatchObject({ code: 'unavailable', details: { libvirtCode: 38 } });
    await libvirt.open();
    await driver.whenConnected({ timeoutMs: 20_000 });
    expect(await driver.list()).toBeInstanceOf(Array);
  });
});

test('when the control plane is killed its libvirt processes end with it, even one that hangs in a call, and the VM keeps running', async () => {
  const driver = await open();
  const { name, qemuPid } = await startVm(driver);
  const parent = spawn(process.execPath, [fileURLToPath(new URL('../support/libvirt-parent.ts', import.meta.url)), name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(parent.stdout), 'line') as [string];
  process.kill(qemuPid, 'SIGSTOP');
  parent.kill('SIGUSR2'); // now it calls, and hangs
  const children = JSON.parse(line) as number[];
  expect(children.length).toBeGreaterThanOrEqual(2);
  await pollUntil('the call to hang', { timeoutMs: 10_000, intervalMs: 20 }, async () => children.some((pid) => readFileSync(`/proc/${pid}/wchan`, 'utf8').includes('poll')) || undefined);
  parent.kill('SIGKILL');
  await pollUntil('the children to end', { timeoutMs: 10_000, intervalMs: 20 }, async () => children.every((pid) => !isRunning(pid)) || undefined);
  process.kill(qemuPid, 'SIGCONT');
  expect(await driver.find(name)).toMatchObject({ state: 'running' });
});

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}
