// The user as admins see one, and what they can do with users. The implementation is users.ts.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import type { Caller } from '../keys/caller.ts';

export const User = z.strictObject({
  id: idSchema('usr'),
  name: z.string(),
  createdAt: z.iso.datetime(),
  keys: z.int().meta({ description: 'How many valid API keys the user has.' }),
  environments: z.int().meta({ description: 'How many environments the user owns; removed ones not counted.' }),
});
export type User = z.infer<typeof User>;

export const RemovedUser = z.strictObject({
  user: User,
  removedEnvironments: z.array(z.string()).meta({ description: 'Names of the environments that are being removed. An admin can bring them back with undelete, until they are purged.' }),
  shreddedSpaces: z.int().meta({ description: 'How many memory spaces were destroyed for good.' }),
});
export type RemovedUser = z.infer<typeof RemovedUser>;

export interface RemoveUserOptions { removeEnvironments: boolean; shredMemory: boolean }

export interface UserService {
  /** By name. */
  list(): Promise<User[]>;
  /**
   * Revokes all keys of a user. Memory stays, sealed, unless it is to be shredded; a key made for the same name brings the user back.
   * @throws not_found; invalid_state for the caller, and for one who owns environments unless those are to be removed, too; operation_in_progress
   */
  remove(caller: Caller, ref: string, options: RemoveUserOptions): Promise<RemovedUser>;
}
