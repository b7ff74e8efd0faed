// Users for admins: lists users, and removes one with or without their environments and memory.
import { SomnusError } from '../../common/errors.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { Caller } from '../keys/caller.ts';
import type { SqliteApiKeys } from '../keys/sqlite-api-keys.ts';
import type { RemovedUser, RemoveUserOptions, User, UserService } from './user.ts';

export interface UsersDeps {
  keys: Pick<SqliteApiKeys, 'users' | 'removeUser'>;
  records: { all(): EnvironmentRecord[] };
  environments: Pick<EnvironmentService, 'perform'>;
  memory: { shred(caller: Caller): Promise<{ spaces: number }> };
  /** Everything else with content: research, collaborations. */
  content: { remove(user: string): Promise<void> };
}

export class Users implements UserService {
  readonly #deps: UsersDeps;

  constructor(deps: UsersDeps) {
    this.#deps = deps;
  }

  async list(): Promise<User[]> {
    return this.#deps.keys.users().map((user) => ({ ...user, environments: this.#ownedBy(user.id).length }));
  }

  async remove(caller: Caller, ref: string, options: RemoveUserOptions): Promise<RemovedUser> {
    const { keys, environments, memory, content } = this.#deps;
    const user = (await this.list()).find(({ id, name }) => id === ref || name === ref);
    if (user === undefined) throw new SomnusError('not_found', `There is no user ${JSON.stringify(ref)}`, { hint: 'See `somnus user ls`.' });
    if (user.id === caller.user) throw new SomnusError('invalid_state', 'You cannot remove the user whose key you are using', { hint: 'Use an admin key of another user.' });
    const owned = this.#ownedBy(user.id);
    if (owned.length > 0 && !options.removeEnvironments) {
      throw new SomnusError('invalid_state', `${user.name} owns ${owned.length} environment${owned.length === 1 ? '' : 's'}: ${owned.map(({ name }) => name).join(', ')}`, {
        hint: `Remove them first, or with \`somnus user rm ${user.name} --remove-environments\`; removed environments can be restored.`, details: { environmentIds: owned.map(({ id }) => id) },
      });
    }
    const busy = owned.find(({ operationId }) => operationId !== null);
    if (busy) throw new SomnusError('operation_in_progress', `${busy.name} is in use by the operation ${busy.operationId}`, { details: { operationId: busy.operationId } });
    for (const { id } of owned) await environments.perform(caller, 'remove', id);
    const shredded = options.shredMemory ? await memory.shred({ keyId: caller.keyId, user: user.id, scopes: ['read', 'write'], environmentId: null, mayPurge: true }) : { spaces: 0 };
    if (options.shredMemory) await content.remove(user.id);
    keys.removeUser(user, caller.keyId);
    return { user, removedEnvironments: owned.map(({ name }) => name), shreddedSpaces: shredded.spaces };
  }

  #ownedBy(userId: string): EnvironmentRecord[] {
    return this.#deps.records.all().filter(({ owner, state }) => owner === userId && state !== 'removed');
  }
}
