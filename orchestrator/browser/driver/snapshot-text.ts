// Cuts Playwright's accessibility snapshots to what an answer shows: a budget of tokens, the lines that contain a text, or what is new since the last one. Pure.
import type { PageSnapshot } from '../browser-act.ts';

const CHARACTERS_PER_TOKEN = 4;
const LINE_CHARACTERS = 400;
/** A diff that is longer than this part of the page is not worth reading. */
const LARGEST_DIFF = 0.6;

interface Line { text: string; key: string; indent: number }

export function wholeSnapshot(text: string, maxTokens: number, kind: 'full' | 'part' = 'full'): PageSnapshot {
  return cut(linesOf(text).map((line) => line.text), maxTokens, kind);
}

/** The lines that contain `needle`, with their ancestors. */
export function linesWith(text: string, needle: string, maxTokens: number): PageSnapshot {
  const wanted = needle.toLowerCase();
  return cut(withAncestors(linesOf(text), (line) => line.text.toLowerCase().includes(wanted)), maxTokens, 'part');
}

/** Lines of `after` that `before` does not have, and the refs that are gone; a full snapshot if most of the page is new. */
export function changedLines(before: string, after: string, maxTokens: number): PageSnapshot {
  const old = new Map<string, number>();
  for (const { key } of linesOf(before)) old.set(key, (old.get(key) ?? 0) + 1);
  const lines = linesOf(after);
  const fresh = new Set<Line>();
  for (const line of lines) {
    const left = old.get(line.key) ?? 0;
    if (left === 0) fresh.add(line);
    else old.set(line.key, left - 1);
  }
  if (lines.length > 0 && fresh.size / lines.length > LARGEST_DIFF) return wholeSnapshot(after, maxTokens);
  const now = new Set(refsIn(after));
  const gone = refsIn(before).filter((ref) => !now.has(ref));
  return cut([...withAncestors(lines, (line) => fresh.has(line)), ...(gone.length === 0 ? [] : [`# gone: ${gone.join(' ')}`])], maxTokens, 'diff');
}

export interface SnapshotElement { ref: string; role: string; name: string; clickable: boolean; box: { x: number; y: number; width: number; height: number } | undefined }

/** The elements of a snapshot that have refs, in order. */
export function elementsIn(text: string): SnapshotElement[] {
  return linesOf(text).flatMap(({ key }) => {
    const match = /^- '?([a-z]+)(?: "((?:[^"\\]|\\.)*)")?.*?\[ref=((?:f\d+)?e\d+)\]/i.exec(key);
    if (match === null) return [];
    const [, role = '', name = '', ref = ''] = match;
    const box = /\[box=(-?[\d.]+),(-?[\d.]+),([\d.]+),([\d.]+)\]/.exec(key)?.slice(1).map(Number);
    const [x = 0, y = 0, width = 0, height = 0] = box ?? [];
    return [{ ref, role, name: name.replaceAll(/\\(.)/g, '$1'), clickable: key.includes('[cursor=pointer]'), box: box && { x, y, width, height } }];
  });
}

function linesOf(text: string): Line[] {
  return text.split('\n').filter((line) => line.trim() !== '').map((line) => {
    const indent = line.length - line.trimStart().length;
    const short = line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}…` : line;
    return { text: short, key: line.trim(), indent };
  });
}

function refsIn(text: string): string[] {
  return Array.from(text.matchAll(/\[ref=((?:f\d+)?e\d+)\]/g), ([, ref = '']) => ref);
}

function withAncestors(lines: readonly Line[], wanted: (line: Line) => boolean): string[] {
  const shown: string[] = [];
  let open: { line: Line; shown: boolean }[] = [];
  for (const line of lines) {
    open = open.filter((ancestor) => ancestor.line.indent < line.indent);
    const mine = { line, shown: false };
    if (wanted(line)) {
      for (const each of [...open, mine]) {
        if (!each.shown) shown.push(each.line.text);
        each.shown = true;
      }
    }
    open.push(mine);
  }
  return shown;
}

function cut(lines: readonly string[], maxTokens: number, kind: PageSnapshot['kind']): PageSnapshot {
  let left = maxTokens * CHARACTERS_PER_TOKEN;
  const kept: string[] = [];
  for (const line of lines) {
    left -= line.length + 1;
    if (left < 0) break;
    kept.push(line);
  }
  return { kind, text: kept.join('\n'), omittedLines: lines.length - kept.length };
}
