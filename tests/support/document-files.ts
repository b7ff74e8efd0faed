// Makes small documents of each kind for tests of the reader.
import { crc32, deflateSync } from 'node:zlib';
import { zipSync, strToU8 } from 'fflate';

/** A PDF; each page is a list of texts with position and size in points. Two fonts, regular and bold. */
export function pdfOf(pages: readonly (readonly { text: string; x: number; y: number; size?: number; bold?: boolean }[])[]): Uint8Array {
  const objects: string[] = [];
  const add = (body: string): number => objects.push(body);
  const [regular, bold] = ['Helvetica', 'Helvetica-Bold'].map((name) => add(`<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`));
  const tree = add(''); // filled when its pages are known
  const kids = pages.map((pieces) => {
    const drawn = pieces.map(({ text, x, y, size = 10, bold: heavy = false }) => `BT /F${heavy ? 2 : 1} ${size} Tf ${x} ${y} Td (${text.replace(/[\\()]/g, '\\$&')}) Tj ET`).join('\n');
    const content = add(`<< /Length ${drawn.length} >>\nstream\n${drawn}\nendstream`);
    return add(`<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 ${regular} 0 R /F2 ${bold} 0 R >> >> /Contents ${content} 0 R >>`);
  });
  objects[tree - 1] = `<< /Type /Pages /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] /Count ${kids.length} >>`;
  const catalog = add(`<< /Type /Catalog /Pages ${tree} 0 R >>`);
  let file = '%PDF-1.4\n';
  const offsets = objects.map((body, i) => {
    const offset = file.length;
    file += `${i + 1} 0 obj\n${body}\nendobj\n`;
    return offset;
  });
  const start = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')}trailer\n<< /Size ${objects.length + 1} /Root ${catalog} 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(file, 'latin1');
}

/** A zip of text files, such as an Office file. */
export function zipOf(files: Readonly<Record<string, string>>): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, [strToU8(text), { level: name === 'mimetype' ? 0 : 6 }]])));
}

/** Letters made of straight strokes, as points in a field of four by six. */
const STROKES: Readonly<Record<string, readonly (readonly [number, number][])[]>> = {
  A: [[[0, 6], [2, 0], [4, 6]], [[0.8, 4], [3.2, 4]]], E: [[[4, 0], [0, 0], [0, 6], [4, 6]], [[0, 3], [3.5, 3]]], F: [[[4, 0], [0, 0], [0, 6]], [[0, 3], [3.5, 3]]], H: [[[0, 0], [0, 6]], [[4, 0], [4, 6]], [[0, 3], [4, 3]]],
  I: [[[2, 0], [2, 6]]], K: [[[0, 0], [0, 6]], [[4, 0], [0, 3.5]], [[1.3, 2.5], [4, 6]]], L: [[[0, 0], [0, 6], [4, 6]]], M: [[[0, 6], [0, 0], [2, 4], [4, 0], [4, 6]]],
  N: [[[0, 6], [0, 0], [4, 6], [4, 0]]], T: [[[0, 0], [4, 0]], [[2, 0], [2, 6]]], V: [[[0, 0], [2, 6], [4, 0]]], W: [[[0, 0], [1, 6], [2, 2], [3, 6], [4, 0]]],
};
/** Pixels between two points; half the width of a stroke, in points; and the distances between letters and between lines, in points. */
const [SCALE, PEN, ADVANCE, LINE] = [8, 0.4, 6, 11];

/** A PNG that shows lines of the letters above, black on white. */
export function pngOf(lines: readonly string[]): Uint8Array {
  const width = (Math.max(...lines.map((line) => line.length)) * ADVANCE + 2 * LINE) * SCALE;
  const height = (lines.length + 1) * LINE * SCALE;
  const isBlack = (x: number, y: number): boolean => {
    const [line, letter] = [Math.floor((y - LINE / 2) / LINE), Math.floor((x - LINE) / ADVANCE)];
    const [left, top] = [LINE + letter * ADVANCE + 1, LINE / 2 + line * LINE + 2];
    return (STROKES[lines[line]?.[letter] ?? ' '] ?? []).some((points) => points.some((to, i) => i > 0 && distance([x - left, y - top], points[i - 1]!, to) <= PEN));
  };
  const pixels = Buffer.alloc(height * (width + 1), 255);
  for (let y = 0; y < height; y += 1) {
    const start = y * (width + 1);
    pixels[start] = 0; // no filter
    for (let x = 0; x < width; x += 1) if (isBlack(x / SCALE, y / SCALE)) pixels[start + 1 + x] = 0;
  }
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  size[8] = 8; // bits of gray
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), pngChunk('IHDR', size), pngChunk('IDAT', deflateSync(pixels)), pngChunk('IEND', Buffer.alloc(0))]);
}

/** The distance from a point to a stroke. */
function distance([x, y]: [number, number], [fromX, fromY]: [number, number], [toX, toY]: [number, number]): number {
  const [dx, dy] = [toX - fromX, toY - fromY];
  const along = Math.min(1, Math.max(0, ((x - fromX) * dx + (y - fromY) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - fromX - along * dx, y - fromY - along * dy);
}

function pngChunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
