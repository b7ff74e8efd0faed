// Tokens with which programs in a VM identify themselves to the VM API. Each is valid only on connections from its own VM, so a copy of it is useless elsewhere; a fork has another id and so another token.
import { createHmac, timingSafeEqual } from 'node:crypto';

export class VmTokens {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** The same at each call, so that programs that read it once keep working when the control plane restarts. */
  of(environmentId: string): string {
    return `somnusvm_${createHmac('sha256', this.#key).update(environmentId).digest('hex')}`;
  }

  matches(environmentId: string, token: string): boolean {
    const expected = Buffer.from(this.of(environmentId));
    const given = Buffer.from(token);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}
