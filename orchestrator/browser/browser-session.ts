// The browser of one environment while it is in use: acts wait for their turn, and a driver that has ended is replaced before the next one.
import { isDeepStrictEqual } from 'node:util';
import { untilAborted, withDeadline } from '../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { GuestChannel } from '../../supervisor/guest/guest-channel.ts';
import type { BrowserAct, BrowserAnswer } from './browser-act.ts';
import type { BrowserAddresses } from './browser-addresses.ts';
import { BrowserGuest, type BrowserPlaces } from './browser-guest.ts';
import { DriverProcess, NotBegun } from './driver/driver-process.ts';
import type { DriverAnswer, RememberedTabs } from './driver/driver-protocol.ts';
import { RepeatCounter } from './repeat-counter.ts';

const MAX_WAITING = 20;
const CONNECT_MS = 180_000;
const KEEP_MS = 60_000;
const ATTEMPTS = 3;
const MAX_REFUSED = 50;

export interface SessionOptions { addresses: BrowserAddresses; places: BrowserPlaces; log: Logger }

export class BrowserSession {
  readonly #options: SessionOptions;
  readonly #repeats = new RepeatCounter();
  #driver: DriverProcess | undefined;
  #channel: GuestChannel | undefined;
  #tabs: RememberedTabs | undefined;
  #browser = '';
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Addresses that tabs came to and that they may not show, since the last answer. */
  #refused: SomnusError[] = [];
  lastUsedMs = performance.now();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#waiting > 0;
  }


  /** Does one act when the ones before it are done. @throws unavailable when too many wait; what `BrowserService.act` throws */
  async act(channel: GuestChannel, act: BrowserAct, signal: AbortSignal): Promise<BrowserAnswer> {
    if (this.#waiting >= MAX_WAITING) throw new SomnusError('unavailable', `${MAX_WAITING} acts wait for this browser`, { hint: 'Acts run one after the other: wait for their answers.' });
    const before = this.#turn;
    const done = Promise.withResolvers<void>();
    this.#turn = before.then(async () => await done.promise);
    this.#waiting += 1;
    try {
      await untilAborted(before, signal);
      return await this.#perform(channel, act, signal);
    } finally {
      this.#waiting -= 1;
      this.lastUsedMs = performance.now();
      done.resolve();
    }
  }

  /** Ends the driver; the browser continues. */
  end(): void {
    this.#driver?.end();
    this.#driver = undefined;
  }

  async #perform(channel: GuestChannel, act: BrowserAct, signal: AbortSignal): Promise<BrowserAnswer> {
    const guest = new BrowserGuest(channel, this.#options.places);
    if (channel !== this.#channel) this.end(); // the VM has been restarted, or has another address
    this.#channel = channel;
    const paths = pathsOf(act);
    const readFile = async (path: string): Promise<Buffer> => {
      if (!paths.includes(path)) throw new SomnusError('invalid_request', `${path} is not a file of this act`);
      return await guest.read(path, signal);
    };
    const answer = await this.#done(guest, act, readFile, signal);
    // What was done is recorded also when the caller has gone meanwhile.
    await withDeadline('Recording the tabs', KEEP_MS, undefined, async (within) => await this.#remember(guest, answer, within));
    const { made, fingerprint, ...rest } = answer;
    const files = await withDeadline('Storing files', KEEP_MS, undefined, async (within) => await Promise.all(made.map(async (each) => await guest.keep(each, within))));
    return { ...rest, closed: this.#refused.splice(0).map(({ message }) => message), files, repeats: this.#repeats.count(act, fingerprint) };
  }

  /** Does the act, with another driver if the last one has ended or lost the browser meanwhile. */
  async #done(guest: BrowserGuest, act: BrowserAct, readFile: (path: string) => Promise<Buffer>, signal: AbortSignal): Promise<DriverAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#driver?.isAlive !== true) this.#driver = await withDeadline('Connecting to the browser', CONNECT_MS, signal, async (within) => await this.#connect(guest, within));
      const before = this.#refused.length;
      try {
        const answer = await this.#driver.act(act, readFile, signal);
        if (this.#refused.length === before) return answer;
        throw this.#refused.pop();
      } catch (thrown) {
        if (thrown instanceof NotBegun && attempt < ATTEMPTS) continue;
        throw (this.#refused.length > before ? this.#refused.pop() : undefined) ?? (thrown instanceof NotBegun ? new SomnusError('unavailable', 'The browser ends again and again', { hint: 'See `somnus exec NAME -- journalctl -u browser`.' }) : toSomnusError(thrown));
      }
    }
  }

  async #connect(guest: BrowserGuest, signal: AbortSignal): Promise<DriverProcess> {
    this.#tabs = await guest.rememberedTabs(signal);
    const { socketPath } = await guest.find(signal);
    const restore = this.#tabs !== undefined && this.#tabs.browser !== socketPath;
    this.#browser = socketPath;
    const never = new AbortController().signal; // the connection lasts longer than the act
    const driver = await DriverProcess.start({
      connection: await guest.connect(never), socketPath, downloads: guest.downloads, restore, tabs: this.#tabs, onVisited: (url, address) => this.#check(url, address),
    }, signal);
    this.#options.log.info({ event: 'browser.connected', restored: restore ? this.#tabs?.urls.length ?? 0 : 0 });
    return driver;
  }

  #check(url: string, address: string | null): void {
    try {
      this.#options.addresses.assertMayShow(url, address);
    } catch (thrown) {
      const error = toSomnusError(thrown);
      if (this.#refused.length < MAX_REFUSED) this.#refused.push(new SomnusError(error.code, `${error.message}; the tab was closed`, { hint: error.hint, details: error.details }));
      this.#options.log.info({ event: 'browser.address-refused' });
      throw thrown;
    }
  }

  async #remember(guest: BrowserGuest, { tabs }: DriverAnswer, signal: AbortSignal): Promise<void> {
    const now: RememberedTabs = { browser: this.#browser, urls: tabs.map(({ url }) => url).slice(0, 100), current: Math.max(tabs.findIndex(({ current }) => current), 0) };
    if (isDeepStrictEqual(now, this.#tabs)) return;
    await guest.rememberTabs(now, signal);
    this.#tabs = now;
  }
}

/** The files that an act may read in the guest. */
function pathsOf(act: BrowserAct): string[] {
  if (act.act === 'upload') return act.paths;
  return act.act === 'fill' ? act.fields.flatMap(({ value }) => value.split('\n')).filter((line) => line.startsWith('/')) : [];
}
