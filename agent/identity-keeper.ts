// Applies the identity that the host sends: files, host name, address, SSH keys. Stores it on disk; at later boots systemd applies the files
// (images/guest/files), so the guest has network and SSH even without this agent.
import { fsyncSync, mkdirSync, openSync, closeSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SomnusError } from '../common/errors.ts';
import type { Identity } from './contract.ts';
import { identityFiles, networkBatch, NETWORK_DEVICE, STORED_IDENTITY, type GuestFile, type StoredIdentity } from './contract/identity-files.ts';

/** `ip` takes hundredths of a second; on an emulated CPU of a busy host ten seconds were once not enough. */
const NETWORK_TIMEOUT_MS = 40_000;
const NETWORK_POLL_MS = 10;

/** The keeper's changes to the running system; tests of the files replace it. */
export interface GuestSystem {
  /** Passes commands to `ip -batch`; they take effect shortly afterwards. */
  changeNetwork(batch: string): void;
  setHostname(name: string): void;
  /** Ends every SSH session shortly afterwards; background processes they started continue. */
  endSshSessions(): void;
}

export class IdentityKeeper {
  readonly #root: string;
  readonly #system: GuestSystem;
  #current: StoredIdentity | null = null;
  /** The stored file that `#current` was read from. */
  #seen = '';
  #applying: Promise<void> = Promise.resolve();

  constructor(options: { root?: string; system: GuestSystem }) {
    this.#root = options.root ?? '/';
    this.#system = options.system;
  }

  /** The stored identity. The helper also writes it, after a fork (images/guest/files). */
  get current(): StoredIdentity | null {
    const stamp = this.#stamp();
    if (stamp !== '' && stamp !== this.#seen) [this.#current, this.#seen] = [this.#stored() ?? this.#current, stamp];
    return this.#current;
  }

  /**
   * Applies an identity; resolves when it is in effect. Repeatable: the current generation can be applied again.
   * @throws SomnusError `invalid_state` when the guest has a newer one
   */
  async apply(identity: Identity): Promise<void> {
    const turn = this.#applying.then(() => this.#apply(identity));
    this.#applying = turn.catch(() => {});
    await turn;
  }

  /** Sets the address if it is missing, as after a boot whose network unit failed. */
  async repairNetwork(): Promise<void> {
    if (this.current && !this.addressIsUp()) await this.#bringUp(this.current.network);
  }

  /** Whether the device has the identity's addresses and a route to its gateway, regardless of the link's state. */
  addressIsUp(): boolean {
    if (!this.current) return false;
    const { ip, mac, gateway } = this.current.network;
    return this.#read(`sys/class/net/${NETWORK_DEVICE}/address`).trim().toLowerCase() === mac.toLowerCase()
      && hasLocalAddress(this.#read('proc/net/fib_trie'), ip) && defaultGateways(this.#read('proc/net/route')).includes(gateway);
  }

  async #apply(identity: Identity): Promise<void> {
    const before = this.current;
    if (before && before.generation > identity.generation) {
      throw new SomnusError('invalid_state', `This guest already has identity ${before.generation}, which is newer than ${identity.generation}`);
    }
    const files = identityFiles(identity);
    for (const file of files) this.#write(file);
    this.#system.setHostname(identity.hostname);
    if (before && before.generation !== identity.generation) this.#system.endSshSessions();
    if (!before || JSON.stringify(before.network) !== JSON.stringify(identity.network) || !this.addressIsUp()) {
      await this.#bringUp(identity.network);
    }
    this.#makeDurable();
  }

  async #bringUp(network: Identity['network']): Promise<void> {
    this.#system.changeNetwork(networkBatch(network));
    const startedAt = performance.now();
    while (!this.addressIsUp()) {
      if (performance.now() - startedAt > NETWORK_TIMEOUT_MS) throw new SomnusError('timeout', `The address ${network.ip} could not be set on ${NETWORK_DEVICE}`);
      await new Promise((resolve) => { setTimeout(resolve, NETWORK_POLL_MS); });
    }
  }

  /** Returns an empty string when there is no such file, because the device may be gone. */
  #read(path: string): string {
    try {
      return readFileSync(join(this.#root, path), 'latin1');
    } catch {
      return '';
    }
  }

  #stored(): StoredIdentity | null {
    try {
      return JSON.parse(readFileSync(join(this.#root, STORED_IDENTITY), 'utf8')) as StoredIdentity;
    } catch {
      return null; // none yet, or damaged: the host sends it again
    }
  }

  /** Changes whenever the file is replaced; empty without one. */
  #stamp(): string {
    const info = statSync(join(this.#root, STORED_IDENTITY), { throwIfNoEntry: false });
    return info === undefined ? '' : `${info.ino} ${info.ctimeMs} ${info.size}`;
  }

  #write(file: GuestFile): void {
    const path = join(this.#root, file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.somnus`, file.content, { mode: file.mode });
    renameSync(`${path}.somnus`, path);
  }

  /** Makes all files durable: one sync commits the journal with all the renames before it, and ext4 writes a renamed file's data in the same transaction. */
  #makeDurable(): void {
    const fd = openSync(join(this.#root, STORED_IDENTITY), 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

/** Returns the gateways of default routes in /proc/net/route, where addresses are hexadecimal in the CPU's byte order (little endian). */
export function defaultGateways(routes: string): string[] {
  return routes.split('\n').map((line) => line.split('\t')).filter(([, destination, gateway]) => destination === '00000000' && gateway !== undefined)
    .map(([, , gateway = '']) => Buffer.from(gateway, 'hex').toReversed().join('.'));
}

/** Whether the kernel's routing tables, as shown in /proc/net/fib_trie, accept packets for this address. */
export function hasLocalAddress(fibTrie: string, ip: string): boolean {
  return fibTrie.split('\n').some((line, index, lines) => line.endsWith(`|-- ${ip}`) && (lines[index + 1] ?? '').includes('/32 host LOCAL'));
}

/** Returns the processes with these names (as in /proc/PID/comm). */
export function processesNamed(names: readonly string[], root = '/'): number[] {
  return readdirSync(join(root, 'proc')).filter((entry) => /^\d+$/.test(entry)).filter((pid) => {
    try {
      return names.includes(readFileSync(join(root, 'proc', pid, 'comm'), 'latin1').trim());
    } catch {
      return false; // it has just ended
    }
  }).map(Number);
}
