// Formats aligned tables and lists of facts for a terminal. Pure: cells must already be sanitized and colored.
import { stripVTControlCharacters } from 'node:util';

export interface Column { title: string; align?: 'right' }

const gap = '   ';

/** Rows under upper-case titles; no trailing spaces. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => width(line[at] ?? ''))));
  return lines
    .map((line) => columns.map((column, at) => pad(line[at] ?? '', widths[at] ?? 0, column.align)).join(gap).trimEnd())
    .join('\n');
}

/** One fact a line: its name, then its value. */
export function formatFacts(facts: readonly (readonly [name: string, value: string])[]): string {
  const widest = Math.max(...facts.map(([name]) => width(name)));
  return facts.map(([name, value]) => `${pad(name, widest, undefined)}   ${value}`.trimEnd()).join('\n');
}

function pad(text: string, to: number, align: 'right' | undefined): string {
  const space = ' '.repeat(Math.max(0, to - width(text)));
  return align === 'right' ? space + text : text + space;
}

function width(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}
