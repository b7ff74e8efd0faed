// Writes formulas as TeX between dollar signs: from the TeX that KaTeX, MathJax and Wikipedia include in the page, otherwise from MathML by a small set of rules.
import { elementsOf, rawText, type PageElement } from './html-tree.ts';

export function isMath({ tag, attributes }: PageElement): boolean {
  return tag === 'math' || (tag === 'span' && /(?:^|\s)(?:katex|katex-display|mwe-math-element|MathJax)(?:\s|$)/.test(attributes['class'] ?? ''));
}

export function mathMarkdown(element: PageElement): string {
  const tex = texOf(element)?.trim();
  if (tex === undefined || tex === '') return '';
  const classes = element.attributes['class'] ?? '';
  const display = element.attributes['display'] === 'block' || classes.includes('katex-display') || element.parent?.attributes['class']?.includes('katex-display') === true;
  return display ? `$$${tex}$$` : `$${tex}$`;
}

function texOf(element: PageElement): string | undefined {
  let math: PageElement | undefined;
  for (const below of elementsOf(element)) {
    if (below.tag === 'annotation' && /tex/i.test(below.attributes['encoding'] ?? '')) return rawText(below);
    if (below.tag === 'math') {
      math ??= below;
      const alternative = below.attributes['alttext'];
      if (alternative !== undefined) return unstyled(alternative);
    }
  }
  return math === undefined ? unstyled(rawText(element)) : fromMathMl(math);
}

/** Wikipedia wraps every formula in a style. */
function unstyled(tex: string): string {
  return /^\{\\displaystyle\s?([^]*)\}$/.exec(tex.trim())?.[1] ?? tex;
}

function fromMathMl(node: PageElement | string): string {
  if (typeof node === 'string') return node.trim();
  const parts = node.children.filter((child) => typeof child !== 'string' || child.trim() !== '').map(fromMathMl);
  const [first = '', second = '', third = ''] = parts;
  switch (node.tag) {
    case 'msup': return `{${first}}^{${second}}`;
    case 'msub': return `{${first}}_{${second}}`;
    case 'msubsup': case 'munderover': return `{${first}}_{${second}}^{${third}}`;
    case 'munder': return `{${first}}_{${second}}`;
    case 'mover': return `{${first}}^{${second}}`;
    case 'mfrac': return `\\frac{${first}}{${second}}`;
    case 'msqrt': return `\\sqrt{${parts.join(' ')}}`;
    case 'mroot': return `\\sqrt[${second}]{${first}}`;
    case 'mtr': return parts.join(' & ');
    case 'mtable': return `\\begin{matrix}${parts.join(' \\\\ ')}\\end{matrix}`;
    case 'mtext': return `\\text{${parts.join('')}}`;
    case 'annotation': case 'annotation-xml': return '';
    default: return parts.join(' ');
  }
}
