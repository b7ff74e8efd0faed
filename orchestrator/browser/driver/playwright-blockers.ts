// Recognizes that a tab does not show the page that was asked for: from the status of its answer, as for fetched pages, and from what the page shows.
import { blockerOf, retryAt } from '../../research/fetch/blockers.ts';
import type { PageBlocker } from '../browser-act.ts';
import type { Tab } from './playwright-tabs.ts';
import { blockerFacts, type BlockerFacts } from './page/page-functions.js';

const FACTS_MS = 3000;
const HTML_CHARACTERS = 100_000;

export async function blockerOn(tab: Tab): Promise<PageBlocker | null> {
  const { response, page } = tab;
  if (!/^https?:/.test(page.url())) return null;
  if (response !== undefined && response.status >= 400) {
    const html = await soon(page.evaluate(`document.documentElement.outerHTML.slice(0, ${HTML_CHARACTERS})`), '') as string;
    const kind = blockerOf(response.status, response.headers, Buffer.from(html)) ?? 'failed';
    return { kind, detail: `HTTP status ${response.status}`, retryAt: retryAt(response.headers, new Date())?.toISOString() ?? null };
  }
  const facts = await soon<BlockerFacts | undefined>(page.evaluate(blockerFacts), undefined);
  const kinds = { challenge: 'bot_challenge', captcha: 'captcha', paywall: 'paywall', login: 'login_required' } as const;
  for (const [fact, kind] of Object.entries(kinds) as [keyof typeof kinds, (typeof kinds)[keyof typeof kinds]][]) {
    const detail = facts?.[fact];
    if (typeof detail === 'string') return { kind, detail: detail.slice(0, 300), retryAt: null };
  }
  return null;
}

/** A page that is busy or closed shows nothing. */
async function soon<T>(work: Promise<T>, otherwise: T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  const timer = setTimeout(() => resolve(otherwise), FACTS_MS);
  try {
    return await Promise.race([promise, work.catch(() => otherwise)]);
  } finally {
    clearTimeout(timer);
  }
}
