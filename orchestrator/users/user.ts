// Users as admins see them, and the operations on them. The implementation is users.ts.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import type { Caller } from '../keys/caller.ts';

export const User = z.strictObject({
  id: idSchema('usr'),
  name: z.string(),
  createdAt: z.iso.datetime(),
  keys: z.int().meta({ description: 'Number of the user\'s valid API keys.' }),
  environments: z.int().meta({ description: 'Number of the user\'s environments, without removed ones.' }),
});
export type User = z.infer<typeof User>;

export const RemovedUser = z.strictObject({
  user: User,
  removedEnvironments: z.array(z.string()).meta({ description: 'Names of the environments that are being removed. An admin can undelete them until they are purged.' }),
  shreddedSpaces: z.int().meta({ description: 'Number of memory spaces that were permanently destroyed.' }),
});
export type RemovedUser = z.infer<typeof RemovedUser>;

export interface RemoveUserOptions { removeEnvironments: boolean; shredMemory: boolean }

export interface UserService {
  /** By name. */
  list(): Promise<User[]>;
  /**
   * Revokes all keys of a user. Keeps their encrypted memory unless it is to be shredded; creating a key for the same name restores the user.
   * @throws not_found; invalid_state for the caller, and for a user with environments unless those are to be removed, too; operation_in_progress
   */
  remove(caller: Caller, ref: string, options: RemoveUserOptions): Promise<RemovedUser>;
}
