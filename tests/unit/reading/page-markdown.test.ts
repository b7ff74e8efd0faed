import { expect, test } from 'vitest';
import { parseHtml } from '../../../orchestrator/reading/page/html-tree.ts';
import { segment } from '../../../orchestrator/reading/page/blocks.ts';
import { toMarkdown } from '../../../orchestrator/reading/page/markdown.ts';

function markdownOf(html: string): string {
  const root = parseHtml(html);
  return toMarkdown(root, segment(root).blocks, 'https://sea.example/tides/');
}

test('Headings, emphasis and links keep their form, and links are absolute', () => {
  expect(markdownOf('<h2>High <i>water</i></h2><p>It <b>rises</b> twice; see <a href="../moon">the moon</a>.</p>'))
    .toBe('## High *water*\n\nIt **rises** twice; see [the moon](https://sea.example/moon).\n');
});

test('A link that would run code becomes text', () => {
  expect(markdownOf('<p>Press <a href="javascript:alert(1)">here</a> or <a href=" data:text/html,x">there</a>.</p>')).toBe('Press here or there.\n');
});

test('Text that Markdown would interpret as markup is escaped', () => {
  expect(markdownOf('<p># 1 *not bold* [no link](x) &lt;b&gt; snake_case _under_</p>')).toBe('\\# 1 \\*not bold\\* \\[no link\\](x) \\<b> snake_case \\_under\\_\n');
});

test('Nested lists are indented below their item, and ordered lists are numbered', () => {
  expect(markdownOf('<ol start="3"><li>three<ul><li>inner</li></ul></li><li>four</li></ol>')).toBe('3. three\n\n   - inner\n\n4. four\n');
});

test('A table of data becomes a Markdown table, with bars escaped', () => {
  expect(markdownOf('<table><tr><th>Port</th><th>Height</th></tr><tr><td>Brest | west</td><td>7 <b>m</b></td></tr></table>'))
    .toBe('| Port | Height |\n| --- | --- |\n| Brest \\| west | 7 **m** |\n');
});

test('The content of a layout table is read without the table', () => {
  expect(markdownOf('<table><tr><td><p>Left column.</p></td><td><table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table></td></tr></table>'))
    .toBe('Left column.\n\n|  |  |\n| --- | --- |\n| a | b |\n| c | d |\n');
});

test('Code keeps its lines and its language, and its fence is longer than what it contains', () => {
  expect(markdownOf('<pre><code class="hljs language-js">const a = `x`;\n  if (a) {}\n```</code></pre>')).toBe('````js\nconst a = `x`;\n  if (a) {}\n```\n````\n');
});

test('Code whose highlighter makes each line an element keeps its lines', () => {
  expect(markdownOf('<pre><div>one</div><div>two</div></pre>')).toBe('```\none\ntwo\n```\n');
});

test('Formulas are TeX: from an annotation, from Wikipedia\'s text, or from MathML', () => {
  const annotated = '<span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></semantics></math></span><span class="katex-html" aria-hidden="true">x2</span></span>';
  expect(markdownOf(`<p>Let ${annotated} be.</p>`)).toBe('Let $x^2$ be.\n');
  expect(markdownOf('<p><math alttext="{\\displaystyle a+b}"><mi>a</mi></math></p>')).toBe('$a+b$\n');
  expect(markdownOf('<p><math display="block"><mfrac><mi>a</mi><msup><mi>b</mi><mn>2</mn></msup></mfrac></math></p>')).toBe('$$\\frac{a}{{b}^{2}}$$\n');
});

test('Footnotes are marked in the text and at their explanations', () => {
  expect(markdownOf('<p>It rises.<sup><a href="#fn1">[1]</a></sup></p><ol><li id="fn1">See the almanac.</li></ol>')).toBe('It rises.[^1]\n\n[^1]: See the almanac.\n');
});

test('A page nested deeper than any reader needs is read without failing', () => {
  expect(markdownOf(`${'<div>'.repeat(20_000)}deep${'</div>'.repeat(20_000)}`)).toBe('deep\n');
});
