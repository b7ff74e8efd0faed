// A page's HTML as a small tree of plain objects: what the rest of `reading/page` walks. Parsing follows the forgiving rules of browsers as far as htmlparser2 does; scripts never run.
import { Parser } from 'htmlparser2';

export interface PageElement {
  tag: string;
  attributes: Record<string, string>;
  parent: PageElement | undefined;
  children: (PageElement | string)[];
  /** Steps from the root. */
  depth: number;
}

/** Elements deeper than this become siblings, so that walks may recurse. */
const maxDepth = 400;
/** What follows more elements than this is not read. */
const maxElements = 300_000;

export function parseHtml(html: string): PageElement {
  return parse(html, false);
}

/** XML by the same means: names keep their case, and no entities but the predefined ones exist. */
export function parseXml(source: string): PageElement {
  return parse(source, true);
}

function parse(source: string, xmlMode: boolean): PageElement {
  const root: PageElement = { tag: '#root', attributes: {}, parent: undefined, children: [], depth: 0 };
  const open: PageElement[] = [root];
  let elements = 0;
  const parser = new Parser({
    onopentag(tag, attributes) {
      const depth = Math.min(open.length, maxDepth);
      const parent = open[depth - 1]!;
      const element: PageElement = { tag, attributes, parent, children: [], depth };
      elements += 1;
      if (elements <= maxElements) parent.children.push(element);
      open.push(element);
    },
    ontext(text) {
      if (elements > maxElements) return;
      const { children } = open[Math.min(open.length, maxDepth) - 1]!;
      const last = children.length - 1;
      const before = children[last];
      if (typeof before === 'string') children[last] = before + text;
      else children.push(text);
    },
    onclosetag() {
      open.pop();
    },
  }, { decodeEntities: true, xmlMode });
  parser.write(source);
  parser.end();
  return root;
}

/** All elements below one, in document order. */
export function* elementsOf(root: PageElement): Generator<PageElement> {
  const stack: PageElement[] = [root];
  for (let element = stack.pop(); element !== undefined; element = stack.pop()) {
    yield element;
    for (let i = element.children.length - 1; i >= 0; i -= 1) {
      const child = element.children[i]!;
      if (typeof child !== 'string') stack.push(child);
    }
  }
}

/** The text of an element as it is in the source, without scripts and styles. */
export function rawText(node: PageElement | string): string {
  if (typeof node === 'string') return node;
  if (node.tag === 'script' || node.tag === 'style') return '';
  return node.children.length === 1 ? rawText(node.children[0]!) : node.children.map(rawText).join('');
}
