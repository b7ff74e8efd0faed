// Fernet tokens (github.com/fernet/spec) to hand a single memory to another program. For exchange only: seal.ts seals stored data.
import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { SomnusError } from '../../../common/errors.ts';

const VERSION = 0x80;
const HEADER_BYTES = 25;
const HMAC_BYTES = 32;
const BLOCK_BYTES = 16;
const MAX_CLOCK_SKEW_SECONDS = 60;

/** Creates a Fernet key: 16 bytes for signing, 16 for encryption, base64url. */
export function newFernetKey(): string {
  return encode(randomBytes(32));
}

/** `options` set the clock and the initialization vector, for the specification's test vectors. */
export function fernetToken(key: string, message: Uint8Array, options: { nowMs?: number; iv?: Buffer } = {}): string {
  const { signing, encryption } = keyParts(key);
  const iv = options.iv ?? randomBytes(BLOCK_BYTES);
  const header = Buffer.alloc(9);
  header[0] = VERSION;
  header.writeBigUInt64BE(BigInt(Math.floor((options.nowMs ?? Date.now()) / 1000)), 1);
  const cipher = createCipheriv('aes-128-cbc', encryption, iv);
  const signed = Buffer.concat([header, iv, cipher.update(message), cipher.final()]);
  return encode(Buffer.concat([signed, createHmac('sha256', signing).update(signed).digest()]));
}

/** Returns the token's message. @throws SomnusError `invalid_request` when it is malformed, expired, from the future, or signed by another key. */
export function readFernetToken(key: string, token: string, options: { nowMs?: number; ttlSeconds?: number } = {}): Buffer {
  const { signing, encryption } = keyParts(key);
  const bytes = decode(token);
  if (bytes === undefined || bytes.length < HEADER_BYTES + BLOCK_BYTES + HMAC_BYTES || (bytes.length - HEADER_BYTES - HMAC_BYTES) % BLOCK_BYTES !== 0 || bytes[0] !== VERSION) {
    throw refused('is malformed');
  }
  const signed = bytes.subarray(0, bytes.length - HMAC_BYTES);
  if (!timingSafeEqual(createHmac('sha256', signing).update(signed).digest(), bytes.subarray(-HMAC_BYTES))) throw refused('was not signed with this key');
  const now = (options.nowMs ?? Date.now()) / 1000;
  const made = Number(bytes.readBigUInt64BE(1));
  if (options.ttlSeconds !== undefined && made + options.ttlSeconds < now) throw refused('has expired');
  if (made > now + MAX_CLOCK_SKEW_SECONDS) throw refused('is from the future');
  const decipher = createDecipheriv('aes-128-cbc', encryption, signed.subarray(9, HEADER_BYTES));
  try {
    return Buffer.concat([decipher.update(signed.subarray(HEADER_BYTES)), decipher.final()]);
  } catch (cause) {
    throw refused('has wrong padding', cause);
  }
}

function keyParts(key: string): { signing: Buffer; encryption: Buffer } {
  const bytes = decode(key);
  if (bytes?.length !== 32) throw new SomnusError('invalid_request', 'A Fernet key must be 32 bytes in base64url', { details: { field: 'key' } });
  return { signing: bytes.subarray(0, 16), encryption: bytes.subarray(16) };
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Decodes strictly: Node skips characters that are not base64, and would accept tokens that other programs refuse. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return encode(bytes).replace(/=+$/, '') === text.replace(/=+$/, '') ? bytes : undefined;
}

function refused(why: string, cause?: unknown): SomnusError {
  return new SomnusError('invalid_request', `The Fernet token ${why}`, { details: { field: 'token' }, cause });
}
