// Sealing: AES-256-GCM for everything that the memory core writes, and the keys of one space. Pure; other files store and wrap.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { SomnusError } from '../../../common/errors.ts';

const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES;

export const KEY_BYTES = 32;

/**
 * Seals bytes: format byte, random nonce, ciphertext, tag. `context` names what this is and where it belongs, so that write access to the
 * file is not enough to swap one sealed value for another.
 */
export function seal(key: Buffer | KeyObject, plain: Uint8Array, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([Buffer.of(FORMAT), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws SomnusError `corrupt` for a wrong key, a different context or a changed byte. */
export function unseal(key: Buffer | KeyObject, sealed: Uint8Array, context: string): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < HEADER_BYTES + TAG_BYTES || bytes[0] !== FORMAT) throw new SomnusError('corrupt', `Sealed ${context} has an unknown format`);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, HEADER_BYTES)).setAAD(Buffer.from(context));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  const plain = decipher.update(bytes.subarray(HEADER_BYTES, bytes.length - TAG_BYTES));
  try {
    decipher.final();
  } catch (cause) {
    throw new SomnusError('corrupt', `Sealed ${context} cannot be decrypted with this key`, { cause });
  }
  return plain;
}

/**
 * The keys derived from a space's data key: one for each purpose, so that no use weakens another. They are key objects, because Node prepares a
 * key in a buffer again for every call, which doubled the cost of a small record.
 */
export class SpaceKeys {
  readonly #records: KeyObject;
  readonly #index: KeyObject;
  readonly #fingerprints: KeyObject;
  readonly #cache: KeyObject;

  constructor(dataKey: Buffer) {
    const derive = (purpose: string): KeyObject => createSecretKey(Buffer.from(hkdfSync('sha256', dataKey, Buffer.alloc(0), `somnus memory ${purpose}`, KEY_BYTES)));
    this.#records = derive('records');
    this.#index = derive('index');
    this.#fingerprints = derive('fingerprints');
    this.#cache = derive('cache');
  }

  seal(plain: Uint8Array, context: string): Buffer {
    return seal(this.#records, plain, context);
  }

  unseal(sealed: Uint8Array, context: string): Buffer {
    return unseal(this.#records, sealed, context);
  }

  sealIndex(plain: Uint8Array, context: string): Buffer {
    return seal(this.#index, plain, context);
  }

  unsealIndex(sealed: Uint8Array, context: string): Buffer {
    return unseal(this.#index, sealed, context);
  }

  /** The key for a user's entries in the system cache, which another process encrypts. */
  cacheKey(): Buffer {
    return this.#cache.export();
  }

  /** A keyed hash: the same for equal texts of one space, and meaningless without the key. */
  fingerprint(text: string): Buffer {
    return createHmac('sha256', this.#fingerprints).update(text).digest().subarray(0, 16);
  }
}
