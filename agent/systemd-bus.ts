// Talks to PID 1 over systemd's own socket: checks whether it answers, and sets how often it must reset the VM's watchdog timer. The few D-Bus
// messages are encoded by hand, because starting busctl would take a second on an emulated CPU.
import { createConnection } from 'node:net';

const SOCKET = '/run/systemd/private';
const METHOD_CALL = 1;
const [METHOD_RETURN, ERROR] = [2, 3];
const field = { path: 1, interface: 2, member: 3, signature: 8 } as const;
const FIXED_HEADER_BYTES = 16;
const MOST_BYTES = 65_536;

/** A 64-bit number in a property. */
interface PropertyValue { interface: string; property: string; value: bigint }
interface BusCall { path: string; interface: string; member: string; set?: PropertyValue }

/** Whether PID 1 answers within the time. Never throws. */
export async function initAnswers(timeoutMs: number, socketPath = SOCKET): Promise<boolean> {
  return await call({ path: '/org/freedesktop/systemd1', interface: 'org.freedesktop.DBus.Peer', member: 'Ping' }, timeoutMs, socketPath).then(() => true, () => false);
}

/**
 * Sets the watchdog timeout; PID 1 resets the device's timer twice in this time, and 0 switches the device off. @throws Error when PID 1 refuses, or
 * does not answer in time
 */
export async function setRuntimeWatchdog(seconds: number, timeoutMs: number, socketPath = SOCKET): Promise<void> {
  await call({
    path: '/org/freedesktop/systemd1', interface: 'org.freedesktop.DBus.Properties', member: 'Set',
    set: { interface: 'org.freedesktop.systemd1.Manager', property: 'RuntimeWatchdogUSec', value: BigInt(seconds) * 1_000_000n },
  }, timeoutMs, socketPath);
}

async function call(busCall: BusCall, timeoutMs: number, socketPath: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = createConnection(socketPath);
  const timer = setTimeout(() => reject(new Error(`PID 1 did not answer within ${timeoutMs} ms`)), timeoutMs);
  let received = Buffer.alloc(0);
  let authenticated = false;
  socket.on('error', reject).on('close', () => reject(new Error('PID 1 closed the connection')));
  socket.on('connect', () => socket.write('\0AUTH EXTERNAL 30\r\n')); // as uid 0: the hexadecimal code of "0"
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length > MOST_BYTES) reject(new Error('PID 1 sent too much data'));
    if (!authenticated) {
      const end = received.indexOf('\r\n');
      if (end < 0) return;
      if (!received.subarray(0, 3).equals(Buffer.from('OK '))) return reject(new Error(`PID 1 refused: ${received.toString('latin1', 0, end)}`));
      authenticated = true;
      received = received.subarray(end + 2);
      socket.write('BEGIN\r\n');
      socket.write(message(busCall));
    }
    for (let size = messageBytes(received); size !== undefined && received.length >= size; size = messageBytes(received)) {
      if (received[1] === METHOD_RETURN) resolve();
      if (received[1] === ERROR) reject(new Error(`PID 1 refused ${busCall.member}`));
      received = received.subarray(size);
    }
  });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Returns the size of the message at the start; undefined while its header is incomplete. */
function messageBytes(received: Buffer): number | undefined {
  if (received.length < FIXED_HEADER_BYTES) return undefined;
  const read = (at: number): number => (received[0] === 0x6c ? received.readUInt32LE(at) : received.readUInt32BE(at));
  return align(FIXED_HEADER_BYTES + read(12), 8) + read(4);
}

/** Encodes a method call, little-endian: the fixed header, an array of header fields, the body. Exported for its test. */
export function message({ path, interface: name, member, set }: BusCall): Buffer {
  const body = new Marshaller();
  if (set) body.string(set.interface).string(set.property).signature('t').align(8).uint64(set.value);
  const fields = new Marshaller();
  const add = (code: number, type: 'o' | 's' | 'g', text: string): void => {
    fields.align(8).byte(code).signature(type);
    if (type === 'g') fields.signature(text);
    else fields.string(text);
  };
  add(field.path, 'o', path);
  add(field.interface, 's', name);
  add(field.member, 's', member);
  if (set) add(field.signature, 'g', 'ssv');
  const head = new Marshaller().byte(0x6c).byte(METHOD_CALL).byte(0).byte(1).uint32(body.length).uint32(1).uint32(fields.length).bytes(fields).align(8);
  return Buffer.concat([head.buffer, body.buffer]);
}

class Marshaller {
  buffer = Buffer.alloc(0);

  get length(): number { return this.buffer.length; }
  align(to: number): this { return this.#add(Buffer.alloc(align(this.length, to) - this.length)); }
  byte(value: number): this { return this.#add(Buffer.from([value])); }
  bytes({ buffer }: Marshaller): this { return this.#add(buffer); }
  signature(text: string): this { return this.byte(text.length).#add(Buffer.from(`${text}\0`, 'latin1')); }
  string(text: string): this { return this.uint32(Buffer.byteLength(text)).#add(Buffer.from(`${text}\0`)); }

  uint32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.align(4).#add(bytes);
  }

  uint64(value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return this.align(8).#add(bytes);
  }

  #add(bytes: Buffer): this {
    this.buffer = Buffer.concat([this.buffer, bytes]);
    return this;
  }
}

function align(length: number, to: number): number {
  return Math.ceil(length / to) * to;
}
