import { expect, test } from 'vitest';
import { runCommand } from '../../../common/run-command.ts';
import { confined } from '../../../orchestrator/reading/documents/confined-process.ts';
import { readDocument } from '../../../orchestrator/reading/documents/read-document.ts';
import { pdfOf, pngOf, zipOf } from '../../support/document-files.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const core = (title: string): string => `<cp:coreProperties xmlns:dc="d" xmlns:dcterms="t"><dc:title>${title}</dc:title><dc:creator>Ada Moon</dc:creator><dcterms:created>2024-05-06T07:00:00Z</dcterms:created></cp:coreProperties>`;

test('A page is read with its type and confidence, in the encoding that it declares', async () => {
  const latin = Buffer.from(`<!doctype html><html lang="fr"><head><meta charset="iso-8859-1"><title>Marées</title></head><body><article><h1>Marées</h1>${'<p>La marée monte et descend deux fois par jour, à cause de la lune et du soleil.</p>'.repeat(5)}</article></body></html>`, 'latin1');
  const page = await readDocument(latin, { url: 'https://mer.example/marees' });
  expect(page).toMatchObject({ kind: 'page', title: 'Marées', language: 'fr', page: { confidence: expect.any(Number) as number } });
  expect(page.text).toContain('La marée monte et descend');
});

test('A PDF of two columns is read column by column, without running heads, with its headings, captions and references', async () => {
  const left = ['The tide rises and falls because of the moon', 'and the sun, whose gravity deforms the sea.', 'This has been known since antiquity and was', 'explained by Newton, whose theory is still', 'taught in schools, although the real motion', 'of water in basins needs Laplace\'s equa-', 'tions, which are much harder to solve and', 'were only solved with computers much later.'];
  const right = ['In bays the water resonates with the tide,', 'so that its range grows from the mouth to', 'the head of the bay. The Bay of Fundy has', 'the largest range of all, sixteen meters at', 'spring tide, which is used by a power plant', 'since the year 1984 to generate electricity', 'for the region, with one turbine of twenty', 'megawatts. It has been closed since 2019.'];
  const column = (lines: readonly string[], x: number, top: number): { text: string; x: number; y: number }[] => lines.map((text, i) => ({ text, x, y: top - i * 12 }));
  const head = (page: number): { text: string; x: number; y: number; size: number }[] => [{ text: 'Journal of the Sea', x: 60, y: 760, size: 8 }, { text: `page ${page}`, x: 500, y: 30, size: 8 }];
  const pdf = pdfOf([
    [...head(1), { text: 'On Tides in Bays', x: 200, y: 710, size: 20, bold: true }, { text: '1 Introduction', x: 60, y: 660, bold: true, size: 12 }, ...column(left, 60, 640), ...column(right, 320, 640), { text: 'Figure 1: The range of the tide at twelve ports.', x: 60, y: 520 }],
    [...head(2), { text: 'A line that spans both of the columns, as a wide table or an equation would do, before the end.', x: 60, y: 700 }, { text: 'References', x: 60, y: 660, bold: true, size: 12 }, { text: '[1] A. Moon. Tides. Sea Press, 1920.', x: 60, y: 640 }, { text: '[2] B. Sand. Bays and their', x: 60, y: 628 }, { text: 'resonance. Sea Press, 1930.', x: 75, y: 616 }],
    [...head(3), { text: '[3] C. Reef. Harbors. Sea Press, 1940.', x: 60, y: 700 }],
  ]);
  const document = await readDocument(pdf);
  expect(document).toMatchObject({ kind: 'pdf', title: 'On Tides in Bays', parts: 3, captions: ['Figure 1: The range of the tide at twelve ports.'],
    references: ['[1] A. Moon. Tides. Sea Press, 1920.', '[2] B. Sand. Bays and their resonance. Sea Press, 1930.', '[3] C. Reef. Harbors. Sea Press, 1940.'] });
  expect(document.headings.map(({ title }) => title)).toEqual(['On Tides in Bays', '1 Introduction', 'References']);
  expect(document.text).toContain('Laplace\'s equations, which are much harder to solve and were only solved with computers much later.');
  expect(document.text.indexOf('computers much later')).toBeLessThan(document.text.indexOf('In bays the water'));
  expect(document.text).not.toContain('Journal of the Sea');
});

test('A Word file is read with headings, lists and tables', async () => {
  const paragraph = (text: string, style = ''): string => `<w:p>${style === '' ? '' : `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t>${text}</w:t></w:r></w:p>`;
  const cell = (text: string): string => `<w:tc>${paragraph(text)}</w:tc>`;
  const document = await readDocument(zipOf({
    '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    '_rels/.rels': '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
    'word/document.xml': `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${paragraph('On Tides', 'Heading1')}${paragraph('The tide rises.')}<w:tbl><w:tr>${cell('Port')}${cell('Height')}</w:tr><w:tr>${cell('Brest')}${cell('7 m')}</w:tr></w:tbl></w:body></w:document>`,
    'word/styles.xml': '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>',
    'docProps/core.xml': core('Tides'),
  }));
  expect(document).toMatchObject({ kind: 'docx', title: 'Tides', authors: ['Ada Moon'], published: '2024-05-06T07:00:00Z', headings: [{ level: 1, title: 'On Tides' }] });
  expect(document.markdown).toContain('# On Tides\n\nThe tide rises.');
  expect(document.markdown).toContain('| Brest | 7 m |');
});

test('A spreadsheet is read sheet by sheet', async () => {
  const document = await readDocument(zipOf({
    'xl/workbook.xml': '<workbook><sheets><sheet name="Ports" sheetId="1" r:id="r1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels': '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
    'xl/sharedStrings.xml': '<sst><si><t>Port</t></si><si><r><t>Bre</t></r><r><t>st</t></r></si></sst>',
    'xl/worksheets/sheet1.xml': '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>Height</t></is></c></row><row r="2"><c r="A2" t="s"><v>1</v></c><c r="C2"><v>7.5</v></c></row></sheetData></worksheet>',
    'docProps/core.xml': core('Heights'),
  }));
  expect(document).toMatchObject({ kind: 'xlsx', title: 'Heights', parts: 1, markdown: '## Ports\n\n| Port |  | Height |\n| --- | --- | --- |\n| Brest |  | 7.5 |' });
});

test('Slides are read in their order, with notes', async () => {
  const slide = (...lines: string[]): string => `<p:sld>${lines.map((line) => `<a:p><a:r><a:t>${line}</a:t></a:r></a:p>`).join('')}</p:sld>`;
  const document = await readDocument(zipOf({ 'ppt/presentation.xml': '<p/>', 'ppt/slides/slide10.xml': slide('Last'), 'ppt/slides/slide2.xml': slide('First', 'a point'), 'ppt/notesSlides/notesSlide2.xml': slide('say this') }));
  expect(document).toMatchObject({ kind: 'pptx', parts: 2, markdown: '## First\n\n- a point\n\n> say this\n\n## Last' });
});

test('A book is read in the order of its spine', async () => {
  const chapter = (title: string): string => `<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>${title}</h1><p>Text of ${title}.</p></body></html>`;
  const document = await readDocument(zipOf({
    mimetype: 'application/epub+zip', 'META-INF/container.xml': '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
    'OEBPS/book.opf': '<package><metadata><dc:title>Sea</dc:title><dc:creator>Ada Moon</dc:creator><dc:language>en</dc:language></metadata><manifest><item id="b" href="two.xhtml"/><item id="a" href="text/one.xhtml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
    'OEBPS/text/one.xhtml': chapter('One'), 'OEBPS/two.xhtml': chapter('Two'),
  }));
  expect(document).toMatchObject({ kind: 'epub', title: 'Sea', authors: ['Ada Moon'], language: 'en', parts: 2, markdown: '# One\n\nText of One.\n\n# Two\n\nText of Two.' });
});

test('Feeds and sitemaps are read as entries', async () => {
  const rss = await readDocument(bytesOf('<?xml version="1.0"?><rss><channel><title>Sea</title><item><title>On &amp;lt;Tides&amp;gt;</title><link>https://sea.example/t</link><pubDate>Mon, 06 May 2024 07:00:00 GMT</pubDate><description>&lt;p&gt;They rise.&lt;/p&gt;</description></item></channel></rss>'));
  expect(rss).toMatchObject({ kind: 'feed', title: 'Sea', entries: [{ url: 'https://sea.example/t', published: '2024-05-06T07:00:00.000Z', text: 'They rise.' }] });
  const atom = await readDocument(bytesOf('<feed xmlns="http://www.w3.org/2005/Atom"><title>Sea</title><entry><title>Tides</title><link rel="alternate" href="https://sea.example/t"/><updated>2024-05-06T07:00:00Z</updated></entry></feed>'));
  expect(atom).toMatchObject({ kind: 'feed', entries: [{ url: 'https://sea.example/t', title: 'Tides' }] });
  const sitemap = await readDocument(bytesOf('<?xml version="1.0"?><urlset><url><loc>https://sea.example/a</loc><lastmod>2024-05-06</lastmod></url></urlset>'));
  expect(sitemap).toMatchObject({ kind: 'sitemap', entries: [{ url: 'https://sea.example/a', published: '2024-05-06' }] });
});

test('Plain data is read by its declared type or name', async () => {
  expect(await readDocument(bytesOf('port;height\n"Brest; west";7\n'), { name: 'heights.csv' })).toMatchObject({ kind: 'table', markdown: '| port | height |\n| --- | --- |\n| Brest; west | 7 |' });
  expect(await readDocument(bytesOf('{"a":[1,2]}'))).toMatchObject({ kind: 'json', text: '{\n  "a": [\n    1,\n    2\n  ]\n}' });
  expect(await readDocument(bytesOf('# Tides\n\nThey rise.'), { mediaType: 'text/markdown' })).toMatchObject({ kind: 'markdown', title: 'Tides' });
  expect(await readDocument(bytesOf('They rise.\n'))).toMatchObject({ kind: 'text', text: 'They rise.\n' });
});

test('Content without text is refused according to its bytes, not its name', async () => {
  await expect(readDocument(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 0]), { name: 'report.pdf', mediaType: 'application/pdf' })).rejects.toMatchObject({ code: 'unsupported_media_type' });
  await expect(readDocument(zipOf({ 'a.txt': 'text' }), { name: 'a.docx' })).rejects.toMatchObject({ code: 'unsupported_media_type' });
});

test('A damaged document is refused', async () => {
  await expect(readDocument(bytesOf('%PDF-1.7\nnothing of a PDF'))).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(readDocument(zipOf({ 'word/document.xml': '<w:document' }))).rejects.toMatchObject({ code: 'invalid_request' });
});

test('An archive that would unpack to too much is refused', async () => {
  const bomb = Buffer.from(zipOf({ 'xl/workbook.xml': '<workbook/>', 'xl/worksheets/sheet1.xml': '<worksheet/>' }));
  const directory = bomb.lastIndexOf('PK\u0001\u0002', 'latin1'); // the entry of the last file, whose size is 24 bytes further
  bomb.writeUInt32LE(300 * 1024 * 1024, directory + 24);
  await expect(readDocument(bomb)).rejects.toMatchObject({ code: 'too_large' });
});

test('Reading a document that takes too long is stopped', async () => {
  await expect(readDocument(bytesOf('text'), {}, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'timeout' });
  await expect(readDocument(bytesOf('text'), {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
});

test('Text in an image is recognized', async () => {
  const document = await readDocument(pngOf(['THE KILN IN THE HALL', 'WAIT FIVE MILE']));
  expect(document).toMatchObject({ kind: 'image', mediaType: 'image/png', title: null, warnings: ['The text was recognized in an image and may contain errors.'] });
  expect(document.text.split(/\s+/)).toEqual(['THE', 'KILN', 'IN', 'THE', 'HALL', 'WAIT', 'FIVE', 'MILE']);
});

test('An image that is damaged is refused', async () => {
  await expect(readDocument(pngOf(['KILN']).subarray(0, 60))).rejects.toMatchObject({ code: 'invalid_request', hint: 'Save it as PNG or JPEG.' });
});

test('Without tesseract, the error for an image names the package to install', async () => {
  const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkM/v/HwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  await expect(readDocument(pixel, {}, { ocrProgram: 'a-program-that-is-not-installed' })).rejects.toMatchObject({ code: 'unsupported', hint: 'Install it: apt install tesseract-ocr.' });
});

test('A confined process has limits and no new privileges; as root it has no network, no capabilities and its own user', async () => {
  const [program = '', ...args] = confined('sh', ['-c', 'ulimit -t; ulimit -c; ulimit -f; grep -E "^(NoNewPrivs|CapEff):" /proc/self/status; id -u; tail -n +3 /proc/net/dev'], { memoryMiB: 100, cpuSeconds: 7 });
  const [cpu, core, file, capabilities, privileges, user, ...devices] = (await runCommand(program, args)).stdout.trim().split(/\n/);
  expect([cpu, core, file, privileges]).toEqual(['7', '0', '0', 'NoNewPrivs:\t1']);
  if (process.getuid?.() !== 0) return;
  expect(capabilities).toBe('CapEff:\t0000000000000000');
  expect(Number(user)).toBeGreaterThanOrEqual(0x6ff0_0000);
  expect(devices.map((line) => line.trim().split(':')[0])).toEqual(['lo']);
});

test('A confined process that exceeds its memory limit is ended', async () => {
  const [program = '', ...args] = confined(process.execPath, ['-e', 'const all = []; for (let i = 0; i < 40; i += 1) all.push(Buffer.alloc(64 * 1024 * 1024, 1)); console.log("done")'], { memoryMiB: 1024, cpuSeconds: 60 });
  await expect(runCommand(program, args, { timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'command_failed' });
});
