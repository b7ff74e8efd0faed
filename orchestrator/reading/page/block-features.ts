// The features of a block: its text, its element and ancestors, its position, its neighbors, and how often its structure repeats. One row per block, with columns in a fixed order: the model refers to columns by
// number, so run `npm run train:pages` after a change here.
import type { Block, ElementStats, Segmented } from './blocks.ts';
import { groupCount, groupsOf, inGroup } from './class-groups.ts';
import { mainContainer } from './main-container.ts';
import type { PageElement } from './html-tree.ts';
import type { PageFacts } from './page-facts.ts';
import { boilerplateKinds, headingKinds, textFeatures } from './text-features.ts';
import { wordsOf } from './words.ts';

const tagNumber = new Map(['p', 'li', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'td', 'th', 'pre', 'div', 'span', 'a', 'blockquote', 'dt', 'dd', 'figcaption', 'button', 'label', 'section', 'article', 'summary', 'body', 'form', 'caption', 'address'].map((tag, i) => [tag, i + 1]));
const landmarks = ['article', 'main', 'nav', 'header', 'footer', 'aside', 'form', 'ul', 'ol', 'table', 'figure', 'section', 'dialog', 'details', 'a', 'button', 'p', 'blockquote', 'dl'] as const;
const landmarkNumber = new Map<string, number>(landmarks.map((tag, i) => [tag, i]));
const heading = /^h[1-6]$/;

/** What an element inherits: the depth of the nearest ancestor (or itself) in each group and of each landmark; -1 if there is none. */
interface Inherited { groups: Int16Array; landmarks: Int16Array; hidden: number; signature: string }

export function blockFeatures(page: Segmented, facts: PageFacts, ofPage: readonly number[]): Float32Array[] {
  const { blocks, stats } = page;
  const inherited = inheritance();
  const main = mainContainer(page);
  const signatures = blocks.map(({ element }) => inherited(element).signature);
  const repeated = groupBySignature(blocks, signatures);
  const seen = new Map<string, number>();
  const copies = new Map<string, number>();
  for (const { text } of blocks) copies.set(text, (copies.get(text) ?? 0) + 1);
  const title = facts.titleWords;
  let wordsBefore = 0;
  let headingKind = 0;
  let headingLevel = 0;
  let headingBlock = -1;
  let sawTitle = -1;
  let longBefore = -1;
  const nextLong = distanceToNextLong(blocks);
  const rows: Float32Array[] = [];
  const text = blocks.map(textFeatures);

  for (const [i, block] of blocks.entries()) {
    const row: number[] = [];
    const { element } = block;
    const from = inherited(element);
    const own = stats.get(element)!;
    const lower = block.text.length < 400 ? wordsOf(block.text) : [];
    if (heading.test(element.tag)) {
      headingKind = headingKinds.findIndex((pattern) => pattern.test(block.text)) + 1;
      headingLevel = Number(element.tag[1]);
      headingBlock = i;
    }
    const inTitle = lower.length === 0 ? 0 : lower.filter((word) => title.has(word)).length;
    if (sawTitle < 0 && (element.tag === 'h1' || (title.size > 1 && inTitle >= title.size * 0.7 && lower.length < 30))) sawTitle = i;
    const order = seen.get(block.text) ?? 0;
    seen.set(block.text, order + 1);

    row.push(block.words, block.linkWords / (block.words || 1), block.links, block.commas, block.markedWords / (block.words || 1), ...text[i]!);
    row.push(tagNumber.get(element.tag) ?? 0, heading.test(element.tag) ? Number(element.tag[1]) : 0, element.depth, block.nodes.length, own.blocks, own.words - block.words, own.elements);
    row.push(i / blocks.length, i, blocks.length - i, wordsBefore / (facts.words + 1), wordsBefore, facts.words - wordsBefore);
    row.push(order, (copies.get(block.text) ?? 1) - 1);
    row.push(inTitle / (title.size || 1), inTitle / (lower.length || 1), lower.length === 0 ? 0 : lower.filter((word) => facts.descriptionWords.has(word)).length / lower.length, sawTitle < 0 ? -1 : i - sawTitle);
    row.push(headingKind, headingLevel, headingBlock < 0 ? -1 : i - headingBlock, longBefore < 0 ? -1 : i - longBefore, nextLong[i]! < 0 ? -1 : nextLong[i]! - i);
    for (let group = 0; group < groupCount; group += 1) row.push(from.groups[group]! < 0 ? 99 : element.depth - from.groups[group]!);
    for (let landmark = 0; landmark < landmarks.length; landmark += 1) row.push(from.landmarks[landmark]! < 0 ? 99 : element.depth - from.landmarks[landmark]!);
    row.push(from.hidden);
    pushContainers(row, element, stats, facts);
    pushMain(row, block, i, main, stats, facts);
    const alike = repeated.get(signatures[i]!)!;
    row.push(alike.blocks, alike.words / alike.blocks, alike.linkWords / (alike.words + 1), alike.words / (facts.words + 1), alike.texts.size / alike.blocks, alike.last - alike.first, (i - alike.first) / (alike.last - alike.first + 1));
    for (const step of [-3, -2, -1, 1, 2, 3]) pushNeighbor(row, blocks, text, i, i + step);
    for (const reach of [3, 8, 20]) pushWindow(row, blocks, i, reach);
    row.push(...ofPage);
    rows.push(Float32Array.from(row));
    wordsBefore += block.words;
    if (block.words > 20 && block.linkWords < block.words / 2) longBefore = i;
  }
  return rows;
}

function inheritance(): (element: PageElement) => Inherited {
  const known = new Map<PageElement, Inherited>();
  const of = (element: PageElement): Inherited => {
    const before = known.get(element);
    if (before !== undefined) return before;
    const above = element.parent === undefined ? undefined : of(element.parent);
    const groups = above === undefined ? new Int16Array(groupCount).fill(-1) : above.groups.slice();
    const marks = above === undefined ? new Int16Array(landmarks.length).fill(-1) : above.landmarks.slice();
    const bits = groupsOf(element);
    if (bits[0] !== 0 || bits[1] !== 0) for (let group = 0; group < groupCount; group += 1) if (inGroup(bits, group)) groups[group] = element.depth;
    const landmark = landmarkNumber.get(element.tag) ?? roleLandmark(element.attributes['role']);
    if (landmark !== undefined) marks[landmark] = element.depth;
    const { hidden, style } = element.attributes;
    const invisible = hidden !== undefined || element.attributes['aria-hidden'] === 'true' || (style !== undefined && /display\s*:\s*none|visibility\s*:\s*hidden/.test(style));
    const classes = element.attributes['class']?.split(/\s+/, 2).join('.') ?? '';
    const found: Inherited = {
      groups, landmarks: marks, hidden: Math.max(above?.hidden ?? 0, invisible ? (element.attributes['aria-hidden'] === 'true' ? 1 : 2) : 0),
      signature: `${above === undefined ? '' : above.signature.split('>').slice(-3).join('>')}>${element.tag}.${classes.replaceAll(/\d+/g, '')}`,
    };
    known.set(element, found);
    return found;
  };
  return of;
}

function roleLandmark(role: string | undefined): number | undefined {
  if (role === undefined) return undefined;
  const tag = { navigation: 'nav', banner: 'header', contentinfo: 'footer', complementary: 'aside', main: 'main', article: 'article', dialog: 'dialog', list: 'ul', menu: 'nav', menubar: 'nav', search: 'form' }[role];
  return tag === undefined ? undefined : landmarkNumber.get(tag);
}

interface Alike { blocks: number; words: number; linkWords: number; texts: Set<string>; first: number; last: number }

function groupBySignature(blocks: readonly Block[], signatures: readonly string[]): Map<string, Alike> {
  const found = new Map<string, Alike>();
  for (const [i, block] of blocks.entries()) {
    const alike = found.get(signatures[i]!) ?? { blocks: 0, words: 0, linkWords: 0, texts: new Set(), first: i, last: i };
    alike.blocks += 1;
    alike.words += block.words;
    alike.linkWords += block.linkWords;
    alike.texts.add(block.text);
    alike.last = i;
    found.set(signatures[i]!, alike);
  }
  return found;
}

function distanceToNextLong(blocks: readonly Block[]): Int32Array {
  const found = new Int32Array(blocks.length).fill(-1);
  let next = -1;
  for (let i = blocks.length - 1; i >= 0; i -= 1) {
    found[i] = next;
    const { words, linkWords } = blocks[i]!;
    if (words > 20 && linkWords < words / 2) next = i;
  }
  return found;
}

/** Statistics of ancestors: the nearest ones, and those that contain a tenth and a third of the page. */
function pushContainers(row: number[], element: PageElement, stats: ReadonlyMap<PageElement, ElementStats>, facts: PageFacts): void {
  const near: ElementStats[] = [];
  let tenth: ElementStats | undefined;
  let third: ElementStats | undefined;
  let tenthSteps = 0;
  let steps = 0;
  for (let at = element.parent; at !== undefined; at = at.parent) {
    const found = stats.get(at);
    steps += 1;
    if (found === undefined) continue;
    const last = near.at(-1);
    if (near.length < 5 && (last === undefined || found.blocks > last.blocks)) near.push(found);
    if (tenth === undefined && found.words >= facts.words / 10) { tenth = found; tenthSteps = steps; }
    if (third === undefined && found.words >= facts.words / 3) third = found;
  }
  for (let i = 0; i < 5; i += 1) {
    const found = near[i] ?? near.at(-1);
    row.push(found?.words ?? 0, (found?.linkWords ?? 0) / ((found?.words ?? 0) + 1), (found?.longWords ?? 0) / ((found?.words ?? 0) + 1), found?.blocks ?? 0, (found?.words ?? 0) / ((found?.blocks ?? 0) + 1));
  }
  row.push((near[1]?.words ?? 0) / (facts.words + 1), (near[3]?.words ?? 0) / (facts.words + 1));
  row.push(tenthSteps, (tenth?.linkWords ?? 0) / ((tenth?.words ?? 0) + 1), (tenth?.longWords ?? 0) / ((tenth?.words ?? 0) + 1), (third?.linkWords ?? 0) / ((third?.words ?? 0) + 1), (third?.longWords ?? 0) / ((third?.words ?? 0) + 1));
}

/** The position of the block relative to the element that contains most of the running text. */
function pushMain(row: number[], block: Block, i: number, main: PageElement, stats: ReadonlyMap<PageElement, ElementStats>, facts: PageFacts): void {
  const range = stats.get(main)!;
  const inside = i >= range.firstBlock && i < range.endBlock;
  let common: PageElement | undefined = main;
  let steps = 0;
  while (common !== undefined && !inside) {
    const around = stats.get(common);
    if (around !== undefined && i >= around.firstBlock && i < around.endBlock) break;
    common = common.parent;
    steps += 1;
  }
  row.push(Number(inside), steps, i < range.firstBlock ? i - range.firstBlock : i >= range.endBlock ? i - range.endBlock + 1 : 0, inside ? block.element.depth - main.depth : -1, range.words / (facts.words + 1), range.linkWords / (range.words + 1), inside ? (i - range.firstBlock) / (range.endBlock - range.firstBlock) : -1);
}

function pushNeighbor(row: number[], blocks: readonly Block[], text: readonly (readonly number[])[], i: number, j: number): void {
  const other = blocks[j];
  if (other === undefined) row.push(-1, -1, -1, -1, -1);
  else row.push(other.words, other.linkWords / (other.words || 1), tagNumber.get(other.element.tag) ?? 0, Number(other.element === blocks[i]!.element || other.element.parent === blocks[i]!.element.parent), text[j]![boilerplateKinds]!);
}

function pushWindow(row: number[], blocks: readonly Block[], i: number, reach: number): void {
  let words = 0;
  let linkWords = 0;
  let long = 0;
  for (let j = Math.max(0, i - reach); j <= Math.min(blocks.length - 1, i + reach); j += 1) {
    const block = blocks[j]!;
    words += block.words;
    linkWords += block.linkWords;
    if (block.words > 15) long += block.words;
  }
  row.push(words, linkWords / (words + 1), long / (words + 1));
}
