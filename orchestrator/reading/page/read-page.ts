// Reads a page: its type, its metadata, and its content as text and Markdown. Pure: nothing is fetched and no script runs.
import { segment } from './blocks.ts';
import { chooseBlocks } from './choose-blocks.ts';
import { parseHtml } from './html-tree.ts';
import { toMarkdown } from './markdown.ts';
import { pageMetadata, type PageMetadata } from './metadata.ts';
import { pageFacts } from './page-facts.ts';
import { pageModel, type PageType } from './page-model.ts';

interface ReadPage extends PageMetadata {
  type: PageType;
  /** The blocks of the content, one per line. */
  text: string;
  markdown: string;
  /** How well the text is expected to match what a person would mark as content: the F1 over words that the model expects, from 0 to 1. */
  confidence: number;
}

/**
 * @param url the address of the page, to resolve links and to help determine the type of the page
 */
export function readPage(html: string, url?: string): ReadPage {
  const root = parseHtml(html);
  const page = segment(root);
  const { kept, type, expectedF1 } = chooseBlocks(page, pageFacts(root, page, url), pageModel());
  const blocks = page.blocks.filter((_, i) => kept[i]);
  return { ...pageMetadata(root, url), type, text: blocks.map(({ text }) => text).join('\n'), markdown: toMarkdown(root, blocks, url), confidence: Number(expectedF1.toFixed(3)) };
}
