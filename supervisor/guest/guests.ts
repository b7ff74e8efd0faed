// The open connections to the VMs of a host: the ports of agent and helper and one SSH channel per environment, created on first use, closed when the VM ends.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '../../common/log.ts';
import { runFiles } from '../domain/domain-xml.ts';
import { AgentPort } from './agent-port.ts';
import type { GuestChannel } from './guest-channel.ts';
import { HelperPort } from './helper-port.ts';
import { readKeys } from './key-folder.ts';
import { Ssh2Channel } from './ssh2-channel.ts';

/** What a connection needs to know of a VM; `Vm` has it. */
export interface GuestOwner {
  /** The environment's id. */
  readonly id: string;
  readonly runDir: string;
  readonly keysDir: string;
  readonly log: Logger;
  manifest(): Promise<{ network: { ip: string } }>;
  domain(): Promise<{ state: string } | undefined>;
}

export class Guests {
  readonly #ports = new Map<string, AgentPort>();
  readonly #helpers = new Map<string, HelperPort>();
  readonly #channels = new Map<string, Promise<GuestChannel>>();
  readonly #log: Logger;
  /** Distinguishes programs of this run of the control plane from those of an earlier one. */
  readonly #runId = randomUUID();

  constructor(log: Logger) {
    this.#log = log;
  }

  port(vm: GuestOwner): AgentPort {
    let port = this.#ports.get(vm.id);
    if (!port) {
      port = new AgentPort({ socketPath: join(vm.runDir, runFiles.agentSocket), log: vm.log });
      this.#ports.set(vm.id, port);
    }
    return port;
  }

  /** Answers only in VMs that have the port: see `hardware.helper` in the manifest. */
  helper(vm: Pick<GuestOwner, 'id' | 'runDir'>): HelperPort {
    let helper = this.#helpers.get(vm.id);
    if (!helper) {
      helper = new HelperPort({ socketPath: join(vm.runDir, runFiles.helperSocket) });
      this.#helpers.set(vm.id, helper);
    }
    return helper;
  }

  async channel(vm: GuestOwner): Promise<GuestChannel> {
    let channel = this.#channels.get(vm.id);
    if (!channel) {
      channel = openChannel(vm, this.#runId);
      this.#channels.set(vm.id, channel);
      channel.catch(() => this.#channels.delete(vm.id));
    }
    return await channel;
  }

  /** Closes all connections to a VM that has ended or changed its identity. Repeatable. */
  forget(environmentId: string): void {
    const port = this.#ports.get(environmentId);
    this.#ports.delete(environmentId);
    port?.close().catch((error: unknown) => this.#ignore(environmentId, error));
    const helper = this.#helpers.get(environmentId);
    this.#helpers.delete(environmentId);
    helper?.close().catch((error: unknown) => this.#ignore(environmentId, error));
    this.forgetChannel(environmentId);
  }

  /**
   * Closes the SSH connection to a VM whose address has changed. The port to its agent stays open: it needs no address, and callers may be waiting
   * for an answer on it. Repeatable.
   */
  forgetChannel(environmentId: string): void {
    const channel = this.#channels.get(environmentId);
    this.#channels.delete(environmentId);
    channel?.then(async (opened) => await opened.close()).catch((error: unknown) => this.#ignore(environmentId, error));
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#ports.values(), ...this.#helpers.values()].map(async (port) => await port.close()));
    await Promise.allSettled([...this.#channels.values()].map(async (channel) => await (await channel).close()));
    this.#ports.clear();
    this.#helpers.clear();
    this.#channels.clear();
  }

  #ignore(environmentId: string, error: unknown): void {
    this.#log.debug({ event: 'guest.close-failed', err: error, environmentId });
  }
}

async function openChannel(vm: GuestOwner, runId: string): Promise<GuestChannel> {
  const [{ network }, keys] = await Promise.all([vm.manifest(), readKeys(vm.keysDir)]);
  return new Ssh2Channel({
    environmentId: vm.id, runId, host: network.ip, port: 22, username: 'root', privateKey: keys.clientPrivateKey, hostPublicKey: keys.hostPublicKey, log: vm.log,
    silenceExpected: async () => (await vm.domain())?.state === 'paused', // its programs continue when it is resumed
  });
}
