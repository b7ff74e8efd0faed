import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openVirtioPort, SerialPort, type PortDevice } from '../../agent/serial-port.ts';

/** A device whose reads the test answers one by one. */
class FakeDevice implements PortDevice {
  readonly written: string[] = [];
  readonly #reads: ((chunk: string | Error) => void)[] = [];
  readonly #waiters: (() => void)[] = [];

  async read(buffer: Uint8Array): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#reads.push((chunk) => {
      if (chunk instanceof Error) reject(chunk);
      else resolve(Buffer.from(chunk).copy(buffer));
    });
    this.#waiters.shift()?.();
    return await promise;
  }

  /** Waits until the port reads, then answers: '' is end-of-file. */
  async answer(chunk: string | Error): Promise<void> {
    if (this.#reads.length === 0) await new Promise<void>((resolve) => { this.#waiters.push(resolve); });
    this.#reads.shift()?.(chunk);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.written.push(Buffer.from(bytes).toString());
  }

  async close(): Promise<void> {}
}

function runPort(devices: (() => Promise<PortDevice>)[]): { port: SerialPort; seen: string[]; waitFor: (what: string) => Promise<void>; log: string[] } {
  const seen: string[] = [];
  const log: string[] = [];
  const waiters = new Set<() => void>();
  const see = (what: string): void => { seen.push(what); for (const check of waiters) check(); };
  const port = new SerialPort({
    open: () => (devices.length > 1 ? devices.shift()! : devices[0]!)(),
    log: (message) => log.push(message),
    handlers: { connected: () => see('connected'), data: (chunk) => see(Buffer.from(chunk).toString()), disconnected: () => see('disconnected') },
  });
  void port.run();
  const waitFor = async (what: string): Promise<void> => {
    await new Promise<void>((resolve) => {
      const check = (): void => { if (seen.includes(what)) { waiters.delete(check); resolve(); } };
      waiters.add(check);
      check();
    });
  };
  return { port, seen, waitFor, log };
}

test('A pending read means that the host is connected', async () => {
  const { waitFor, seen } = runPort([async () => new FakeDevice()]);
  await waitFor('connected');
  expect(seen).toEqual(['connected']);
});

test('Data is passed on immediately, after the news that the host is connected', async () => {
  const device = new FakeDevice();
  const { waitFor, seen } = runPort([async () => device]);
  await device.answer('hello');
  await waitFor('hello');
  expect(seen).toEqual(['connected', 'hello']);
});

test('After end-of-file the port is read again, and the host is heard when it reconnects', async () => {
  const device = new FakeDevice();
  const { waitFor, seen } = runPort([async () => device]);
  await device.answer('one');
  await device.answer('');
  await device.answer('');
  await device.answer('two');
  await waitFor('two');
  expect(seen).toEqual(['connected', 'one', 'disconnected', 'connected', 'two']);
});

test('While no host is connected the port is read less and less often, at most once a second in the end', async () => {
  const device = new FakeDevice();
  runPort([async () => device]);
  const startedAt = performance.now();
  for (let reads = 0; reads < 7; reads += 1) await device.answer('');
  expect(performance.now() - startedAt).toBeGreaterThan(800); // 20 + 50 + 100 + 200 + 500 ms lie between them
});

test('What is sent while no host is connected is dropped, not kept for the next one', async () => {
  const device = new FakeDevice();
  const { port, waitFor } = runPort([async () => device]);
  await device.answer('');
  port.send(Buffer.from('lost'));
  await device.answer('hi');
  await waitFor('hi');
  port.send(Buffer.from('heard'));
  await expect.poll(() => device.written).toEqual(['heard']);
});

test('A port that cannot be opened or breaks is opened again, and reported once', async () => {
  const device = new FakeDevice();
  const { waitFor, log } = runPort([async () => { throw new Error('busy'); }, async () => { throw new Error('busy'); }, async () => device]);
  await device.answer('up');
  await waitFor('up');
  expect(log).toEqual(['port: busy; retrying every second']);
});

test('The port is found by its name in /sys, whatever its number', async () => {
  const root = await mkdtemp(join(tmpdir(), 'agent-port-'));
  onTestFinished(async () => { await rm(root, { recursive: true }); });
  await mkdir(join(root, 'dev'));
  for (const [port, name] of [['vport2p1', 'org.qemu.guest_agent.0'], ['vport2p7', 'somnus.agent.0']] as const) {
    await mkdir(join(root, 'sys/class/virtio-ports', port), { recursive: true });
    await writeFile(join(root, 'sys/class/virtio-ports', port, 'name'), `${name}\n`);
    await writeFile(join(root, 'dev', port), port);
  }
  const device = await openVirtioPort('somnus.agent.0', root);
  const buffer = Buffer.alloc(16);
  expect(buffer.toString('latin1', 0, await device.read(buffer))).toBe('vport2p7');
  await device.close();
  await expect(openVirtioPort('other.0', root)).rejects.toThrow('no virtio-serial port other.0');
});
