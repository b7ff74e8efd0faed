// Receives acts, does one at a time, and answers with what the page shows then.
import { createHash } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { untilAborted } from '../../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../../common/errors.ts';
import { injectionsIn } from '../../research/evidence/injections.ts';
import type { BrowserAct, PageSnapshot } from '../browser-act.ts';
import type { DriverAnswer, FromDriver, RememberedTabs, ToDriver } from './driver-protocol.ts';
import { performAct, type ActContext, type ActResult } from './playwright-acts.ts';
import { blockerOn } from './playwright-blockers.ts';
import { Tabs, type Tab } from './playwright-tabs.ts';
import { changedLines, wholeSnapshot } from './snapshot-text.ts';
import { errorOf } from './playwright-errors.ts';

const INJECTIONS = 20;
/** How long an act may continue after it was given up. */
const GIVE_UP_MS = 3000;
/** In base64. */
const LARGEST_PICTURE = 16 * 1024 * 1024 * 4 / 3;

type Send = (message: FromDriver) => void;

export class PlaywrightDriver {
  readonly #tabs: Tabs;
  readonly #send: Send;
  readonly #acting = new Map<number, AbortController>();
  readonly #files = new Map<number, PromiseWithResolvers<Buffer>>();
  #lastFile = 0;

  private constructor(tabs: Tabs, send: Send) {
    this.#tabs = tabs;
    this.#send = send;
  }

  /** `restore` has the tabs to open again; `remembered` says which tab was the current one. */
  static async open(browser: Browser, send: Send, restore: RememberedTabs | undefined, remembered: RememberedTabs | undefined): Promise<PlaywrightDriver> {
    const tabs = await Tabs.open(browser, (visited) => send({ visited }));
    if (restore !== undefined) await tabs.restore(restore.urls);
    if (remembered !== undefined) tabs.select(remembered.urls[remembered.current]);
    return new PlaywrightDriver(tabs, send);
  }

  receive(message: Exclude<ToDriver, { start: unknown }>): void {
    if ('act' in message) void this.#act(message.id, message.act);
    else if ('cancel' in message) this.#acting.get(message.cancel)?.abort();
    else if ('closePage' in message) this.#closePage(message.closePage);
    else {
      const { file, content, problem } = message;
      const waiting = this.#files.get(file);
      this.#files.delete(file);
      if (content === undefined) waiting?.reject(new SomnusError('invalid_request', problem ?? 'The file cannot be read'));
      else waiting?.resolve(Buffer.from(content, 'base64'));
    }
  }

  /** The act fails: its answer would be about a page that may not be shown. */
  #closePage(page: number): void {
    if (!this.#tabs.has(page)) return;
    void this.#tabs.closePage(page);
    for (const acting of this.#acting.values()) acting.abort();
  }

  async #act(id: number, act: BrowserAct): Promise<void> {
    const controller = new AbortController();
    this.#acting.set(id, controller);
    const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(act.timeoutMs)]);
    try {
      await this.#tabs.allClosed();
      await this.#tabs.ping(signal);
      this.#send({ begun: id });
      const answer = await this.#inTime(this.#answer(act, signal), signal);
      await this.#tabs.allChecked(); // the control plane must have seen where pages came from before it passes on the answer
      this.#send({ id, answer });
    } catch (thrown) {
      await this.#tabs.allChecked();
      this.#send({ id, error: toSomnusError(signal.aborted && !controller.signal.aborted ? timedOut(act, thrown) : errorOf(thrown)).toJSON() });
    } finally {
      this.#acting.delete(id);
    }
  }

  /** Waits until the work has ended or the signal fires. Work that does not end then ends this process, so that no act runs beside another. */
  async #inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await untilAborted(work, signal);
    } catch (thrown) {
      if (signal.aborted) {
        const stuck = setTimeout(() => process.exit(1), GIVE_UP_MS);
        work.catch(() => {}).finally(() => clearTimeout(stuck)).catch(() => {});
      }
      throw thrown;
    }
  }

  async #answer(act: BrowserAct, signal: AbortSignal): Promise<DriverAnswer> {
    const tabs = this.#tabs;
    tabs.begin(act.dialogs);
    const tab = await tabs.use(act.tab);
    const context: ActContext = { tabs, tab, signal, timeoutMs: act.timeoutMs, file: async (path) => await this.#file(path) };
    const { snapshot: own, ...result }: ActResult = await performAct(act, context);
    const now = await tabs.use(undefined);
    const { snapshot, seen } = own === undefined ? await shownAfter(act, now, signal) : { snapshot: own, seen: now.snapshot ?? '' };
    const made = result.made ?? [];
    if (made.some((each) => each.kind === 'content' && each.content.length > LARGEST_PICTURE)) throw new SomnusError('too_large', 'The picture or document is larger than 16 MiB', { hint: 'Take a picture of the window or of an element.' });
    const injections = snapshot === null ? [] : (await injectionsIn(snapshot.text)).slice(0, INJECTIONS).map(({ start, end }) => snapshot.text.slice(start, end));
    return {
      tabs: await tabs.list(), snapshot, blocker: await blockerOn(now), injections, dialogs: tabs.takeDialogs(), fields: null, annotations: null, map: null, made: [], ...result,
      fingerprint: createHash('sha256').update(`${now.page.url()}\n${seen}`).digest('hex'),
    };
  }

  async #file(path: string): Promise<Buffer> {
    const id = this.#lastFile += 1;
    const waiting = Promise.withResolvers<Buffer>();
    this.#files.set(id, waiting);
    this.#send({ wantFile: id, path });
    return await waiting.promise;
  }
}

async function shownAfter({ act, snapshot: wanted, maxTokens }: BrowserAct, tab: Tab, signal: AbortSignal): Promise<{ snapshot: PageSnapshot | null; seen: string }> {
  if (wanted === 'none' || act === 'tabs' || (wanted === 'auto' && ['screenshot', 'pdf', 'map', 'eval'].includes(act))) return { snapshot: null, seen: tab.snapshot ?? '' };
  const before = tab.snapshot;
  const text = await tab.takeSnapshot(signal);
  return { snapshot: before === undefined || wanted === 'full' ? wholeSnapshot(text, maxTokens) : changedLines(before, text, maxTokens), seen: text };
}

function timedOut(act: BrowserAct, thrown: unknown): SomnusError {
  const detail = errorOf(thrown).message;
  return new SomnusError('timeout', `\`${act.act}\` took longer than ${act.timeoutMs / 1000} s${detail === '' ? '' : `: ${detail}`}`, { hint: 'The page may still be loading: take a snapshot. Allow more time with --timeout.' });
}
