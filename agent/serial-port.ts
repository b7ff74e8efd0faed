// The virtio-serial port as a stream of bytes that survives the host connecting and disconnecting. Independent of the protocol.
//
// The kernel answers a read with end-of-file whenever no host program has the port open, so end-of-file means "try again later". While the host is
// connected a read blocks in a thread of libuv's pool, which costs nothing; a write blocks too after the host has disconnected.
import { close, constants, open, read, readdirSync, readFileSync, write } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const CHUNK_BYTES = 65_536;
/** A read that is still pending after this long means that the host is connected. */
const CONNECTED_AFTER_MS = 20;
/** Delays between reads while no host is connected: short at first, since most disconnections are a reconnect. */
const RETRY_MS = [20, 50, 100, 200, 500, 1000] as const;

/** The device behind the port; tests replace it. */
export interface PortDevice {
  /** Reads into `buffer` and returns the number of bytes; 0 when no host is connected. */
  read(buffer: Uint8Array): Promise<number>;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

interface SerialPortHandlers {
  /** The host has opened the port, or the agent has just found it open. */
  connected(): void;
  data(chunk: Uint8Array): void;
  disconnected(): void;
}

export interface SerialPortOptions {
  open: () => Promise<PortDevice>;
  handlers: SerialPortHandlers;
  log: (message: string) => void;
}

export class SerialPort {
  readonly #options: SerialPortOptions;
  #device: PortDevice | undefined;
  #connected = false;
  #unsent: Buffer[] = [];
  #writing = false;

  constructor(options: SerialPortOptions) {
    this.#options = options;
  }

  /** Reads forever, whatever happens to the device or the host. */
  async run(): Promise<never> {
    for (let failures = 0; ;) {
      try {
        this.#device = await this.#options.open();
        failures = 0;
        await this.#readForever(this.#device);
      } catch (error) {
        failures += 1;
        if (failures === 1) this.#options.log(`port: ${(error as Error).message}; retrying every second`);
        this.#setConnected(false);
        await sleep(1000);
      } finally {
        await this.#device?.close().catch(() => {});
        this.#device = undefined;
      }
    }
  }

  /** Queues bytes for the host; drops them when it is not connected. */
  send(bytes: Buffer): void {
    if (!this.#connected) return;
    this.#unsent.push(bytes);
    if (!this.#writing) void this.#flush();
  }

  async #readForever(device: PortDevice): Promise<never> {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let absences = 0; ;) {
      const present = this.#connected ? undefined : setTimeout(() => this.#setConnected(true), CONNECTED_AFTER_MS);
      const length = await device.read(buffer).finally(() => clearTimeout(present));
      if (length > 0) {
        absences = 0;
        this.#setConnected(true);
        this.#options.handlers.data(buffer.subarray(0, length));
        continue;
      }
      if (this.#connected) absences = 0;
      this.#setConnected(false);
      await sleep(RETRY_MS[Math.min(absences, RETRY_MS.length - 1)] ?? 1000);
      absences += 1;
    }
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    if (connected) {
      this.#options.handlers.connected();
    } else {
      this.#unsent = [];
      this.#options.handlers.disconnected();
    }
  }

  async #flush(): Promise<void> {
    this.#writing = true;
    try {
      for (let bytes = this.#unsent.shift(); bytes !== undefined; bytes = this.#unsent.shift()) await this.#device?.write(bytes);
    } catch (error) {
      this.#unsent = [];
      this.#options.log(`port: ${(error as Error).message} while writing`);
    } finally {
      this.#writing = false;
    }
  }
}

/**
 * Opens the virtio-serial port with this name. Looks it up in /sys, because the links in /dev/virtio-ports appear only after udev has processed it.
 * @throws Error when the VM has no such port, or another process holds it
 */
export async function openVirtioPort(name: string, root = '/'): Promise<PortDevice> {
  const ports = join(root, 'sys/class/virtio-ports');
  const port = readdirSync(ports).find((entry) => readFileSync(join(ports, entry, 'name'), 'latin1').trim() === name);
  if (port === undefined) throw new Error(`this VM has no virtio-serial port ${name}`);
  const fd = await promisify(open)(join(root, 'dev', port), constants.O_RDWR);
  return {
    read: async (buffer) => (await promisify(read)(fd, buffer, 0, buffer.byteLength, null)).bytesRead,
    write: async (bytes) => {
      for (let sent = 0; sent < bytes.byteLength;) sent += (await promisify(write)(fd, bytes, sent)).bytesWritten;
    },
    close: async () => { await promisify(close)(fd); },
  };
}
