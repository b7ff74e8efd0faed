// The objects in a page's JSON-LD, with graphs and lists flattened. Skips invalid scripts, which many pages have.
import { elementsOf, type PageElement } from './html-tree.ts';

export type JsonLd = Record<string, unknown>;

const maxObjects = 200;

export function jsonLdObjects(root: PageElement): (JsonLd & { types: string[] })[] {
  const found: (JsonLd & { types: string[] })[] = [];
  const collect = (value: unknown, depth: number): void => {
    if (found.length >= maxObjects || depth > 6) return;
    if (Array.isArray(value)) {
      for (const one of value) collect(one, depth + 1);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const object = value as JsonLd;
    const type = object['@type'];
    const types = (Array.isArray(type) ? type : [type]).filter((one): one is string => typeof one === 'string');
    if (types.length > 0) found.push({ ...object, types });
    collect(object['@graph'], depth + 1);
    collect(object['mainEntity'], depth + 1);
  };
  for (const element of elementsOf(root)) {
    if (element.tag !== 'script' || element.attributes['type'] !== 'application/ld+json') continue;
    const source = element.children.map((child) => (typeof child === 'string' ? child : '')).join('');
    try {
      collect(JSON.parse(source.replace(/^\s*(?:<!--|\/\/<!\[CDATA\[)|(?:-->|\/\/\]\]>)\s*$/g, '').replaceAll(/\p{Cc}+/gu, ' ')), 0);
    } catch {
      continue;
    }
  }
  return found;
}
