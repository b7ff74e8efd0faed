// The jobs that run a collaboration's commands in the VMs of its members. A job belongs to the program holder in the guest, so it survives lost connections and restarts of Somnus, and starting it again with the same id does nothing.
import { Readable } from 'node:stream';
import type { ProgramRecord } from '../../agent/contract/programs.ts';
import { SomnusError } from '../../common/errors.ts';
import type { GuestChannel } from '../../supervisor/guest/guest-channel.ts';
import type { ProgramHolder } from '../../supervisor/guest/program-holder.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { Caller } from '../keys/caller.ts';
import { ANSWER_BYTES } from './collaboration.ts';

export interface CommandJob { id: string; name: string; command: readonly string[]; cwd: string | null; env: Record<string, string>; input: string | null }

export interface MemberJobsDeps {
  environments: Pick<EnvironmentService, 'channel'>;
  holder: (channel: GuestChannel) => ProgramHolder;
  /** Reports the progress and end of the job as events. */
  watch: (environmentId: string, jobIds: readonly string[]) => void;
}

/** The program with its arguments reads a file instead of standard input, and finds it deleted afterwards. */
const withInput = 'exec <"$0" || exit 1; rm -f -- "$0"; exec "$@"';

export class MemberJobs {
  readonly #deps: MemberJobsDeps;

  constructor(deps: MemberJobsDeps) {
    this.#deps = deps;
  }

  /** Repeatable. @throws guest_unreachable, invalid_state when the environment is not running, and others */
  async start(owner: string, environmentId: string, { id, name, command, cwd, env, input }: CommandJob): Promise<void> {
    const channel = await this.#channel(owner, environmentId);
    const holder = this.#deps.holder(channel);
    const file = `/run/somnus-input-${id}`;
    if (input !== null && !(await holder.list()).some((program) => program.id === id)) await channel.writeFile(file, Readable.from([Buffer.from(input)]), { mode: 0o600 });
    await holder.start(id, { name, command: input === null ? [...command] : ['/bin/sh', '-c', withInput, file, ...command], cwd, env, stdin: false, tty: null });
    this.#deps.watch(environmentId, [id]);
  }

  /** All jobs of a member, by id. */
  async list(owner: string, environmentId: string): Promise<ReadonlyMap<string, ProgramRecord>> {
    const programs = await this.#deps.holder(await this.#channel(owner, environmentId)).list();
    return new Map(programs.map((program) => [program.id, program]));
  }

  /** @throws too_large */
  async output(owner: string, environmentId: string, { id, stdoutBytes }: ProgramRecord): Promise<string> {
    if (stdoutBytes > ANSWER_BYTES) throw new SomnusError('too_large', `The command printed ${stdoutBytes} bytes; an answer has at most 1 MiB`);
    const { content } = await this.#deps.holder(await this.#channel(owner, environmentId)).output(id, 'stdout', { from: 0, follow: false }, AbortSignal.timeout(60_000));
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of content as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES) throw new SomnusError('too_large', 'The command printed more than 1 MiB');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  /** Sends TERM, and KILL after five seconds. Repeatable. */
  async stop(owner: string, environmentId: string, id: string): Promise<void> {
    await this.#deps.holder(await this.#channel(owner, environmentId)).end(id);
  }

  async #channel(owner: string, environmentId: string): Promise<GuestChannel> {
    return await this.#deps.environments.channel(memberCaller(owner, environmentId), environmentId);
  }
}

/** The caller for what Somnus does in a member by itself. */
export function memberCaller(owner: string, environmentId: string): Caller {
  return { keyId: 'collaboration', user: owner, scopes: ['read', 'write'], environmentId, mayPurge: false };
}
