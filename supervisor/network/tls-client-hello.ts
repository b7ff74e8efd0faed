// Parses the server name from the start of a TLS connection (RFC 8446 §4.1.2, RFC 6066 §3). Pure; accepts any bytes, in any chunks.

export type ClientHello =
  /** More bytes are needed. */
  | { kind: 'incomplete' }
  /** Not TLS, or without exactly one plain name. */
  | { kind: 'unusable'; reason: string }
  | { kind: 'named'; serverName: string };

/** Larger than any real ClientHello; post-quantum ones take about two thousand bytes. */
const maxHelloBytes = 32 * 1024;

const hostName = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i;

/** Whether these are the first bytes of a TLS handshake record; false for HTTP. */
export function looksLikeTls(bytes: Uint8Array): boolean {
  return bytes[0] === 22;
}

/** Parses what has arrived so far. */
export function readClientHello(bytes: Buffer): ClientHello {
  const message = handshakeBytes(bytes);
  if (typeof message === 'string') return { kind: 'unusable', reason: message };
  if (message.length < 4) return waiting(bytes);
  if (message[0] !== 1) return { kind: 'unusable', reason: 'the handshake does not start with a ClientHello' };
  const length = message.readUIntBE(1, 3);
  if (length > maxHelloBytes) return { kind: 'unusable', reason: 'the ClientHello is too long' };
  if (message.length < 4 + length) return waiting(bytes);
  try {
    return serverNameOf(new Reader(message.subarray(4, 4 + length)));
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'unusable', reason: 'the ClientHello is malformed' };
    throw error;
  }
}

function waiting(bytes: Buffer): ClientHello {
  return bytes.length > maxHelloBytes ? { kind: 'unusable', reason: 'the ClientHello is too long' } : { kind: 'incomplete' };
}

/** Joins the contents of the records so far, because a message may be split across several. Returns a string with the reason on error. */
function handshakeBytes(bytes: Buffer): Buffer | string {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== 22) return parts.length === 0 ? 'not TLS' : 'the ClientHello is interrupted';
    if (bytes.length < at + 5) break;
    if (bytes[at + 1] !== 3) return 'not TLS';
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > 16_384) return 'a record has a wrong length';
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return Buffer.concat(parts);
}

function serverNameOf(hello: Reader): ClientHello {
  hello.take(2 + 32); // version, random
  hello.take(hello.number(1)); // session id
  hello.take(hello.number(2)); // cipher suites
  hello.take(hello.number(1)); // compression methods
  if (hello.left === 0) return { kind: 'unusable', reason: 'no server name' };
  const extensions = new Reader(hello.take(hello.number(2)));
  const names: string[] = [];
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const content = new Reader(extensions.take(extensions.number(2)));
    if (type !== 0) continue;
    const list = new Reader(content.take(content.number(2)));
    while (list.left > 0) {
      const nameType = list.number(1);
      const name = list.take(list.number(2)).toString('latin1');
      if (nameType === 0) names.push(name);
    }
  }
  const [serverName] = names;
  if (serverName === undefined) return { kind: 'unusable', reason: 'no server name' };
  if (names.length > 1 || serverName.length > 253 || !hostName.test(serverName)) return { kind: 'unusable', reason: 'the server name is not one plain name' };
  return { kind: 'named', serverName: serverName.toLowerCase() };
}

/** Reads bytes from the front. @throws RangeError when there are too few */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(count: number): Buffer {
    if (count > this.left) throw new RangeError('too few bytes');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  number(bytes: 1 | 2): number {
    return this.take(bytes).readUIntBE(0, bytes);
  }
}
