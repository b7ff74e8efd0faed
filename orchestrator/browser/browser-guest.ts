// The browser as its guest sees it: the unit that runs it, its debugging port, and the files that Somnus keeps beside it. They are part of the environment's disk, and so of its snapshots and forks.
import { posix } from 'node:path';
import { Readable, type Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { pollUntil } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import { httpGet } from '../../supervisor/guest/agent-http.ts';
import { boundedText } from '../../supervisor/guest/bounded-text.ts';
import type { GuestChannel } from '../../supervisor/guest/guest-channel.ts';
import type { BrowserFile } from './browser-act.ts';
import { RememberedTabs, type DriverAnswer } from './driver/driver-protocol.ts';

export interface BrowserPlaces {
  /** The debugging port on the guest's loopback. */
  port: number;
  /** Where the browser's own user may write downloads. */
  downloads: string;
  /** Root's. */
  folder: string;
  /** Starts the browser. */
  start: readonly string[];
}

/** As the pack browser-research installs it. */
export const packPlaces: BrowserPlaces = { port: 9222, downloads: '/var/lib/browser/downloads', folder: '/var/lib/somnus/browser', start: ['systemctl', 'start', 'browser.service'] };

const START_MS = 90_000;
const POLL_MS = 250;
const LARGEST_UPLOAD = 20 * 1024 * 1024;
const OUTPUT_BYTES = 1024 * 1024;
const NO_UNIT = 5; // systemctl's exit code

const Version = z.object({ Browser: z.string(), webSocketDebuggerUrl: z.string() });

const openFolder = 'mkdir -p -m 0700 "$1" "$1/files" && { cat "$1/tabs.json" 2>/dev/null || :; }';
/** The file is checked after it was moved to a folder that only root can change. */
const keepDownload = 'mv -T -- "$1" "$2" && [ -f "$2" ] && [ ! -L "$2" ] && chown 0:0 "$2" && chmod 0600 "$2" && stat -c %s "$2" || { rm -f "$2"; exit 1; }';

export class BrowserGuest {
  readonly #channel: GuestChannel;
  readonly #places: BrowserPlaces;

  constructor(channel: GuestChannel, places: BrowserPlaces) {
    this.#channel = channel;
    this.#places = places;
  }

  /** The tabs that were open at the last act; undefined if there was none. */
  async rememberedTabs(signal: AbortSignal): Promise<RememberedTabs | undefined> {
    const { code, output } = await this.#run(['/bin/sh', '-c', openFolder, 'somnus', this.#places.folder], signal);
    if (code !== 0) throw new SomnusError('unavailable', 'The folder for the browser cannot be created in the VM', { hint: 'Its disk may be full.' });
    try {
      return RememberedTabs.parse(JSON.parse(output));
    } catch {
      return undefined; // none yet, or damaged
    }
  }

  async rememberTabs(tabs: RememberedTabs, signal: AbortSignal): Promise<void> {
    await this.#channel.writeFile(posix.join(this.#places.folder, 'tabs.json'), Readable.from([Buffer.from(JSON.stringify(tabs))]), { mode: 0o600 }, signal);
  }

  /** Finds the browser, and starts it if it does not run. @throws unsupported without the pack; timeout */
  async find(signal: AbortSignal): Promise<{ socketPath: string }> {
    const found = await this.#ask(signal);
    if (found !== undefined) return found;
    const { code, output } = await this.#run(this.#places.start, signal);
    if (code === NO_UNIT || code === 127) throw new SomnusError('unsupported', 'This environment has no browser', { hint: 'Install one: `somnus pack install NAME browser-research`.' });
    if (code !== 0) throw new SomnusError('unavailable', `The browser cannot be started (exit code ${code}): ${output.slice(0, 300).trim()}`, { hint: 'See `somnus exec NAME -- journalctl -u browser`.' });
    return await pollUntil('Starting the browser', { timeoutMs: START_MS, intervalMs: POLL_MS, signal }, async (within) => await this.#ask(within));
  }

  /** @throws unavailable */
  async connect(signal: AbortSignal): Promise<Duplex> {
    const connection = await this.#channel.tcpSocket(this.#places.port, signal);
    if (connection === undefined) throw new SomnusError('unavailable', 'The browser has just ended', { hint: 'Try again.' });
    return connection;
  }

  get downloads(): string {
    return this.#places.downloads;
  }

  /** @throws not_found, too_large */
  async read(path: string, signal: AbortSignal): Promise<Buffer> {
    const { info, content } = await this.#channel.readFile(path, signal);
    if (info.sizeBytes > LARGEST_UPLOAD) {
      content.destroy();
      throw new SomnusError('too_large', `${path} has ${info.sizeBytes} bytes; at most ${LARGEST_UPLOAD} can be uploaded`);
    }
    return await buffer(content);
  }

  /** Stores a file that an act made. */
  async keep(made: DriverAnswer['made'][number], signal: AbortSignal): Promise<BrowserFile> {
    const name = safeName(made.name);
    const path = posix.join(this.#places.folder, 'files', `${newId('file')}-${name}`);
    if (made.kind === 'content') {
      const content = Buffer.from(made.content, 'base64');
      await this.#channel.writeFile(path, Readable.from([content]), { mode: 0o600 }, signal);
      return { path, name, mediaType: made.mediaType, sizeBytes: content.length, url: null };
    }
    if (posix.dirname(made.path) !== this.#places.downloads) throw new SomnusError('unavailable', 'The browser named a download outside its folder');
    const { code, output } = await this.#run(['/bin/sh', '-c', keepDownload, 'somnus', made.path, path], signal);
    if (code !== 0) throw new SomnusError('fetch_failed', 'The downloaded file cannot be stored', { hint: 'The disk of the environment may be full.' });
    return { path, name, mediaType: null, sizeBytes: Number(output.trim()), url: made.url };
  }

  async #ask(signal: AbortSignal): Promise<{ socketPath: string } | undefined> {
    const socket = await this.#channel.tcpSocket(this.#places.port, signal);
    if (socket === undefined) return undefined;
    const { body } = await httpGet(socket, '/json/version', signal).catch(() => ({ body: undefined })); // it may be starting or ending
    const version = Version.safeParse(body);
    const socketPath = version.success ? URL.parse(version.data.webSocketDebuggerUrl)?.pathname : undefined;
    return socketPath !== undefined && /^\/devtools\/browser\/[\w-]+$/.test(socketPath) ? { socketPath } : undefined;
  }

  async #run(command: readonly string[], signal: AbortSignal): Promise<{ code: number; output: string }> {
    const process = await this.#channel.exec({ command: [...command], env: {} }, signal);
    process.stdin.on('error', () => {});
    process.stdin.end();
    const [output, errors, { code }] = await Promise.all([boundedText(process.stdout, OUTPUT_BYTES), boundedText(process.stderr, OUTPUT_BYTES), process.exit]);
    return { code, output: code === 0 ? output : errors };
  }
}

function safeName(name: string): string {
  const plain = name.replaceAll(/[^\w.-]+/g, '_').replace(/^[.-]+/, '').slice(-100);
  return plain === '' ? 'file' : plain;
}
