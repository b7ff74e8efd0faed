import { expect, test } from 'vitest';
import { segment, type Segmented } from '../../../orchestrator/reading/page/blocks.ts';
import { parseHtml } from '../../../orchestrator/reading/page/html-tree.ts';

const blocksOf = (html: string): Segmented => segment(parseHtml(html));
const textsOf = (html: string): string[] => blocksOf(html).blocks.map(({ text }) => text);

test('A page is cut where a reader sees a new paragraph, and scripts and styles are not text', () => {
  expect(textsOf('<style>p{}</style><div>One <b>bold</b> line<br>continued<br><br>Two<p>Three</p>Four</div><script>no()</script>')).toEqual(['One bold line continued', 'Two', 'Three', 'Four']);
});

test('A link around a card is cut like the card', () => {
  expect(textsOf('<a href="/x"><h3>Boat</h3><p>Ten meters</p></a>')).toEqual(['Boat', 'Ten meters']);
});

test('Neighboring links without a space between them are separate words', () => {
  expect(textsOf('<div><a href="/a">Home</a><a href="/b">News</a></div>')).toEqual(['Home News']);
});

test('Words, links and their words are counted once, and added up for each element around them', () => {
  const { blocks, stats } = blocksOf('<div><p>Five words, <a href="/x">two linked</a>.</p><p>Two more</p></div>');
  expect(blocks.map(({ words, linkWords, links, commas }) => ({ words, linkWords, links, commas }))).toEqual([{ words: 4, linkWords: 2, links: 1, commas: 1 }, { words: 2, linkWords: 0, links: 0, commas: 0 }]);
  const [div] = [...stats].flatMap(([element, sum]) => (element.tag === 'div' ? [sum] : []));
  expect(div).toMatchObject({ words: 6, linkWords: 2, blocks: 2, commas: 1, firstBlock: 0, endBlock: 2 });
});

test('Text in noscript is read if it is most of the page', () => {
  const posts = Array.from({ length: 30 }, (_, i) => `<p>Post number ${i} has some words.</p>`).join('');
  expect(textsOf(`<div>Loading</div><noscript>${posts}</noscript>`)).toHaveLength(31);
  expect(textsOf(`<div>${posts}</div><noscript><p>Please enable scripts.</p></noscript>`)).toHaveLength(30);
});
