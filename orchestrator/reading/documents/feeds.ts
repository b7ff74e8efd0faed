// Reads the entries of RSS, Atom and sitemaps, in the publisher's order.
import { elementsOf, parseXml, rawText, type PageElement } from '../page/html-tree.ts';
import type { DocumentContent, DocumentEntry } from './document.ts';
import { htmlContent } from './office.ts';

const maxEntries = 50_000;

export function readFeed(source: string): DocumentContent {
  const root = parseXml(source);
  let title: string | undefined;
  let language: string | undefined;
  const entries: DocumentEntry[] = [];
  for (const element of elementsOf(root)) {
    if ((element.tag === 'item' || element.tag === 'entry') && entries.length < maxEntries) entries.push(entryOf(element));
    else if (element.tag === 'title' && title === undefined && ['channel', 'feed'].includes(element.parent?.tag ?? '')) title = plain(rawText(element));
    else if (element.tag === 'language') language ??= plain(rawText(element));
    else if (element.tag === 'feed') language ??= element.attributes['xml:lang'];
  }
  return { title, language, entries, ...written(title, entries) };
}

export function readSitemap(source: string): DocumentContent {
  const entries: DocumentEntry[] = [];
  for (const element of elementsOf(parseXml(source))) {
    if ((element.tag !== 'url' && element.tag !== 'sitemap') || entries.length >= maxEntries) continue;
    entries.push({ url: childText(element, 'loc') ?? null, title: null, published: childText(element, 'lastmod') ?? null, text: null });
  }
  return { entries, ...written(undefined, entries) };
}

function entryOf(item: PageElement): DocumentEntry {
  const links = childrenOf(item, 'link');
  const link = links.find(({ attributes }) => attributes['rel'] === undefined || attributes['rel'] === 'alternate') ?? links[0];
  const body = childText(item, 'content:encoded') ?? childText(item, 'content') ?? childText(item, 'description') ?? childText(item, 'summary');
  return {
    url: link?.attributes['href'] ?? (link === undefined ? undefined : rawText(link).trim()) ?? childText(item, 'guid') ?? null, title: plain(htmlContent(childText(item, 'title') ?? '').text) || null,
    published: isoTime(childText(item, 'pubDate') ?? childText(item, 'published') ?? childText(item, 'dc:date') ?? childText(item, 'updated')), text: body === undefined ? null : htmlContent(body).text,
  };
}

function written(title: string | undefined, entries: readonly DocumentEntry[]): { text: string; markdown: string } {
  const lines = entries.map((entry) => [entry.title ?? entry.url ?? '', entry.published ?? '', entry.text ?? ''].filter((part) => part !== '').join('\n'));
  const marked = entries.map((entry) => {
    const label = (entry.title ?? entry.url ?? '').replace(/[[\]]/g, '\\$&');
    const link = entry.url !== null && /^https?:/.test(entry.url) ? `[${label}](${entry.url.replaceAll(')', '%29')})` : label;
    return `- ${link}${entry.published === null ? '' : ` (${entry.published})`}${entry.text === null ? '' : `\n  ${plain(entry.text).slice(0, 500)}`}`;
  });
  return { text: [...(title === undefined ? [] : [title]), ...lines].join('\n\n'), markdown: [...(title === undefined ? [] : [`# ${title}`]), marked.join('\n')].join('\n\n') };
}

function childrenOf(element: PageElement, tag: string): PageElement[] {
  return element.children.filter((child): child is PageElement => typeof child !== 'string' && child.tag === tag);
}

function childText(element: PageElement, tag: string): string | undefined {
  const [found] = childrenOf(element, tag);
  return found === undefined ? undefined : rawText(found).trim() || undefined;
}

function isoTime(value: string | undefined): string | null {
  if (value === undefined) return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
