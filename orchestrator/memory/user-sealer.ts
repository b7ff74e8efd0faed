// Lets other parts of Somnus seal a user's content with the user's own key without access to the key.
import { SomnusError } from '../../common/errors.ts';
import type { Spaces } from './spaces.ts';

export interface Sealer {
  /** Undefined while the user's memory is locked. */
  seal(userId: string, plain: Buffer, context: string): Buffer | undefined;
  unseal(userId: string, sealed: Buffer, context: string): Buffer | undefined;
}

export function userSealer(spaces: Spaces): Sealer {
  const whenUnlocked = (work: () => Buffer): Buffer | undefined => {
    try {
      return work();
    } catch (error) {
      if (error instanceof SomnusError && ['locked', 'not_found'].includes(error.code)) return undefined;
      throw error;
    }
  };
  return {
    seal: (userId, plain, context) => whenUnlocked(() => spaces.get(userId).keys.seal(plain, context)),
    unseal: (userId, sealed, context) => whenUnlocked(() => spaces.get(userId).keys.unseal(sealed, context)),
  };
}
