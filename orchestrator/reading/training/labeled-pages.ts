// Reads folders of pages with reference texts: `ID.html.gz` and `truth.jsonl` with a line a page (`id, type, url, title, main_content`).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface LabeledPage {
  id: string;
  type: string;
  url: string;
  text: string;
  html: () => string;
}

export function readLabeledPages(folder: string): LabeledPage[] {
  return readFileSync(join(folder, 'truth.jsonl'), 'utf8').split('\n').filter((line) => line.trim() !== '').map((line) => {
    const { id, type, url, main_content: text } = JSON.parse(line) as { id: string; type: string; url: string; main_content: string };
    return { id, type, url, text, html: () => gunzipSync(readFileSync(join(folder, `${id}.html.gz`))).toString('utf8') };
  });
}
