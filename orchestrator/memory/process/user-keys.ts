// The keys that encrypt users' entries in the system cache while their memory is unlocked. Each is derived from the user's key only for this purpose.
import { toSomnusError } from '../../../common/errors.ts';
import { seal, unseal } from '../crypto/seal.ts';
import type { UserSealer } from '../../cache/cache-store.ts';

export class UserKeys implements UserSealer {
  readonly #keys = new Map<string, Buffer>();

  add(userId: string, key: Buffer): void {
    this.#keys.set(userId, Buffer.from(key));
  }

  remove(userId: string): void {
    this.#keys.get(userId)?.fill(0);
    this.#keys.delete(userId);
  }

  clear(): void {
    for (const userId of this.#keys.keys()) this.remove(userId);
  }

  seal(userId: string, plain: Buffer, context: string): Buffer | undefined {
    const key = this.#keys.get(userId);
    return key && seal(key, plain, context);
  }

  unseal(userId: string, sealed: Buffer, context: string): Buffer | undefined {
    const key = this.#keys.get(userId);
    try {
      return key && unseal(key, sealed, context);
    } catch (error) {
      if (toSomnusError(error).code === 'corrupt') return undefined; // damaged, or from a version that used another key
      throw error;
    }
  }
}
