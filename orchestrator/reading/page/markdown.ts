// Writes the chosen blocks of a page as Markdown: keeps headings, lists, tables, code, quotations, mathematics and footnotes. Escapes text that Markdown would interpret as markup.
import type { Block } from './blocks.ts';
import { elementsOf, rawText, type PageElement } from './html-tree.ts';
import { inlineMarkdown, type InlineContext } from './inline-markdown.ts';
import { tableMarkdown } from './table-markdown.ts';

/** @param base base address for links */
export function toMarkdown(root: PageElement, kept: readonly Block[], base: string | undefined): string {
  const ofElement = new Map<PageElement, Block[]>();
  const holders = new Set<PageElement>();
  for (const block of kept) {
    const list = ofElement.get(block.element);
    if (list === undefined) ofElement.set(block.element, [block]);
    else list.push(block);
    for (let at: PageElement | undefined = block.element; at !== undefined && !holders.has(at); at = at.parent) holders.add(at);
  }
  const inline: InlineContext = { base, footnotes: footnoteNames(root) };
  const parts = new Renderer(holders, ofElement, inline).children(root);
  return `${parts.join('\n\n').replace(/\n{3,}/g, '\n\n').trim()}\n`;
}

class Renderer {
  readonly #holders: ReadonlySet<PageElement>;
  readonly #blocks: ReadonlyMap<PageElement, readonly Block[]>;
  readonly #inline: InlineContext;

  constructor(holders: ReadonlySet<PageElement>, blocks: ReadonlyMap<PageElement, readonly Block[]>, inline: InlineContext) {
    this.#holders = holders;
    this.#blocks = blocks;
    this.#inline = inline;
  }

  /** The chunks of an element's kept content, in the page's order. */
  children(element: PageElement): string[] {
    const own = [...this.#blocks.get(element) ?? []];
    const chunks: string[] = [];
    let next = own.shift();
    for (const [i, child] of element.children.entries()) {
      while (next !== undefined && next.start <= i) {
        chunks.push(...this.#block(element, next));
        next = own.shift();
      }
      if (typeof child !== 'string' && this.#holders.has(child)) chunks.push(...this.#element(child));
    }
    while (next !== undefined) {
      chunks.push(...this.#block(element, next));
      next = own.shift();
    }
    return chunks.filter((chunk) => chunk !== '');
  }

  #block(element: PageElement, block: Block): string[] {
    const text = inlineMarkdown(block.nodes, this.#inline);
    const level = /^h([1-6])$/.exec(element.tag)?.[1];
    if (level === undefined) return [text];
    return [`${'#'.repeat(Number(level))} ${text.replaceAll('\n', ' ')}`];
  }

  #element(element: PageElement): string[] {
    switch (element.tag) {
      case 'ul': case 'ol': case 'menu': return [this.#list(element)];
      case 'pre': return [codeBlock(element)];
      case 'blockquote': return [prefixed(this.children(element).join('\n\n'), '> ', '> ')];
      case 'table': return [tableMarkdown(element, this.#inline) ?? this.children(element).join('\n\n')];
      case 'figure': return [[figureImage(element, this.#inline), ...this.children(element)].filter((part) => part !== '').join('\n\n')];
      case 'dt': return [`**${this.children(element).join(' ')}**`];
      case 'li': return [prefixed(this.children(element).join('\n\n'), '- ', '  ')];
      default: return this.children(element);
    }
  }

  #list(list: PageElement): string {
    let number = Number(list.attributes['start'] ?? 1);
    const items: string[] = [];
    for (const child of list.children) {
      if (typeof child === 'string' || !this.#holders.has(child)) continue;
      const content = (child.tag === 'li' ? this.children(child) : this.#element(child)).join('\n\n');
      if (content === '') continue;
      const note = this.#inline.footnotes.get(child.attributes['id'] ?? '');
      const mark = note !== undefined ? `[^${note}]: ` : list.tag === 'ol' ? `${number}. ` : '- ';
      items.push(prefixed(content, mark, note !== undefined ? '    ' : ' '.repeat(mark.length)));
      number += 1;
    }
    const loose = items.some((item) => item.includes('\n\n'));
    return items.join(loose ? '\n\n' : '\n');
  }
}

function prefixed(text: string, first: string, rest: string): string {
  return text.split('\n').map((line, i) => (i === 0 ? first + line : line === '' ? rest.trimEnd() : rest + line)).join('\n');
}

function codeBlock(pre: PageElement): string {
  const code = codeText(pre).replace(/^\n+|\s+$/g, '');
  let language = '';
  for (const element of [pre.parent, pre, ...elementsOf(pre)]) {
    const found = /(?:^|\s)(?:language|lang|highlight(?:-source)?|brush:?)[-\s]([a-z0-9+#_-]{1,20})/i.exec(element?.attributes['class'] ?? '')?.[1];
    if (found !== undefined) { language = found.toLowerCase(); break; }
  }
  const fence = '`'.repeat(Math.max(3, ...[...code.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `${fence}${language === 'default' || language === 'none' ? '' : language}\n${code}\n${fence}`;
}

/** The lines of code; some highlighters make each line a separate element. */
function codeText(element: PageElement): string {
  let text = '';
  for (const child of element.children) {
    if (typeof child === 'string') text += child;
    else if (child.tag === 'br') text += '\n';
    else if (child.tag !== 'button' && child.tag !== 'style' && child.tag !== 'script') {
      if (['div', 'p', 'tr', 'li'].includes(child.tag) && text !== '' && !text.endsWith('\n')) text += '\n';
      text += codeText(child);
    }
  }
  return text;
}

function figureImage(figure: PageElement, context: InlineContext): string {
  for (const element of elementsOf(figure)) if (element.tag === 'img') return inlineMarkdown([element], context);
  return '';
}

/** Ids of elements that footnote marks link to, with the names of the notes. A mark is a link in `sup`, or one that is marked as a note reference. */
function footnoteNames(root: PageElement): Map<string, string> {
  const names = new Map<string, string>();
  for (const element of elementsOf(root)) {
    if (element.tag !== 'a') continue;
    const href = element.attributes['href'] ?? '';
    if (!href.startsWith('#') || href.length < 2) continue;
    const says = element.attributes['role'] === 'doc-noteref' || /footnote|fnref|noteref/i.test(`${element.attributes['class'] ?? ''} ${element.attributes['id'] ?? ''} ${element.attributes['rel'] ?? ''}`);
    const raised = element.parent?.tag === 'sup' || element.children.some((child) => typeof child !== 'string' && child.tag === 'sup');
    if (!says && !raised) continue;
    const name = rawText(element).replace(/[^\p{L}\p{N}]+/gu, '');
    if (name !== '' && name.length <= 12) names.set(href.slice(1), name);
  }
  return names;
}
