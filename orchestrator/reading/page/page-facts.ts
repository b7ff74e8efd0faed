// Facts about a page as a whole: title, description, declared types, the form of its address, and statistics of its blocks. Some are part of the features of each block, and they determine the type of the page.
import type { Segmented } from './blocks.ts';
import { elementsOf, rawText, type PageElement } from './html-tree.ts';
import { wordsOf } from './words.ts';

export interface PageFacts {
  title: string;
  titleWords: ReadonlySet<string>;
  descriptionWords: ReadonlySet<string>;
  url: URL | undefined;
  /** Types in JSON-LD and Open Graph, in lowercase. */
  declaredTypes: string;
  generator: string;
  words: number;
  linkWords: number;
  longWords: number;
  byTag: ReadonlyMap<string, number>;
  prices: number;
  dates: number;
}

const address: readonly RegExp[] = [
  /\/(?:products?|p|item|itm|dp|shop\/[^/]+\/[^/]+)\//, /\/(?:collections?|category|categories|c|cat|shop|store|browse|catalog)(?:\/|$)/, /\/(?:t|thread|threads|topic|topics|questions|discussion|forum|forums|viewtopic|showthread|comments|r)(?:[/.]|$)/,
  /docs?[./]|documentation|\/(?:api|reference|guide|guides|manual|tutorial|learn|wiki|en|stable|latest)\//, /\/(?:blog|news|article|articles|post|posts|story|stories)\/./, /\/\d{4}\/\d{2}\//, /\/(?:blog|news|articles|tag|tags|topics|archive|events|search|recent|courses|jobs)\/?$/,
  /\/(?:services?|solutions?|about|pricing|programs?|practice|treatments?)/, /\?.*=/,
];

const types: readonly RegExp[] = [
  /newsarticle|blogposting|\barticle\b|reportage/, /\bproduct\b|productgroup|og:product/, /collectionpage|itemlist|offercatalog|searchresultspage/, /discussionforumposting|qapage|question\b/, /techarticle|apireference|howto/, /service|organization|localbusiness|professional/,
  /faqpage/, /breadcrumblist/, /website\b/,
];

const generators: readonly RegExp[] = [/discourse|xenforo|phpbb|vbulletin|invision|mybb|flarum|vanilla/, /wordpress|ghost|hugo|jekyll|drupal|substack|medium/, /sphinx|mkdocs|docusaurus|gitbook|readthedocs|mdbook|rustdoc|javadoc|vitepress|nextra|hexo/, /shopify|woocommerce|magento|bigcommerce/, /wix|squarespace|webflow/];

export function pageFacts(root: PageElement, { blocks, stats }: Segmented, url: string | undefined): PageFacts {
  const byTag = new Map<string, number>();
  let title = '';
  let shareTitle = '';
  let description = '';
  let declared = '';
  let generator = '';
  for (const element of elementsOf(root)) {
    const { tag, attributes } = element;
    byTag.set(tag, (byTag.get(tag) ?? 0) + 1);
    if (tag === 'title' && title === '') title = rawText(element).trim();
    else if (tag === 'meta') {
      const name = (attributes['property'] ?? attributes['name'] ?? '').toLowerCase();
      const content = attributes['content'] ?? '';
      if (name === 'og:title') shareTitle = content;
      else if (name === 'description' || name === 'og:description') description += ` ${content}`;
      else if (name === 'og:type') declared += ` og:${content.toLowerCase()} ${content.toLowerCase()}`;
      else if (name === 'generator') generator += ` ${content.toLowerCase()}`;
    } else if (tag === 'script' && attributes['type'] === 'application/ld+json') {
      for (const child of element.children) if (typeof child === 'string') for (const match of child.slice(0, 200_000).matchAll(/"@type"\s*:\s*\[?\s*"([A-Za-z]+)"/g)) declared += ` ${match[1]!.toLowerCase()}`;
    } else if (tag === 'script' && generator.length < 200) {
      const source = attributes['src'] ?? '';
      if (source.includes('shopify')) generator += ' shopify';
      else if (source.includes('wp-content') || source.includes('wp-includes')) generator += ' wordpress';
      else if (source.includes('woocommerce')) generator += ' woocommerce';
    } else if (tag === 'html' || tag === 'body') declared += ` ${(attributes['itemtype'] ?? '').toLowerCase()}`;
  }
  let prices = 0;
  let dates = 0;
  for (const { text } of blocks) {
    if (text.length > 60) continue;
    if (/[$€£¥]\s?\d|\d\s?(?:€|USD|EUR)/.test(text)) prices += 1;
    if (/\b(?:19|20)\d\d\b|\b\d{1,2}:\d\d\b|\bago\b/.test(text)) dates += 1;
  }
  const sum = stats.get(root);
  return {
    title: shareTitle || title, titleWords: new Set(wordsOf(shareTitle || title).filter((word) => word.length > 2)), descriptionWords: new Set(wordsOf(description).filter((word) => word.length > 3)),
    url: url !== undefined && URL.canParse(url) ? new URL(url) : undefined, declaredTypes: declared, generator,
    words: sum?.words ?? 0, linkWords: sum?.linkWords ?? 0, longWords: sum?.longWords ?? 0, byTag, prices, dates,
  };
}

/** Features of the page as a whole. */
export function pageFeatures(facts: PageFacts, { blocks }: Segmented): number[] {
  const { url, byTag } = facts;
  const where = url === undefined ? '' : `${url.hostname}${url.pathname}`.toLowerCase();
  const count = (...tags: string[]): number => Math.log1p(tags.reduce((sum, tag) => sum + (byTag.get(tag) ?? 0), 0));
  const share = (tags: readonly string[]): number => blocks.reduce((sum, block) => sum + (tags.includes(block.element.tag) ? block.words : 0), 0) / (facts.words + 1);
  return [
    ...address.map((pattern) => Number(pattern.test(`${where}${url?.search ?? ''}`))), ...types.map((pattern) => Number(pattern.test(facts.declaredTypes))), ...generators.map((pattern) => Number(pattern.test(facts.generator))),
    where.split('/').filter((part) => part !== '').length - 1, url?.pathname.length ?? 0, Number(/\d{4,}/.test(url?.pathname ?? '')), Number(/^(?:docs|developer|dev|help|support|learn|api)\./.test(where)), Number(/^(?:forum|forums|community|discuss|boards|answers)\./.test(where)),
    Math.log1p(facts.words), Math.log1p(blocks.length), facts.linkWords / (facts.words + 1), facts.longWords / (facts.words + 1), Math.log1p(facts.longWords),
    Math.log1p(facts.prices), Math.log1p(facts.dates), facts.prices / (blocks.length + 1), facts.dates / (blocks.length + 1),
    count('p'), count('li'), count('pre'), count('code'), count('article'), count('form', 'input'), count('button'), count('h1'), count('h2', 'h3'), count('td', 'th'), count('img', 'picture'), count('time'), count('blockquote'), count('section'), count('dt', 'dd'),
    share(['p']), share(['li']), share(['td', 'th']), share(['pre']), share(['div', 'span', 'a']), share(['h1', 'h2', 'h3', 'h4']),
    facts.titleWords.size, facts.descriptionWords.size,
  ];
}
