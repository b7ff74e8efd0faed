// Reads a page: what it is, what it says about itself, and its content as text and Markdown. Pure: nothing is fetched, no script runs, and what the page says is data.
import { segment } from './blocks.ts';
import { chooseBlocks } from './choose-blocks.ts';
import { parseHtml } from './html-tree.ts';
import { toMarkdown } from './markdown.ts';
import { pageMetadata, type PageMetadata } from './metadata.ts';
import { pageFacts } from './page-facts.ts';
import { pageModel, type PageType } from './page-model.ts';

interface ReadPage extends PageMetadata {
  type: PageType;
  /** The content's blocks, one a line. */
  text: string;
  markdown: string;
  /** How well the text is expected to match what a person would mark as content, from 0 to 1: the F1 over words that the model expects of its own choice. */
  confidence: number;
}

/**
 * @param url the page's address: links are resolved against it, and its form helps to tell the page's type
 */
export function readPage(html: string, url?: string): ReadPage {
  const root = parseHtml(html);
  const page = segment(root);
  const { kept, type, expectedF1 } = chooseBlocks(page, pageFacts(root, page, url), pageModel());
  const blocks = page.blocks.filter((_, i) => kept[i]);
  return { ...pageMetadata(root, url), type, text: blocks.map(({ text }) => text).join('\n'), markdown: toMarkdown(root, blocks, url), confidence: Number(expectedF1.toFixed(3)) };
}
