// One SSH connection to one VM, from its handshake to its loss. When to connect again is decided by ssh2-channel.ts.
import { connect, type Socket } from 'node:net';
import { Client, type Algorithms, type ClientChannel, type PseudoTtyOptions } from 'ssh2';
import { stretched, throwIfAborted } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { takeTurns } from './guest-flow.ts';

export interface Ssh2LinkOptions {
  host: string;
  /** Default 22. */
  port?: number;
  /** Default root. */
  username?: string;
  /** OpenSSH private key text. */
  privateKey: string;
  /** The only host key that is accepted, in authorized_keys form. */
  hostPublicKey: string;
  /** Milliseconds without a byte from the VM after which an attempt to connect is given up. One that makes progress goes on: on a busy host starting again costs the guest all of it once more. Default 30 000. */
  connectTimeoutMs?: number;
  /** The connection counts as lost when nothing at all has come after `unanswered` probes in a row, one each `intervalMs`. Default 4 and 15 000. */
  keepalive?: { intervalMs: number; unanswered: number };
  /** While this says true (the VM is suspended) silence is no sign of loss. */
  silenceExpected?: (() => Promise<boolean>) | undefined;
  log: Logger;
}

// Chosen by what a guest's CPU pays under TCG (Debian 13, `-cpu max`), as `openssl speed` says it there, in MB/s on a busy host, so only their relation counts:
// aes-128-ctr 13.3 and sha512 16.2, together 7.3; aes-128-gcm 6.2; chacha20-poly1305 4.3; aes-128-ctr with sha256 3.4. ssh2 is quicker with CTR, too: its GCM makes a cipher per packet.
const algorithms: Algorithms = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes128-ctr', 'aes128-gcm@openssh.com'],
  hmac: ['hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256-etm@openssh.com'],
  compress: ['none'],
};

/** A guest that sends a byte now and then does not keep an attempt going for ever: this many times `connectTimeoutMs` is the most that it may take. */
const MOST_WAITS = 5;

/** A busy sshd has far less than this unread. */
const FLOW = { mostUnreadBytes: 16 * 1_048_576 };

/** The error of a connection that is not there, or no longer. */
export function unreachable(message: string, reason: 'connect' | 'host_key' | 'authentication' | 'lost' | 'closed', cause?: unknown): SomnusError {
  return new SomnusError('guest_unreachable', message, { details: { reason }, cause });
}

export class Ssh2Link {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #listeners = new Set<(error: SomnusError) => void>();
  #lossCause: unknown;
  #lost: SomnusError | undefined;

  /** `client` has just become ready. */
  constructor(client: Client, socket: Socket, options: Ssh2LinkOptions) {
    this.#client = client;
    this.#socket = socket;
    const stopProbing = this.#probe(options);
    client.on('error', (error) => {
      this.#lossCause ??= error;
      socket.destroy();
    });
    // ssh2 tells this before it ends the channels as if all had gone well.
    client.on('close', () => {
      stopProbing();
      this.#markLost(unreachable('The connection to the VM was lost', 'lost', this.#lossCause));
    });
  }

  /** Why it is of no use any more; undefined while it is. */
  get lost(): SomnusError | undefined {
    return this.#lost;
  }

  /** Told once, before any stream of the connection ends. */
  onLost(listener: (error: SomnusError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Asks sshd to run a command line. `attach` sees the channel before its first byte can arrive.
   * @returns undefined when sshd has no room for another session.
   * @throws guest_unreachable, unavailable
   */
  async openProgram<T>(commandLine: string, pty: PseudoTtyOptions | undefined, attach: (channel: ClientChannel) => T): Promise<T | undefined> {
    return await this.#open(attach, (done) => this.#client.exec(commandLine, pty === undefined ? {} : { pty }, done));
  }

  /** A TCP connection from within the guest to a port on its own loopback. @returns undefined when nothing listens there. */
  async openTcp(port: number): Promise<ClientChannel | undefined> {
    return await this.#open((channel) => channel, (done) => this.#client.forwardOut('127.0.0.1', 0, '127.0.0.1', port, done));
  }

  /** Settles when sshd has answered a question that comes after all that was sent before. @throws guest_unreachable */
  async roundTrip(): Promise<void> {
    if (this.#lost) throw this.#lost;
    await new Promise<void>((resolve, reject) => {
      const forget = this.onLost(reject);
      this.#askForAnything(() => {
        forget();
        resolve();
      });
    });
  }

  /** Ends the connection at once; everything on it fails with `error`. */
  destroy(error: SomnusError): void {
    this.#markLost(error);
    this.#socket.destroy();
  }

  async #open<T>(attach: (channel: ClientChannel) => T, start: (done: (error: Error | undefined, channel: ClientChannel) => void) => void): Promise<T | undefined> {
    if (this.#lost) throw this.#lost;
    return await new Promise((resolve, reject) => {
      const forget = this.onLost(reject);
      try {
        start((error, channel) => {
          forget();
          if (!error) resolve(attach(channel));
          else if (this.#lost) reject(this.#lost);
          else if (typeof (error as { reason?: unknown }).reason === 'number') resolve(undefined);
          else reject(new SomnusError('unavailable', `The VM's SSH server refused: ${error.message}`, { cause: error }));
        });
      } catch (cause) {
        forget();
        reject(unreachable('The connection to the VM is closing', 'lost', cause));
      }
    });
  }

  #markLost(error: SomnusError): void {
    if (this.#lost) return;
    this.#lost = error;
    for (const listener of this.#listeners) listener(error);
    this.#listeners.clear();
  }

  /**
   * Our own probes instead of ssh2's: those cannot be told that a VM is suspended, and count an answer that is only slow, behind much else, as none.
   * @returns stops them
   */
  #probe({ keepalive = { intervalMs: 15_000, unanswered: 4 }, silenceExpected }: Ssh2LinkOptions): () => void {
    let unanswered = 0;
    let seenBytes = 0;
    const look = async (): Promise<void> => {
      if (this.#socket.bytesRead !== seenBytes || await silenceExpected?.().catch(() => false)) {
        seenBytes = this.#socket.bytesRead;
        unanswered = 0;
      } else if (unanswered === keepalive.unanswered) {
        this.destroy(unreachable(`The VM has said nothing for ${(keepalive.intervalMs * unanswered) / 1000} s`, 'lost'));
      } else {
        unanswered += 1;
        this.#askForAnything(() => {});
      }
    };
    const timer = setInterval(() => void look(), keepalive.intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  /** Takes back a forward that was never asked for: sshd answers no, and that is a sign of life. */
  #askForAnything(onAnswer: () => void): void {
    try {
      this.#client.unforwardIn('127.0.0.1', 1, onAnswer);
    } catch (cause) {
      this.destroy(unreachable('The connection to the VM was lost', 'lost', cause));
    }
  }
}

/** Connects once. @throws guest_unreachable with details.reason `connect`, `host_key` or `authentication`; cancelled */
export async function connectSsh2(options: Ssh2LinkOptions, signal?: AbortSignal): Promise<Ssh2Link> {
  throwIfAborted(signal);
  const { host, port = 22, username = 'root', connectTimeoutMs = 30_000 } = options;
  const pinned = publicKeyBytes(options.hostPublicKey);
  const socket = connect({ host, port, noDelay: true });
  takeTurns(socket, FLOW);
  const client = new Client();
  const { promise, resolve, reject } = Promise.withResolvers<Ssh2Link>();
  let keyRefused = false;
  const fail = (error: unknown): void => reject(connectError(error, keyRefused, `${host}:${port}`));
  const onAbort = (): void => {
    try { throwIfAborted(signal); } catch (cancelled) { reject(cancelled); }
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  const stopWaiting = giveUpWithoutProgress(socket, stretched(connectTimeoutMs), () => fail(new Error('timed out while waiting for the handshake')));
  client.on('error', fail).on('close', () => fail(new Error('the connection was closed during the handshake')));
  client.once('ready', () => resolve(new Ssh2Link(client, socket, options)));
  try {
    client.connect({
      sock: socket,
      username,
      privateKey: options.privateKey,
      authHandler: ['publickey'],
      readyTimeout: 0, // see giveUpWithoutProgress
      algorithms,
      hostVerifier: (key: Buffer) => {
        keyRefused = !key.equals(pinned);
        return !keyRefused;
      },
    });
    return await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stopWaiting();
  }
}

/** @returns ends it */
function giveUpWithoutProgress(socket: Socket, waitMs: number, giveUp: () => void): () => void {
  let waits = 0;
  let seenBytes = 0;
  const timer = setInterval(() => {
    waits += 1;
    if (socket.bytesRead === seenBytes || waits === MOST_WAITS) giveUp();
    seenBytes = socket.bytesRead;
  }, waitMs);
  return () => clearInterval(timer);
}

function connectError(error: unknown, keyRefused: boolean, address: string): SomnusError {
  const { message, level } = error as Error & { level?: string };
  if (keyRefused) return unreachable(`${address} does not have the host key that was given to the VM: not connected`, 'host_key', error);
  if (level === 'client-authentication') return unreachable(`The VM at ${address} does not accept the host's key`, 'authentication', error);
  return unreachable(`${address} cannot be reached: ${message}`, 'connect', error);
}

/** The binary form of a public key line. */
function publicKeyBytes(line: string): Buffer {
  const [type, base64 = ''] = line.trim().split(/\s+/);
  if (type !== 'ssh-ed25519') throw new SomnusError('internal', 'A pinned host key must be an ssh-ed25519 public key');
  return Buffer.from(base64, 'base64');
}
