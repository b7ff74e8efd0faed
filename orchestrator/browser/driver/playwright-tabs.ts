// The tabs of a browser: the order in which they were opened, the current one, and what happened in them.
import type { Browser, BrowserContext, CDPSession, Dialog, Frame, Page, Request, Response } from 'playwright-core';
import { SomnusError } from '../../../common/errors.ts';
import type { BrowserTab } from '../browser-act.ts';

export interface Visited { page: number; url: string; address: string | null }

const CLEAN_URL = 8192;
const RESTORE_MS = 30_000;
/** How long an act waits for a page that it opened, and for requests that it started. */
const SETTLE_MS = 5000;
/** The same for tabs that it opened, which take longer on a busy host. */
const OPENING_MS = 8000;
/** How long a page that is busy or loading may delay that. */
const BUSY_PAGE_MS = 1000;
/** How long after an act its effects may begin. */
const EFFECT_MS = 120;
const DIALOGS = 50;
const ADDRESS_MS = 5000;
/** How long closing a tab may take. */
const CLOSE_MS = 5000;

export interface MainResponse { url: string; status: number; headers: Record<string, string> }

/** One tab. */
export class Tab {
  readonly page: Page;
  readonly number: number;
  /** The last snapshot of the document that it shows. */
  snapshot: string | undefined;
  response: MainResponse | undefined;

  constructor(page: Page, number: number) {
    this.page = page;
    this.number = number;
  }

  async takeSnapshot(signal: AbortSignal): Promise<string> {
    const text = await this.page.ariaSnapshot({ mode: 'ai', signal, timeout: 0 });
    this.snapshot = text;
    return text;
  }
}

export class Tabs {
  readonly #context: BrowserContext;
  readonly #session: CDPSession;
  readonly #visited: (visited: Visited) => void;
  readonly #tabs: Tab[] = [];
  #current: Tab | undefined;
  /** The tab that the browser shows. */
  #front: Tab | undefined;
  #numbers = 0;
  readonly #checks = new Set<Promise<void>>();
  #dialogPolicy: 'dismiss' | 'accept' = 'dismiss';
  #dialogs: { type: string; message: string; accepted: boolean }[] = [];
  /** Addresses of tabs that pages have opened and Playwright has not reported yet, because their servers have not answered. */
  readonly #opening = new Map<string, string>();
  /** Requests in progress. */
  readonly #requests = new Map<Request, Page | undefined>();
  /** Tabs that are being closed because of their address. */
  readonly #closing = new Map<Tab, Promise<void>>();
  #changed = Promise.withResolvers<void>();

  private constructor(context: BrowserContext, session: CDPSession, visited: (visited: Visited) => void) {
    this.#context = context;
    this.#session = session;
    this.#visited = visited;
  }

  static async open(browser: Browser, visited: (visited: Visited) => void): Promise<Tabs> {
    const context = browser.contexts()[0];
    if (context === undefined) throw new SomnusError('unavailable', 'The browser has no profile');
    const tabs = new Tabs(context, await browser.newBrowserCDPSession(), visited);
    context.on('page', (page) => tabs.#add(page, true));
    context.on('response', (response) => tabs.#note(response));
    const ended = (request: Request): void => { if (tabs.#requests.delete(request)) tabs.#change(); };
    context.on('requestfinished', ended);
    context.on('requestfailed', ended);
    context.on('request', (request) => {
      if (!['media', 'eventsource', 'websocket', 'ping'].includes(request.resourceType())) tabs.#requests.set(request, pageOf(request));
      tabs.#change();
    });
    for (const page of context.pages()) tabs.#add(page, false);
    await tabs.#followTargets();
    return tabs;
  }

  /** Opens addresses again, unless the browser did so itself. */
  async restore(urls: readonly string[]): Promise<void> {
    const wanted = urls.filter((url) => /^https?:/.test(url));
    if (wanted.length === 0 || this.#tabs.some(({ page }) => /^https?:/.test(page.url()))) return;
    const blank = [...this.#tabs];
    await Promise.all(wanted.map(async (url) => {
      const page = await this.#context.newPage();
      await page.goto(url, { waitUntil: 'commit', timeout: RESTORE_MS }).catch(() => {}); // its tab shows the browser's error
    }));
    await Promise.all(blank.map(async ({ page }) => await this.#closed(page).catch(() => {})));
  }

  /** Makes the tab with this address the current one. */
  select(url: string | undefined): void {
    this.#current = this.#tabs.find(({ page }) => page.url() === url) ?? this.#current;
  }

  begin(policy: 'dismiss' | 'accept'): void {
    this.#dialogPolicy = policy;
  }

  takeDialogs(): { type: string; message: string; accepted: boolean }[] {
    const taken = this.#dialogs;
    this.#dialogs = [];
    return taken;
  }

  /** Makes a tab the current one; without an index, returns the current one. @throws not_found */
  async use(index: number | undefined): Promise<Tab> {
    if (index !== undefined) {
      const tab = this.#tabs[index];
      if (tab === undefined) throw new SomnusError('not_found', `There is no tab ${index}; the tabs are 0 to ${this.#tabs.length - 1}`, { hint: 'See `somnus browse NAME tabs`.' });
      this.#current = tab;
    }
    this.#current ??= this.#tabs.at(-1) ?? await this.create();
    if (this.#current !== this.#front) {
      this.#front = this.#current;
      await this.#front.page.bringToFront().catch(() => {}); // it may just have been closed
    }
    return this.#current;
  }

  async create(): Promise<Tab> {
    const page = await this.#context.newPage();
    const tab = this.#tabs.find((each) => each.page === page) ?? this.#add(page, true);
    this.#current = tab;
    return tab;
  }

  async list(): Promise<BrowserTab[]> {
    return await Promise.all(this.#tabs.map(async (tab, index) => ({
      index, url: tab.page.url().slice(0, CLEAN_URL), title: (await titleOf(tab.page)).slice(0, 500), current: tab === this.#current,
    })));
  }

  /** Closes a tab. The last one is replaced by an empty one, because a browser without tabs may exit. */
  async close(tab: Tab): Promise<void> {
    if (this.#tabs.length === 1) await this.create();
    if (this.#current === tab) this.#current = this.#tabs.findLast((each) => each !== tab);
    await this.#closed(tab.page);
  }

  async closeAll(): Promise<void> {
    const old = [...this.#tabs];
    await this.create();
    await Promise.all(old.map(async ({ page }) => await this.#closed(page)));
  }

  /** Closes a page. Chromium forgets that when the page shows another document at the same time, so it is asked again after each of them. */
  async #closed(page: Page): Promise<void> {
    const again = (frame: Frame): void => { if (frame === page.mainFrame()) void this.#closeTarget(page); };
    page.on('framenavigated', again);
    try {
      await page.close();
    } finally {
      page.off('framenavigated', again);
    }
  }

  async #closeTarget(page: Page): Promise<void> {
    const session = await this.#context.newCDPSession(page).catch(() => undefined); // it may be closed
    const info = await session?.send('Target.getTargetInfo').catch(() => undefined);
    if (info !== undefined) await this.#session.send('Target.closeTarget', { targetId: info.targetInfo.targetId }).catch(() => {});
  }

  /** Whether a tab is open, and not being closed. */
  has(number: number): boolean {
    return this.#tabs.some((tab) => tab.number === number && !this.#closing.has(tab));
  }

  async closePage(number: number): Promise<void> {
    const tab = this.#tabs.find((each) => each.number === number);
    if (tab === undefined || this.#closing.has(tab)) return;
    const stuck = setTimeout(() => process.exit(1), CLOSE_MS); // another driver finds it, and closes it
    const closed = this.close(tab).catch(() => {}).finally(() => {
      clearTimeout(stuck);
      this.#closing.delete(tab);
    });
    this.#closing.set(tab, closed);
    await closed;
  }

  /** Does something to the page, then waits until what it started has ended: new tabs, and requests. */
  async settled<T>(tab: Tab, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = new Set(this.#requests.keys());
    const openingBefore = new Set(this.#opening.keys());
    const tabsBefore = new Set(this.#tabs);
    const result = await work();
    const until = performance.now() + SETTLE_MS;
    const opens = (): boolean => [...this.#opening.keys()].some((target) => !openingBefore.has(target));
    const loads = (): boolean => [...this.#requests.keys()].some((request) => !before.has(request));
    // By the time that the page and then the browser have answered, a tab that it opened has been reported.
    await Promise.race([tab.page.evaluate('0').catch(() => {}), this.#wait(BUSY_PAGE_MS, signal)]);
    await this.ping(signal);
    await this.#wait(EFFECT_MS, signal);
    for (const [busy, end] of [[opens, until + OPENING_MS - SETTLE_MS], [loads, until]] as const) {
      while (busy() && performance.now() < end) await this.#wait(Math.max(end - performance.now(), 1), signal, true);
    }
    for (const [target, url] of this.#opening) if (!openingBefore.has(target)) await this.#openAgain(target, url, signal);
    const fresh = this.#tabs.findLast((each) => !tabsBefore.has(each));
    if (fresh !== undefined && this.#current === tab) this.#current = fresh;
    const { page } = this.#current ?? tab;
    await page.waitForLoadState('domcontentloaded', { timeout: Math.max(until - performance.now(), 1000) }).catch(() => {}); // a page may load forever
    return result;
  }

  /** Resolves when tabs that may not be shown are closed. */
  async allClosed(): Promise<void> {
    await Promise.all(this.#closing.values());
  }

  /** Resolves when the control plane has been told where all pages came from. */
  async allChecked(): Promise<void> {
    while (this.#checks.size > 0) await Promise.allSettled(this.#checks);
  }

  /** Resolves when the browser has answered; this process ends when the connection is lost. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.#session.send('Browser.getVersion', undefined, { signal });
  }

  async pause(ms: number, signal: AbortSignal): Promise<void> {
    await this.#wait(ms, signal);
  }

  async #wait(ms: number, signal: AbortSignal, orChange = false): Promise<void> {
    signal.throwIfAborted();
    this.#changed = Promise.withResolvers<void>();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await Promise.race([promise, ...(orChange ? [this.#changed.promise] : [])]);
    clearTimeout(timer);
    signal.throwIfAborted();
  }

  #change(): void {
    this.#changed.resolve();
  }

  async #followTargets(): Promise<void> {
    this.#session.on('Target.targetCreated', ({ targetInfo }) => {
      if (targetInfo.type !== 'page' || targetInfo.openerId === undefined) return;
      this.#opening.set(targetInfo.targetId, targetInfo.url);
      this.#change();
    });
    this.#session.on('Target.targetInfoChanged', ({ targetInfo }) => { if (this.#opening.has(targetInfo.targetId)) this.#opening.set(targetInfo.targetId, targetInfo.url); });
    this.#session.on('Target.targetDestroyed', ({ targetId }) => { if (this.#opening.delete(targetId)) this.#change(); });
    await this.#session.send('Target.setDiscoverTargets', { discover: true });
    this.#opening.clear(); // those that were open before
    this.#context.on('page', (page) => void this.#reported(page));
  }

  /** A tab whose first document never comes, for example because Chromium and Playwright wait for each other, is closed, and its address opened in another one. */
  async #openAgain(target: string, url: string, signal: AbortSignal): Promise<void> {
    this.#opening.delete(target);
    await this.#session.send('Target.closeTarget', { targetId: target }, { signal }).catch(() => {}); // it may have closed itself
    if (!/^https?:/.test(url)) return;
    const { page } = await this.create();
    await page.goto(url, { waitUntil: 'commit', timeout: OPENING_MS, signal }).catch(() => {}); // its tab shows the browser's error
  }

  async #reported(page: Page): Promise<void> {
    const session = await this.#context.newCDPSession(page).catch(() => undefined); // it may be closed
    const info = await session?.send('Target.getTargetInfo').catch(() => undefined);
    if (info !== undefined) this.#opening.delete(info.targetInfo.targetId);
    this.#change();
    await session?.detach().catch(() => {});
  }

  #add(page: Page, isNew: boolean): Tab {
    const known = this.#tabs.find((tab) => tab.page === page);
    if (known !== undefined) return known;
    const tab = new Tab(page, this.#numbers += 1);
    this.#tabs.push(tab);
    if (!isNew) this.#current ??= tab;
    page.on('close', () => {
      const at = this.#tabs.indexOf(tab);
      if (at >= 0) this.#tabs.splice(at, 1);
      if (this.#current === tab) this.#current = this.#tabs.at(-1);
      for (const [request, from] of this.#requests) if (from === page) this.#requests.delete(request); // they never end
      this.#change();
    });
    page.on('dialog', (dialog) => void this.#answerDialog(dialog));
    page.on('framenavigated', (frame) => {
      if (frame !== page.mainFrame()) return;
      if (tab.response?.url !== frame.url()) tab.response = undefined;
      this.#visited({ page: tab.number, url: frame.url().slice(0, CLEAN_URL), address: null });
    });
    page.on('domcontentloaded', () => { tab.snapshot = undefined; });
    if (page.url() !== 'about:blank') this.#visited({ page: tab.number, url: page.url().slice(0, CLEAN_URL), address: null });
    this.#change();
    return tab;
  }

  /** Remembers the answer that a tab shows, and reports where it came from. */
  #note(response: Response): void {
    const request = response.request();
    if (!request.isNavigationRequest()) return;
    const page = pageOf(request);
    if (page === undefined || request.frame() !== page.mainFrame()) return; // of a page that is not reported yet, `framenavigated` follows
    const tab = this.#add(page, true);
    tab.response = { url: response.url(), status: response.status(), headers: response.headers() };
    const check = addressOf(response, page).then((server) => this.#visited({ page: tab.number, url: response.url().slice(0, CLEAN_URL), address: server }));
    this.#checks.add(check);
    void check.finally(() => this.#checks.delete(check));
  }

  async #answerDialog(dialog: Dialog): Promise<void> {
    const accepted = dialog.type() === 'beforeunload' || this.#dialogPolicy === 'accept';
    if (this.#dialogs.length < DIALOGS) this.#dialogs.push({ type: dialog.type(), message: dialog.message().slice(0, 2000), accepted });
    await (accepted ? dialog.accept() : dialog.dismiss()).catch(() => {});
  }
}

function pageOf(request: Request): Page | undefined {
  try {
    return request.frame().page();
  } catch {
    return undefined; // a service worker's, or of a page that is closed or not reported yet
  }
}

/** Where an answer came from; null if it is not known, or not in time, such as of a page that was closed. */
async function addressOf(response: Response, page: Page): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), ADDRESS_MS);
  const onClose = (): void => resolve(null);
  page.once('close', onClose);
  try {
    const server = await Promise.race([promise, response.serverAddr().catch(() => null)]);
    return server?.ipAddress.replaceAll(/[[\]]/g, '') ?? null;
  } finally {
    clearTimeout(timer);
    page.off('close', onClose);
  }
}

async function titleOf(page: Page): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(''), 2000); // a page that is busy does not answer
  page.title().then(resolve, () => resolve(''));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

