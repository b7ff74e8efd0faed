// The HTML of a page as a tree of plain objects, for the rest of `reading/page`. Tolerates errors as browsers do, as far as htmlparser2 supports it; scripts never run.
import { Parser } from 'htmlparser2';

export interface PageElement {
  tag: string;
  attributes: Record<string, string>;
  parent: PageElement | undefined;
  children: (PageElement | string)[];
  /** Distance from the root. */
  depth: number;
}

/** Elements deeper than this become siblings, so that recursion is bounded. */
const maxDepth = 400;
/** The rest of a page with more elements than this is not read. */
const maxElements = 300_000;

export function parseHtml(html: string): PageElement {
  return parse(html, false);
}

/** Parses XML in the same way; names keep their case, and only the predefined entities exist. */
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

/** All elements below an element, in document order. */
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

/** The source text of an element, without scripts and styles. */
export function rawText(node: PageElement | string): string {
  if (typeof node === 'string') return node;
  if (node.tag === 'script' || node.tag === 'style') return '';
  return node.children.length === 1 ? rawText(node.children[0]!) : node.children.map(rawText).join('');
}
