// One SSH connection to one VM, from its handshake to its loss. ssh2-channel.ts decides when to reconnect.
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, type Algorithms, type ClientChannel, type PseudoTtyOptions, type SFTPWrapper } from 'ssh2';
import { stretched, throwIfAborted } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { yieldBetweenChunks } from './guest-flow.ts';
import { SftpSession } from './sftp-session.ts';

export interface Ssh2LinkOptions {
  host: string;
  /** Default 22. */
  port?: number;
  /** Default root. */
  username?: string;
  /** OpenSSH private key text. */
  privateKey: string;
  /** The only accepted host key, in authorized_keys format. */
  hostPublicKey: string;
  /**
   * Milliseconds without a byte from the VM after which a connection attempt is given up. An attempt that makes progress continues: on a busy host,
   * starting over would cost the guest the whole handshake again. Default 30 000.
   */
  connectTimeoutMs?: number;
  /** The connection counts as lost after `unanswered` probes in a row, one every `intervalMs`, without any data from the VM. Default 4 and 15 000. */
  keepalive?: { intervalMs: number; unanswered: number };
  /** Returns true while silence is expected (the VM is suspended), so that it does not count as a loss. */
  silenceExpected?: (() => Promise<boolean>) | undefined;
  log: Logger;
}

// Chosen by CPU cost in a guest under TCG (Debian 13, `-cpu max`), measured there with `openssl speed`, in MB/s on a busy host, so only the ratios
// matter: aes-128-ctr 13.3 and sha512 16.2, together 7.3; aes-128-gcm 6.2; chacha20-poly1305 4.3; aes-128-ctr with sha256 3.4. ssh2 is also faster
// with CTR: its GCM creates a cipher per packet.
const algorithms: Algorithms = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes128-ctr', 'aes128-gcm@openssh.com'],
  hmac: ['hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256-etm@openssh.com'],
  compress: ['none'],
};

/** An attempt may take at most this many times `connectTimeoutMs`, so that a guest that sends a byte now and then cannot prolong it forever. */
const MOST_WAITS = 5;

/** A busy sshd has far less unread data than this. */
const FLOW = { mostUnreadBytes: 16 * 1_048_576 };

/** Connections from a guest to one port that are open at a time; sshd is told to refuse more. */
const MOST_INCOMING = 32;
/** What a guest may send on a connection before it is read: twice the window of ssh2, which does not enforce it. */
const MOST_UNREAD_BYTES = 4 * 1_048_576;

/** Returns the error of a connection that cannot be made or was lost. */
export function unreachable(message: string, reason: 'connect' | 'host_key' | 'authentication' | 'lost' | 'closed', cause?: unknown): SomnusError {
  return new SomnusError('guest_unreachable', message, { details: { reason }, cause });
}

export class Ssh2Link {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #listeners = new Set<(error: SomnusError) => void>();
  /** What takes the connections to each port of the guest's loopback that sshd forwards to the host. */
  readonly #forwarded = new Map<number, { accept: (socket: Duplex) => void; open: number }>();
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
    client.on('tcp connection', ({ destPort }, accept, reject) => this.#accept(destPort, accept, reject));
    // ssh2 emits this before it ends the channels as if they had completed normally.
    client.on('close', () => {
      stopProbing();
      this.#markLost(unreachable('The connection to the VM was lost', 'lost', this.#lossCause));
    });
  }

  /** Why the connection is lost; undefined while it works. */
  get lost(): SomnusError | undefined {
    return this.#lost;
  }

  /** Calls the listener once, before any stream of the connection ends. */
  onLost(listener: (error: SomnusError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Asks sshd to run a command line. `attach` gets the channel before its first byte can arrive.
   * @returns undefined when sshd allows no further session
   * @throws guest_unreachable, unavailable
   */
  async openProgram<T>(commandLine: string, pty: PseudoTtyOptions | undefined, attach: (channel: ClientChannel) => T): Promise<T | undefined> {
    return await this.#open(attach, (done) => this.#client.exec(commandLine, pty === undefined ? {} : { pty }, done));
  }

  /** Opens a TCP connection from within the guest to a port on its loopback. @returns undefined when nothing listens there */
  async openTcp(port: number): Promise<ClientChannel | undefined> {
    return await this.#open((channel: ClientChannel) => channel, (done) => this.#client.forwardOut('127.0.0.1', 0, '127.0.0.1', port, done));
  }

  /** Opens a connection to a Unix socket in the guest. @returns undefined when nothing listens there */
  async openUnix(path: string): Promise<ClientChannel | undefined> {
    return await this.#open((channel: ClientChannel) => channel, (done) => this.#client.openssh_forwardOutStreamLocal(path, done));
  }

  /**
   * Has sshd listen on a port of the guest's loopback, until the connection is lost. `accept` gets each connection to it. Repeatable.
   * @returns false if sshd refuses, for example because a program in the guest listens there @throws guest_unreachable
   */
  async listen(port: number, accept: (socket: Duplex) => void): Promise<boolean> {
    if (this.#lost) throw this.#lost;
    if (this.#forwarded.has(port)) return true;
    return await new Promise((resolve, reject) => {
      const unsubscribe = this.onLost(reject);
      try {
        this.#client.forwardIn('127.0.0.1', port, (error) => {
          unsubscribe();
          if (this.#lost) return reject(this.#lost);
          if (!error) this.#forwarded.set(port, { accept, open: 0 });
          resolve(!error);
        });
      } catch (cause) {
        unsubscribe();
        reject(unreachable('The connection to the VM is closing', 'lost', cause));
      }
    });
  }

  /** Whether sshd listens on this port for us. */
  listensOn(port: number): boolean {
    return !this.#lost && this.#forwarded.has(port);
  }

  /** Starts an SFTP session, which ends with the connection. @returns undefined if sshd allows no more sessions @throws guest_unreachable, unavailable (no SFTP there) */
  async openSftp(): Promise<SftpSession | undefined> {
    return await this.#open((channel: SFTPWrapper) => {
      const session = new SftpSession(channel);
      const unsubscribe = this.onLost((error) => session.end(error));
      channel.once('close', unsubscribe);
      return session;
    }, (done) => this.#client.sftp(done));
  }

  /** Settles when sshd has answered a request that follows everything sent so far. @throws guest_unreachable */
  async roundTrip(): Promise<void> {
    if (this.#lost) throw this.#lost;
    await new Promise<void>((resolve, reject) => {
      const unsubscribe = this.onLost(reject);
      this.#requestAnswer(() => {
        unsubscribe();
        resolve();
      });
    });
  }

  /** Ends the connection at once; everything on it fails with `error`. */
  destroy(error: SomnusError): void {
    this.#markLost(error);
    this.#socket.destroy();
  }

  #accept(port: number, accept: () => ClientChannel, reject: () => void): void {
    const forwarded = this.#forwarded.get(port);
    if (this.#lost || forwarded === undefined || forwarded.open >= MOST_INCOMING) return reject();
    const channel = accept();
    forwarded.open += 1;
    channel.once('close', () => { forwarded.open -= 1; });
    channel.on('error', () => {}); // `close` follows
    channel.stderr.resume(); // sshd sends nothing there, but another server might
    channel.setMaxListeners(0); // an HTTP server and pipelines add more than the default of ten
    const push = channel.push.bind(channel);
    channel.push = (chunk: unknown) => {
      if (channel.readableLength <= MOST_UNREAD_BYTES) return push(chunk);
      channel.destroy();
      return false;
    };
    forwarded.accept(channel);
  }

  async #open<C, T>(attach: (channel: C) => T, start: (done: (error: Error | undefined, channel: C) => void) => void): Promise<T | undefined> {
    if (this.#lost) throw this.#lost;
    return await new Promise((resolve, reject) => {
      const unsubscribe = this.onLost(reject);
      try {
        start((error, channel) => {
          unsubscribe();
          if (!error) resolve(attach(channel));
          else if (this.#lost) reject(this.#lost);
          else if (typeof (error as { reason?: unknown }).reason === 'number') resolve(undefined);
          else reject(new SomnusError('unavailable', `The VM's SSH server refused: ${error.message}`, { cause: error }));
        });
      } catch (cause) {
        unsubscribe();
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
   * Sends our own probes instead of ssh2's, which cannot take into account that a VM is suspended, and count a slow answer, queued behind much else,
   * as missing.
   * @returns a function that stops the probes
   */
  #probe({ keepalive = { intervalMs: 15_000, unanswered: 4 }, silenceExpected }: Ssh2LinkOptions): () => void {
    let unanswered = 0;
    let seenBytes = 0;
    const look = async (): Promise<void> => {
      if (this.#socket.bytesRead !== seenBytes || await silenceExpected?.().catch(() => false)) {
        seenBytes = this.#socket.bytesRead;
        unanswered = 0;
      } else if (unanswered === keepalive.unanswered) {
        this.destroy(unreachable(`The VM has sent nothing for ${(keepalive.intervalMs * unanswered) / 1000} s`, 'lost'));
      } else {
        unanswered += 1;
        this.#requestAnswer(() => {});
      }
    };
    const timer = setInterval(() => void look(), keepalive.intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  /** Cancels a forward that was never requested: sshd refuses, and the refusal is a sign of life. */
  #requestAnswer(onAnswer: () => void): void {
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
  yieldBetweenChunks(socket, FLOW);
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

/** @returns a function that stops the timer */
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
  if (keyRefused) return unreachable(`${address} does not have the VM's host key; not connected`, 'host_key', error);
  if (level === 'client-authentication') return unreachable(`The VM at ${address} rejected the host's key`, 'authentication', error);
  return unreachable(`${address} cannot be reached: ${message}`, 'connect', error);
}

/** Returns the binary form of a public key line. */
function publicKeyBytes(line: string): Buffer {
  const [type, base64 = ''] = line.trim().split(/\s+/);
  if (type !== 'ssh-ed25519') throw new SomnusError('internal', 'A pinned host key must be an ssh-ed25519 public key');
  return Buffer.from(base64, 'base64');
}
