// Writes inline content as Markdown: emphasis, links, code, images, mathematics and footnote marks.
import { rawText, type PageElement } from './html-tree.ts';
import { isMath, mathMarkdown } from './math-markdown.ts';

export interface InlineContext {
  /** Base address for links. */
  base: string | undefined;
  /** Footnote names by the id of the footnote's text. */
  footnotes: ReadonlyMap<string, string>;
}

export function inlineMarkdown(nodes: readonly (PageElement | string)[], context: InlineContext): string {
  return nodes.map((node) => inlineNode(node, context)).join('').replace(/[^\S\n]+/g, ' ').replace(/ ?\n ?/g, '\n').trim().replace(/^(\s*)([#>+-]|\d+[.)])(?=\s)/gm, '$1\\$2');
}

function inlineNode(node: PageElement | string, context: InlineContext): string {
  if (typeof node === 'string') return escapeMarkdown(node.replace(/\s+/g, ' '));
  if (isMath(node)) return mathMarkdown(node);
  const inner = (): string => node.children.map((child) => inlineNode(child, context)).join('');
  switch (node.tag) {
    case 'br': return '\n';
    case 'b': case 'strong': return wrapped(inner(), '**');
    case 'i': case 'em': return wrapped(inner(), '*');
    case 'del': case 's': case 'strike': return wrapped(inner(), '~~');
    case 'code': case 'kbd': case 'samp': case 'tt': return codeSpan(rawText(node));
    case 'a': return link(node, inner(), context);
    case 'sup': case 'sub': return raised(node, inner());
    case 'img': return image(node, context);
    case 'script': case 'style': case 'template': case 'noscript': case 'svg': return '';
    default: return inner();
  }
}

function wrapped(text: string, mark: string): string {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.includes(mark)) return text;
  const start = text.length - text.trimStart().length;
  const end = text.length - text.trimEnd().length;
  return `${start > 0 ? ' ' : ''}${mark}${trimmed}${mark}${end > 0 ? ' ' : ''}`;
}

function codeSpan(text: string): string {
  const code = text.replace(/\s+/g, ' ').trim();
  if (code === '') return '';
  return code.includes('`') ? `\`\` ${code} \`\`` : `\`${code}\``;
}

function link(element: PageElement, text: string, context: InlineContext): string {
  const href = element.attributes['href'];
  const note = href?.startsWith('#') === true ? context.footnotes.get(href.slice(1)) : undefined;
  if (note !== undefined) return `[^${note}]`;
  const label = text.trim();
  if (label === '' || href === undefined || href.startsWith('#')) return text;
  const address = resolved(href, context.base);
  return address === undefined ? text : `${text.startsWith(' ') ? ' ' : ''}[${label.replaceAll('\n', ' ')}](${address})${text.endsWith(' ') ? ' ' : ''}`;
}

function raised(element: PageElement, inner: string): string {
  const text = inner.trim();
  if (text === '' || text.startsWith('[^')) return inner;
  return element.tag === 'sup' ? `^${text}` : `~${text}`;
}

function image(element: PageElement, context: InlineContext): string {
  const { alt, src } = element.attributes;
  const address = src === undefined || alt === undefined || alt.trim() === '' ? undefined : resolved(src, context.base);
  return address === undefined ? '' : `![${escapeMarkdown(alt!.trim().replace(/\s+/g, ' '))}](${address})`;
}

/** Returns an absolute http(s) or mailto address; other schemes can run code or refer to local resources. */
function resolved(href: string, base: string | undefined): string | undefined {
  const url = URL.parse(href.trim(), base);
  if (url === null || !['http:', 'https:', 'mailto:'].includes(url.protocol)) return undefined;
  return url.href.replaceAll('(', '%28').replaceAll(')', '%29');
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*[\]<]/g, '\\$&').replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_');
}
