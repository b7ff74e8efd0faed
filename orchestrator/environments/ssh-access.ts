// What an SSH client needs to log in to an environment: the key that the guest accepts, and the host key to expect. The client connects through `somnus ssh-proxy`.
import { z } from 'zod';
import { readKeys } from '../../supervisor/guest/key-folder.ts';
import type { EnvironmentService } from './environment-service.ts';
import type { Caller } from '../keys/caller.ts';

export const SshAccess = z.strictObject({
  environmentId: z.string(),
  name: z.string(),
  user: z.string(),
  privateKey: z.string().meta({ description: 'In the format of OpenSSH. Gives root access to the environment to those who can reach it.' }),
  hostPublicKey: z.string().meta({ description: 'The host key of the environment, as in a known_hosts file.' }),
});
export type SshAccess = z.infer<typeof SshAccess>;

export interface SshAccessService {
  /** @throws not_found */
  of(caller: Caller, ref: string): Promise<SshAccess>;
}

export class SshAccesses implements SshAccessService {
  readonly #environments: Pick<EnvironmentService, 'get'>;
  readonly #keysDir: (environmentId: string) => string;

  constructor(environments: Pick<EnvironmentService, 'get'>, keysDir: (environmentId: string) => string) {
    this.#environments = environments;
    this.#keysDir = keysDir;
  }

  async of(caller: Caller, ref: string): Promise<SshAccess> {
    const { id, name } = await this.#environments.get(caller, ref);
    const { clientPrivateKey, hostPublicKey } = await readKeys(this.#keysDir(id));
    return { environmentId: id, name, user: 'root', privateKey: clientPrivateKey, hostPublicKey };
  }
}
