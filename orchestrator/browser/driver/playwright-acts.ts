// What each act does. The answer's snapshot is made afterwards unless the act makes its own.
import { SomnusError } from '../../../common/errors.ts';
import type { ActOf, BrowserAct, PageSnapshot } from '../browser-act.ts';
import type { DriverAnswer } from './driver-protocol.ts';
import { elementOf } from './playwright-elements.ts';
import { fillFields, uploadFiles } from './playwright-fields.ts';
import { mapOf, screenshotOf } from './playwright-pictures.ts';
import type { Tab, Tabs } from './playwright-tabs.ts';
import { markDownload } from './page/page-functions.js';
import { errorOf } from './playwright-errors.ts';
import { linesWith, wholeSnapshot } from './snapshot-text.ts';

export interface ActContext { tabs: Tabs; tab: Tab; signal: AbortSignal; timeoutMs: number; file: (path: string) => Promise<Buffer> }
export type ActResult = Partial<Pick<DriverAnswer, 'fields' | 'annotations' | 'map' | 'made' | 'value'>> & { snapshot?: PageSnapshot | null };

const LONGEST_VALUE = 200_000;

type Act<Name extends BrowserAct['act']> = (act: ActOf<Name>, context: ActContext) => Promise<ActResult>;

export async function performAct(act: BrowserAct, context: ActContext): Promise<ActResult> {
  const perform = acts[act.act] as Act<BrowserAct['act']>;
  return await perform(act, context);
}

const acts: { [Name in BrowserAct['act']]: Act<Name> } = {
  open: async ({ url, newTab }, { tabs, tab, signal }) => {
    const opened = newTab ? await tabs.create() : tab;
    await tabs.settled(opened, signal, async () => await opened.page.goto(url, { waitUntil: 'domcontentloaded', signal, timeout: 0 }));
    return {};
  },
  snapshot: async ({ ref, depth, boxes, find, maxTokens, snapshot }, { tab, signal }) => {
    if (ref === undefined && depth === undefined && !boxes && find === undefined) {
      if (snapshot === 'auto') tab.snapshot = undefined; // asked for without more, it is whole
      return {};
    }
    const options = { mode: 'ai', boxes, ...(depth === undefined ? {} : { depth }), signal, timeout: 0 } as const;
    const text = ref === undefined ? await tab.page.ariaSnapshot(options) : await (await elementOf(tab.page, ref)).ariaSnapshot(options);
    return { snapshot: find === undefined ? wholeSnapshot(text, maxTokens, ref === undefined && depth === undefined ? 'full' : 'part') : linesWith(text, find, maxTokens) };
  },
  map: async (_act, { tab, signal }) => ({ map: await mapOf(tab, signal) }),
  click: async ({ ref, button, double }, { tabs, tab, signal }) => {
    const element = await elementOf(tab.page, ref);
    await tabs.settled(tab, signal, async () => await (double ? element.dblclick({ button, signal, timeout: 0 }) : element.click({ button, signal, timeout: 0 })));
    return {};
  },
  type: async ({ ref, text, keys }, { tabs, tab, signal }) => {
    if (text === '' && keys.length === 0) throw new SomnusError('invalid_request', 'Nothing to type: set `text` or `keys`');
    if (ref !== undefined) await (await elementOf(tab.page, ref)).focus({ signal, timeout: 0 });
    await tabs.settled(tab, signal, async () => {
      if (text !== '') await tab.page.keyboard.type(text);
      for (const key of keys) {
        signal.throwIfAborted();
        await tab.page.keyboard.press(key);
      }
    });
    return {};
  },
  fill: async ({ fields }, { tabs, tab, signal, file }) => ({ fields: await tabs.settled(tab, signal, async () => await fillFields(tab.page, fields, file, signal)) }),
  select: async ({ ref, values }, { tabs, tab, signal }) => {
    const element = await elementOf(tab.page, ref);
    await tabs.settled(tab, signal, async () => await element.selectOption([...values], { signal, timeout: 0 }));
    return {};
  },
  upload: async ({ ref, paths }, { tabs, tab, signal, file }) => {
    const element = await elementOf(tab.page, ref);
    await tabs.settled(tab, signal, async () => await uploadFiles(element, paths, file, signal));
    return {};
  },
  download: async ({ ref, url }, { tab, signal, timeoutMs }) => {
    const { page } = tab;
    const element = ref === undefined ? undefined : await elementOf(page, ref);
    await element?.evaluate(markDownload).catch(() => {}); // an element that is gone fails at the click
    const waiting = page.waitForEvent('download', { timeout: timeoutMs, signal });
    waiting.catch(() => {}); // reported below
    const started = element === undefined ? page.goto(url ?? '', { signal, timeout: 0 }).catch(ignoreDownload) : element.click({ signal, timeout: 0 });
    started.catch(() => {});
    const loaded = started.then(async () => await waiting); // what fails first is the reason
    const download = await Promise.race([waiting, loaded]).catch((thrown: unknown) => {
      if (signal.aborted) throw thrown;
      throw errorOf(thrown);
    });
    const failure = await Promise.race([download.failure(), aborted(signal)]);
    if (failure !== null) throw new SomnusError('fetch_failed', `The download failed: ${failure}`);
    return { made: [{ kind: 'download', path: await download.path(), name: download.suggestedFilename().slice(0, 200), url: download.url().slice(0, 8192) }] };
  },
  scroll: async ({ ref, direction, screens }, { tabs, tab, signal }) => {
    if (ref !== undefined) {
      const element = await elementOf(tab.page, ref);
      await tabs.settled(tab, signal, async () => await element.scrollIntoViewIfNeeded({ signal, timeout: 0 }));
      return {};
    }
    const script = direction === 'top' ? 'scrollTo(0, 0)' : direction === 'bottom' ? 'scrollTo(0, document.documentElement.scrollHeight)' : `scrollBy(0, ${direction === 'up' ? -screens : screens} * innerHeight)`;
    await tabs.settled(tab, signal, async () => await tab.page.evaluate(script));
    return {};
  },
  back: async (_act, { tabs, tab, signal }) => {
    const before = tab.page.url();
    const response = await tabs.settled(tab, signal, async () => await tab.page.goBack({ waitUntil: 'domcontentloaded', signal, timeout: 0 }));
    if (response === null && tab.page.url() === before) throw new SomnusError('invalid_request', 'There is no earlier page in this tab', { hint: 'Use `open`.' });
    return {};
  },
  screenshot: async (act, { tab, signal }) => await screenshotOf(tab, act, signal),
  pdf: async (_act, { tab, signal }) => {
    const content = await Promise.race([tab.page.pdf({ printBackground: true }), aborted(signal)]);
    return { made: [{ kind: 'content', name: 'page.pdf', mediaType: 'application/pdf', content: content.toString('base64') }] };
  },
  tabs: async () => ({}),
  wait: async ({ text, textGone, url, seconds }, { tabs, tab, signal, timeoutMs }) => {
    const conditions = [text, textGone, url, seconds].filter((value) => value !== undefined);
    if (conditions.length !== 1) throw new SomnusError('invalid_request', 'Wait for one of `text`, `textGone`, `url` and `seconds`');
    if (seconds !== undefined && seconds * 1000 >= timeoutMs) throw new SomnusError('invalid_request', `Waiting ${seconds} s takes longer than the deadline of ${timeoutMs / 1000} s`, { hint: 'Allow more time with --timeout.' });
    const { page } = tab;
    if (text !== undefined) await page.getByText(text).filter({ visible: true }).first().waitFor({ signal, timeout: 0 });
    if (textGone !== undefined) await page.getByText(textGone).filter({ visible: true }).first().waitFor({ state: 'hidden', signal, timeout: 0 });
    if (url !== undefined) await page.waitForURL((now) => now.href.includes(url), { waitUntil: 'commit', signal, timeout: 0 });
    if (seconds !== undefined) await tabs.pause(seconds * 1000, signal);
    return {};
  },
  eval: async ({ expression }, { tabs, tab, signal }) => {
    const value: unknown = await tabs.settled(tab, signal, async () => await Promise.race([tab.page.evaluate(expression), aborted(signal)]));
    const json = JSON.stringify(value);
    if (json !== undefined && json.length > LONGEST_VALUE) throw new SomnusError('too_large', `The value has ${json.length} characters of JSON; the maximum is ${LONGEST_VALUE}`, { hint: 'Return less.' });
    return { value: json === undefined ? null : JSON.parse(json) as unknown };
  },
  close: async ({ all }, { tabs, tab }) => {
    if (all) await tabs.closeAll();
    else await tabs.close(tab);
    return {};
  },
};

async function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) throw signal.reason;
  signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  return await promise;
}

function ignoreDownload(thrown: unknown): void {
  if (!/Download is starting|net::ERR_ABORTED/.test(String(thrown))) throw thrown;
}
