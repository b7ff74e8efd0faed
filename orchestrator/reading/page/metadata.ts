// What a page states about itself: title, authors, dates, language, site. Sources are JSON-LD, then meta elements, then the visible page. All of it is the page's claim, not a verified fact.
import { jsonLdObjects, type JsonLd } from './json-ld.ts';
import { elementsOf, parseHtml, rawText, type PageElement } from './html-tree.ts';
import { wordsOf } from './words.ts';

export interface PageMetadata {
  title: string | undefined;
  authors: string[];
  /** ISO 8601, a date or a time. */
  published: string | undefined;
  modified: string | undefined;
  /** BCP 47, as the page states it. */
  language: string | undefined;
  site: string | undefined;
  description: string | undefined;
  canonicalUrl: string | undefined;
  /** Types that the page declares in JSON-LD. */
  declaredTypes: string[];
}

export function pageMetadata(root: PageElement, url: string | undefined): PageMetadata {
  const meta = new Map<string, string>();
  const headings: string[] = [];
  let titleElement = '';
  let language: string | undefined;
  let canonical: string | undefined;
  let byline: string | undefined;
  let time: string | undefined;
  for (const element of elementsOf(root)) {
    const { tag, attributes } = element;
    if (tag === 'meta') {
      const name = (attributes['property'] ?? attributes['name'] ?? attributes['itemprop'] ?? attributes['http-equiv'] ?? '').toLowerCase();
      const content = attributes['content']?.trim();
      if (name !== '' && content !== undefined && content !== '' && !meta.has(name)) meta.set(name, content);
    } else if (tag === 'title') titleElement ||= plain(rawText(element));
    else if (tag === 'html') language ??= attributes['lang'] ?? attributes['xml:lang'];
    else if (tag === 'h1') headings.push(plain(rawText(element)));
    else if (tag === 'link' && attributes['rel'] === 'canonical') canonical ??= attributes['href'];
    else if (tag === 'time') time ??= isPublished(element) ? attributes['datetime'] : undefined;
    if (byline === undefined && (attributes['rel'] === 'author' || attributes['itemprop'] === 'author' || /(?:^|[\s_-])(?:author-name|byline-name|author|byline)(?:$|[\s_-])/i.test(attributes['class'] ?? ''))) byline = nameOf(rawText(element));
  }
  const objects = jsonLdObjects(root);
  const main = objects.find((object) => 'headline' in object || 'articleBody' in object || 'datePublished' in object) ?? objects.find((object) => object.types.includes('Product'));
  const site = meta.get('og:site_name') ?? text(objects.find(({ types }) => types.includes('WebSite'))?.['name']);
  const stated = text(main?.['headline']) ?? meta.get('og:title') ?? meta.get('twitter:title') ?? meta.get('citation_title');
  const authors = authorsOf(main, meta, byline);
  return {
    title: nonEmpty(visibleTitle(headings, stated === undefined ? undefined : withoutSite(plain(stated), site), withoutSite(titleElement, site))),
    authors,
    published: isoDate(text(main?.['datePublished']) ?? first(meta, ['article:published_time', 'datepublished', 'citation_publication_date', 'dc.date', 'dc.date.issued', 'dcterms.created', 'pubdate', 'publish-date', 'date', 'parsely-pub-date', 'sailthru.date']) ?? time),
    modified: isoDate(text(main?.['dateModified']) ?? first(meta, ['article:modified_time', 'og:updated_time', 'datemodified', 'last-modified', 'dcterms.modified'])),
    language: nonEmpty((language ?? meta.get('content-language') ?? text(main?.['inLanguage']) ?? meta.get('og:locale'))?.replace('_', '-')),
    site: nonEmpty(site), description: nonEmpty(meta.get('description') ?? meta.get('og:description')),
    canonicalUrl: canonical === undefined ? undefined : URL.parse(canonical, url)?.href,
    declaredTypes: [...new Set(objects.flatMap(({ types }) => types))],
  };
}

function first(meta: ReadonlyMap<string, string>, names: readonly string[]): string | undefined {
  return names.map((name) => meta.get(name)).find((value) => value !== undefined);
}

function authorsOf(main: JsonLd | undefined, meta: ReadonlyMap<string, string>, byline: string | undefined): string[] {
  const stated = main?.['author'] ?? main?.['creator'];
  const names = (Array.isArray(stated) ? stated : [stated]).flatMap((one: unknown) => nameOf(text(one) ?? '') ?? []);
  if (names.length > 0) return [...new Set(names)].slice(0, 20);
  const name = first(meta, ['author', 'article:author', 'dc.creator', 'citation_author', 'parsely-author', 'sailthru.author']);
  const one = nameOf(name ?? '') ?? byline;
  return one === undefined ? [] : [one];
}

/** Removes "By" from a name; returns undefined for an address or a sentence. */
function nameOf(value: string): string | undefined {
  const name = plain(value).replace(/^(?:written |posted )?by\b:?\s*/i, '');
  return name === '' || name.length > 80 || /^https?:|@|\d{4}/.test(name) ? undefined : name;
}

function isPublished({ attributes }: PageElement): boolean {
  return attributes['datetime'] !== undefined && (attributes['pubdate'] !== undefined || attributes['itemprop'] === 'datePublished' || /publish|posted|entry-date|date/i.test(attributes['class'] ?? ''));
}

function isoDate(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const trimmed = value.trim();
  const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d)?)?/.exec(trimmed)?.[0];
  if (iso !== undefined) return iso.replace(' ', 'T').replaceAll(' ', '');
  const slashed = /^(\d{4})\/(\d\d?)\/(\d\d?)/.exec(trimmed);
  if (slashed !== null) return `${slashed[1]}-${slashed[2]!.padStart(2, '0')}-${slashed[3]!.padStart(2, '0')}`;
  if (!/\b\d{4}\b/.test(trimmed) || !/[a-z]{3}/i.test(trimmed)) return undefined;
  const parsed = Date.parse(`${trimmed.replace(/(\d)(?:st|nd|rd|th)\b/, '$1')} UTC`);
  return Number.isNaN(parsed) ? undefined : new Date(parsed).toISOString().slice(0, 10);
}

/** The heading that matches the stated title, whose wording is often meant for search engines and links. */
function visibleTitle(headings: readonly string[], stated: string | undefined, ofWindow: string): string {
  const words = new Set(wordsOf(stated ?? ofWindow));
  const alike = headings.find((heading) => {
    const own = wordsOf(heading);
    return heading.length > 2 && heading.length < 200 && own.filter((word) => words.has(word)).length >= own.length * 0.5;
  });
  return alike ?? stated ?? (headings.find((heading) => heading !== '') ?? ofWindow);
}

/** Removes the site from "Title | Site". */
function withoutSite(title: string, site: string | undefined): string {
  if (site !== undefined) {
    const at = title.lastIndexOf(site);
    const before = at > 0 ? /^(.{3,}?)\s+[-|–—·:»]\s*$/u.exec(title.slice(0, at))?.[1] : undefined;
    if (before !== undefined && at + site.length === title.length) return before;
    return title;
  }
  return /^(.{15,}?)\s+[|–—·»]\s+.{2,40}$/u.exec(title)?.[1] ?? title;
}

function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return text(value[0]);
  if (typeof value === 'object' && value !== null) return text((value as JsonLd)['name'] ?? (value as JsonLd)['@value']);
  return undefined;
}

/** Removes markup and decodes doubly encoded entities, which are common in JSON-LD. */
function plain(value: string): string {
  return (value.includes('&') ? rawText(parseHtml(value)) : value).replace(/\s+/g, ' ').trim();
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}
