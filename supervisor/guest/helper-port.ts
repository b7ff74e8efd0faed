// The host's end of a VM's port to its helper (images/guest/files/usr/local/lib/somnus/helper), a small program that verifies a guest after its memory
// was loaded, and gives it its clock, random numbers and identity: it answers sooner than the agent. The guest is not trusted: answers are validated.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Identity } from '../../agent/contract.ts';
import { identityFiles, networkBatch } from '../../agent/contract/identity-files.ts';
import { SomnusError } from '../../common/errors.ts';
import { printable } from './bounded-text.ts';
import { LinePort, type WaitOptions } from './line-port.ts';

/** What the helper knows of its guest. */
export interface HelperState {
  /** The identity that is in effect; generation 0 if there is none. */
  environmentId: string;
  generation: number;
  /** Whether the agent has reported since the boot that the guest is ready, and SSH listens. */
  ready: boolean;
  bootId: string;
  /** The guest's clock. */
  unixMs: number;
}

const State = z.tuple([z.string().max(64), z.coerce.number().int(), z.enum(['0', '1']), z.string().max(64), z.coerce.number()])
  .transform(([environmentId, generation, ready, bootId, unixMs]): HelperState => ({ environmentId, generation, ready: ready === '1', bootId, unixMs }));

const SEED_BYTES = 32;

export class HelperPort {
  readonly #port: LinePort<string>;
  #lastState: HelperState | undefined;

  constructor({ socketPath }: { socketPath: string }) {
    this.#port = new LinePort({
      socketPath, program: 'helper',
      receive: (line) => {
        const [, id, answer] = /^(\d{1,15}) (.*)$/.exec(line ?? '') ?? [];
        return answer === undefined ? undefined : { id: Number(id), answer };
      },
    });
  }

  /** Waits until QEMU accepts the connection, whether or not the helper answers. @throws timeout, cancelled */
  async connect(options: WaitOptions): Promise<void> {
    await this.#port.connect(options);
  }

  /** @throws as `LinePort.ask`; guest_unreachable when the answer is not valid */
  async state(options: WaitOptions): Promise<HelperState> {
    return await this.#ask('state', () => 'state', options);
  }

  /** Sets the clock to the host's, mixes random bytes into the guest's, and applies the identity, if there is one. Repeatable. @throws as `state`; internal with the helper's error */
  async apply(identity: Identity | undefined, options: WaitOptions): Promise<HelperState> {
    const fields = [`seed=${randomBytes(SEED_BYTES).toString('hex')}`, ...(identity ? identityFields(identity) : [])].join(' ');
    return await this.#ask('apply', () => `apply clock=${clock(Date.now())} ${fields}`, options);
  }

  /** Its latest answer since this port was created. */
  get lastState(): HelperState | undefined {
    return this.#lastState;
  }

  async close(): Promise<void> {
    await this.#port.close();
  }

  async #ask(what: string, request: () => string, options: WaitOptions): Promise<HelperState> {
    const answer = await this.#port.ask(what, (id) => `${id} ${request()}`, options);
    const [outcome, ...fields] = answer.split(' ');
    if (outcome === 'error') throw new SomnusError('internal', `The helper in the VM: ${printable(fields.join(' '))}`, { hint: 'See `somnus logs NAME`.' });
    const state = State.safeParse(fields);
    if (outcome !== 'ok' || !state.success) throw new SomnusError('guest_unreachable', `The helper's answer to ${what} is not valid: ${printable(answer)}`);
    this.#lastState = state.data;
    return state.data;
  }
}

function identityFields(identity: Identity): string[] {
  const { mac, ip } = identity.network;
  return [
    `hostname=${hex(identity.hostname)}`, `mac=${mac}`, `ip=${ip}`, `network=${hex(networkBatch(identity.network))}`,
    ...identityFiles(identity).map(({ path, content, mode }) => `file=${mode.toString(8)}:${hex(`/${path}`)}:${hex(content)}`),
  ];
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

function clock(unixMs: number): string {
  return `${Math.floor(unixMs / 1000)}.${Math.floor(unixMs % 1000) * 1_000_000}`;
}
