import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { GuestBrowser, refOf } from '../support/guest-browser.ts';
import { WebServer } from '../support/web-server.ts';

let web: WebServer;
/** A server that tabs may not show. */
let inner: WebServer;
let browser: GuestBrowser;
beforeAll(async () => {
  web = await WebServer.start({ '/': { body: '<title>Harbor</title><h1>Harbor</h1><label>Note <input></label>' }, '/second': { body: '<title>Second</title><h1>Second</h1>' } });
  inner = await WebServer.start({ '/': { body: '<title>Inner</title><h1>Inner secrets</h1>' } });
  browser = await GuestBrowser.start();
  browser.internalOrigins.push(web.origin);
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await web[Symbol.asyncDispose]();
  await inner[Symbol.asyncDispose]();
});

/** The drivers of this test process. */
async function drivers(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => {
    const [line, status] = await Promise.all([readFile(`/proc/${pid}/cmdline`, 'latin1'), readFile(`/proc/${pid}/stat`, 'latin1')]).catch(() => ['', '']);
    return line?.includes('playwright-main.ts') && Number(status?.split(') ').at(-1)?.split(' ')[1]) === process.pid ? [Number(pid)] : [];
  }));
  return found.flat();
}

test('When the browser ends, the next act starts it again, with its tabs', async () => {
  await browser.act({ act: 'open', url: `${web.origin}/` });
  await browser.act({ act: 'open', url: `${web.origin}/second`, newTab: true });
  expect((await browser.act({ act: 'tabs', tab: 0 })).tabs).toMatchObject([{ title: 'Harbor', current: true }, { title: 'Second' }]);
  await browser.kill();
  const { tabs, snapshot } = await browser.act({ act: 'snapshot' });
  expect(tabs.map(({ title }) => title).toSorted()).toEqual(['Harbor', 'Second']);
  expect(tabs.find(({ current }) => current)?.title).toBe('Harbor');
  expect(snapshot?.text).toContain('heading "Harbor"');
});

test('When the driver or the control plane ends, the browser continues, and its pages are as they were', async () => {
  const opened = await browser.act({ act: 'open', url: `${web.origin}/` });
  await browser.act({ act: 'type', ref: refOf(opened.snapshot?.text, 'textbox "Note"'), text: 'low water' });
  const before = web.visits.length;
  const [driver] = await drivers();
  process.kill(driver ?? Number.NaN, 'SIGKILL');
  const after = await browser.act({ act: 'snapshot' });
  expect(after.snapshot?.text).toContain('low water');
  browser.restartManager();
  expect((await browser.act({ act: 'snapshot' })).snapshot?.text).toContain('low water');
  expect(web.visits.length).toBe(before);
});

test('An act that the driver was doing when it ended fails, and the next one works', async () => {
  await browser.act({ act: 'open', url: `${web.origin}/` });
  const asked = Promise.withResolvers<void>();
  const never = Promise.withResolvers<never>();
  web.pages.set('/held', async () => {
    asked.resolve();
    return await never.promise;
  });
  const waiting = browser.act({ act: 'open', url: `${web.origin}/held`, newTab: true });
  waiting.catch(() => {});
  await asked.promise;
  const [driver] = await drivers();
  process.kill(driver ?? Number.NaN, 'SIGKILL');
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('connection to the browser was lost') as string });
  expect((await browser.act({ act: 'open', url: `${web.origin}/` })).snapshot?.text).toContain('Harbor');
});

test('An act ends at its deadline and when its caller goes, also on a page that is busy forever', async () => {
  web.pages.set('/endless', { body: '<h1>Busy</h1><button onclick="for (;;);">Hang</button>' });
  await expect(browser.act({ act: 'wait', text: 'never there', timeoutMs: 500 })).rejects.toMatchObject({ code: 'timeout' });
  const gone = new AbortController();
  const cancelled = browser.act({ act: 'wait', text: 'never there' }, gone.signal);
  gone.abort();
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  const opened = await browser.act({ act: 'open', url: `${web.origin}/endless`, newTab: true });
  await expect(browser.act({ act: 'click', ref: refOf(opened.snapshot?.text, 'Hang'), timeoutMs: 3000 })).rejects.toMatchObject({ code: 'timeout' });
  const { tabs } = await browser.act({ act: 'close' });
  expect(tabs.some(({ url }) => url.endsWith('/endless'))).toBe(false);
  expect((await browser.act({ act: 'open', url: `${web.origin}/second` })).snapshot?.text).toContain('Second');
});

test('Acts on one browser run one after the other, and more than twenty that wait are refused', async () => {
  const slow = Promise.withResolvers<void>();
  web.pages.set('/slow', async () => {
    await slow.promise;
    return { body: '<title>Slow</title>' };
  });
  const first = browser.act({ act: 'open', url: `${web.origin}/slow` });
  const others = Array.from({ length: 19 }, async (_, at) => await browser.act({ act: 'eval', expression: `document.title + ${at}` }));
  for (const other of others) other.catch(() => {}); // reported below
  await expect(browser.act({ act: 'tabs' })).rejects.toMatchObject({ code: 'unavailable' });
  slow.resolve();
  await first;
  expect((await Promise.all(others)).map(({ value }) => value)).toEqual(Array.from({ length: 19 }, (_, at) => `Slow${at}`));
});

test('A tab shows public addresses only, whichever way leads elsewhere', async () => {
  web.pages.set('/redirect', { status: 302, headers: { location: `${inner.origin}/` } });
  web.pages.set('/script', { body: `<h1>Before</h1><button onclick="location = '${inner.origin}/'">Go</button>` });
  web.pages.set('/popup', { body: `<a href="${inner.origin}/" target="_blank">Inner</a><a href="/redirect" target="_blank">Redirected</a>` });
  const refused = { code: 'address_refused' };
  await browser.act({ act: 'tabs' });
  const before = await drivers();
  await expect(browser.act({ act: 'open', url: `${inner.origin}/` })).rejects.toMatchObject(refused);
  await expect(browser.act({ act: 'open', url: 'http://localhost:1/' })).rejects.toMatchObject(refused);
  await expect(browser.act({ act: 'open', url: 'http://[::1]/' })).rejects.toMatchObject(refused);
  await expect(browser.act({ act: 'open', url: 'file:///etc/passwd' })).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(browser.act({ act: 'open', url: `${web.origin}/redirect` })).rejects.toMatchObject({ ...refused, message: expect.stringContaining('the tab was closed') as string });
  const go = await browser.act({ act: 'open', url: `${web.origin}/script` });
  await expect(browser.act({ act: 'click', ref: refOf(go.snapshot?.text, 'Go') })).rejects.toMatchObject(refused);
  for (const name of ['Inner', 'Redirected']) {
    const popup = await browser.act({ act: 'open', url: `${web.origin}/popup` });
    await browser.act({ act: 'click', ref: refOf(popup.snapshot?.text, `link "${name}"`) }).then(
      // On a busy host, the tab may be reported later.
      async ({ closed }) => await vi.waitFor(async () => expect([...closed, ...(await browser.act({ act: 'tabs' })).closed]).toEqual([expect.stringContaining('the tab was closed')]), 60_000),
      (error: unknown) => expect(error).toMatchObject(refused),
    );
  }
  const { tabs } = await browser.act({ act: 'tabs' });
  expect(tabs.filter(({ url }) => url.startsWith(inner.origin) || url.includes('redirect'))).toEqual([]);
  expect(await drivers()).toEqual(before); // a driver that cannot close a tab ends
});

test('An element of an earlier page, a tab that is not there, or a server that does not answer is a precise error', async () => {
  const opened = await browser.act({ act: 'open', url: `${web.origin}/` });
  const ref = refOf(opened.snapshot?.text, 'textbox "Note"');
  await browser.act({ act: 'open', url: `${web.origin}/second` });
  await expect(browser.act({ act: 'click', ref })).rejects.toMatchObject({ code: 'invalid_request', message: `There is no element ${ref} on this page` });
  await expect(browser.act({ act: 'tabs', tab: 50 })).rejects.toMatchObject({ code: 'not_found' });
  expect((await browser.act({ act: 'back' })).snapshot?.text).toContain('heading "Harbor"');
  const ended = await WebServer.start();
  browser.internalOrigins.push(ended.origin);
  const { origin: url } = ended;
  await ended[Symbol.asyncDispose]();
  await expect(browser.act({ act: 'open', url })).rejects.toMatchObject({ code: 'fetch_failed', message: expect.stringContaining('ERR_CONNECTION_REFUSED') as string });
});
