// Cuts a page into blocks: the runs of inline content that a reader sees as one paragraph, heading, list item or table cell. Each block refers to its element; statistics of each element (words, words in links,
// blocks) are added up in the same pass, so that nothing is read twice.
import { elementsOf, rawText, type PageElement } from './html-tree.ts';
import { commas, countWords } from './words.ts';

export interface Block {
  /** The nearest element around the run that is not inline. */
  element: PageElement;
  nodes: (PageElement | string)[];
  /** Index of the run's first node among the element's children. */
  start: number;
  /** With single spaces; unchanged in `pre`. */
  text: string;
  words: number;
  linkWords: number;
  links: number;
  commas: number;
  /** Words in bold, emphasis or code. */
  markedWords: number;
}

/** Statistics of an element and everything below it. */
export interface ElementStats {
  words: number;
  linkWords: number;
  blocks: number;
  /** Words in blocks of more than fifteen words. */
  longWords: number;
  commas: number;
  /** The range of blocks below the element, without `end`. */
  firstBlock: number;
  endBlock: number;
  elements: number;
}

export interface Segmented {
  blocks: Block[];
  stats: Map<PageElement, ElementStats>;
}

const unseen = new Set(['script', 'style', 'svg', 'head', 'iframe', 'object', 'embed', 'canvas', 'audio', 'video', 'map', 'datalist', 'select', 'textarea']);
const inline = new Set(['a', 'abbr', 'acronym', 'b', 'bdi', 'bdo', 'big', 'br', 'cite', 'code', 'data', 'del', 'dfn', 'em', 'font', 'i', 'img', 'input', 'ins', 'kbd', 'mark', 'math', 'picture', 'q', 'rp', 'rt', 'ruby', 's',
  'samp', 'small', 'source', 'span', 'strike', 'strong', 'sub', 'sup', 'time', 'tt', 'u', 'var', 'wbr', 'nobr', 'label', 'button', 'annotation', 'semantics']);
const mathTags = new Set(['math']);
const marked = new Set(['b', 'strong', 'em', 'i', 'code', 'u', 'mark']);
const spaced = new Set(['a', 'button', 'label', 'time', 'span', 'img', 'br', 'small', 'strong', 'b']);

/** The text of the current run and its parts. */
interface Run { start: number; nodes: (PageElement | string)[]; parts: string[]; linkParts: string[]; links: number; markedParts: string[] }

const emptyRun = (start: number): Run => ({ start, nodes: [], parts: [], linkParts: [], links: 0, markedParts: [] });

/** Cuts a page into blocks. Text in `noscript` is used only if it has more words than the rest, as in forums that are rendered by scripts. */
export function segment(root: PageElement): Segmented {
  const page = segmentWith(root, false);
  let fallback = 0;
  for (const element of elementsOf(root)) if (element.tag === 'noscript') fallback += countWords(rawText(element));
  return fallback > 100 && fallback > (page.stats.get(root)?.words ?? 0) ? segmentWith(root, true) : page;
}

function segmentWith(root: PageElement, withNoscript: boolean): Segmented {
  const blocks: Block[] = [];
  const stats = new Map<PageElement, ElementStats>();
  const withBlocks = new Set<PageElement>();
  markElementsWithBlocks(root, withBlocks);

  const visit = (element: PageElement): ElementStats => {
    const sum: ElementStats = { words: 0, linkWords: 0, blocks: 0, longWords: 0, commas: 0, firstBlock: blocks.length, endBlock: blocks.length, elements: 1 };
    const preformatted = isPreformatted(element);
    let run = emptyRun(0);
    let breaks = 0;
    const flush = (next: number): void => {
      const block = blockOf(element, run, preformatted);
      run = emptyRun(next);
      breaks = 0;
      if (block === undefined) return;
      blocks.push(block);
      sum.words += block.words;
      sum.linkWords += block.linkWords;
      sum.blocks += 1;
      sum.commas += block.commas;
      if (block.words > 15) sum.longWords += block.words;
    };
    for (const [i, child] of element.children.entries()) {
      if (typeof child === 'string') {
        if (breaks > 0 && child.trim() !== '') breaks = 0;
        run.nodes.push(child);
        run.parts.push(child);
        continue;
      }
      if (unseen.has(child.tag) || (child.tag === 'noscript' && !withNoscript) || (child.tag === 'template' && child.attributes['shadowrootmode'] === undefined)) continue;
      if (inline.has(child.tag) && !withBlocks.has(child)) {
        if (child.tag === 'br') {
          breaks += 1;
          if (breaks === 2 && !preformatted) { flush(i + 1); continue; }
        } else breaks = 0;
        run.nodes.push(child);
        addInline(child, run, false, false, preformatted);
        continue;
      }
      flush(i + 1);
      const below = visit(child);
      sum.words += below.words;
      sum.linkWords += below.linkWords;
      sum.blocks += below.blocks;
      sum.longWords += below.longWords;
      sum.commas += below.commas;
      sum.elements += below.elements;
    }
    flush(element.children.length);
    sum.endBlock = blocks.length;
    stats.set(element, sum);
    return sum;
  };
  visit(root);
  return { blocks, stats };
}

/** Finds inline elements that contain block elements, such as a link around a card: they are cut like blocks. */
function markElementsWithBlocks(element: PageElement, found: Set<PageElement>): boolean {
  let any = false;
  for (const child of element.children) {
    if (typeof child === 'string' || unseen.has(child.tag) || mathTags.has(child.tag)) continue;
    const below = markElementsWithBlocks(child, found);
    if (below || !inline.has(child.tag)) any = true;
  }
  if (any) found.add(element);
  return any;
}

function addInline(element: PageElement, run: Run, inLink: boolean, inMarked: boolean, preformatted: boolean): void {
  const { tag } = element;
  if (unseen.has(tag) || tag === 'noscript' || tag === 'template') return;
  const gap = !preformatted && spaced.has(tag);
  if (tag === 'br') {
    run.parts.push(preformatted ? '\n' : ' ');
    return;
  }
  if (tag === 'math') {
    run.parts.push(' ', element.attributes['alttext'] ?? mathText(element), ' ');
    return;
  }
  const link = inLink || tag === 'a' || tag === 'button';
  const strong = inMarked || marked.has(tag);
  if (tag === 'a' && element.attributes['href'] !== undefined) run.links += 1;
  // Adjacent inline elements without a space between them are separate words, except in code.
  if (gap && run.parts.length > 0 && typeof run.nodes.at(-2) !== 'string') run.parts.push(' ');
  for (const [i, child] of element.children.entries()) {
    if (typeof child === 'string') {
      run.parts.push(child);
      if (link) run.linkParts.push(child);
      if (strong) run.markedParts.push(child);
    } else {
      if (!preformatted && i > 0 && spaced.has(child.tag) && typeof element.children[i - 1] !== 'string') {
        run.parts.push(' ');
        if (link) run.linkParts.push(' ');
      }
      addInline(child, run, link, strong, preformatted);
    }
  }
}

function mathText(element: PageElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : child.tag === 'annotation' ? '' : mathText(child))).join(' ');
}

function isPreformatted(element: PageElement): boolean {
  for (let at: PageElement | undefined = element, up = 0; at !== undefined && up < 6; at = at.parent, up += 1) if (at.tag === 'pre') return true;
  return false;
}

function blockOf(element: PageElement, run: Run, preformatted: boolean): Block | undefined {
  if (run.parts.length === 0) return undefined;
  const joined = run.parts.join('');
  const text = preformatted ? joined.replace(/^\n+|\s+$/g, '') : joined.replace(/\s+/g, ' ').trim();
  if (text === '') return undefined;
  return {
    element, nodes: run.nodes, start: run.start, text, words: countWords(text), links: run.links, commas: commas(text),
    linkWords: run.linkParts.length === 0 ? 0 : countWords(run.linkParts.join(' ')), markedWords: run.markedParts.length === 0 ? 0 : countWords(run.markedParts.join(' ')),
  };
}
