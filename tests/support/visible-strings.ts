// Lists every text that a person reads: string literals, templates and comments in the code, test titles, shell scripts, documents and data files.
// node tests/support/visible-strings.ts [FOLDER...] prints one per line, with file, line and kind, to be read through.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseSync } from 'rolldown/experimental';

export interface VisibleString {
  file: string;
  line: number;
  kind: 'string' | 'comment' | 'script' | 'document';
  text: string;
}

const root = resolve(import.meta.dirname, '../..');
const folders = ['agent', 'capability-packs', 'common', 'deploy', 'docs', 'images', 'orchestrator', 'supervisor', 'tests'];
const documents = ['ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'README.md'];

/** @param places folders or files below the project's root; all if omitted */
export async function visibleStrings(places: readonly string[] = [...folders, ...documents]): Promise<VisibleString[]> {
  const found: VisibleString[] = [];
  for (const place of places) for (const file of await filesIn(place)) found.push(...stringsOf(relative(root, file), await readFile(file, 'utf8')));
  return found;
}

async function filesIn(place: string): Promise<string[]> {
  const path = join(root, place);
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return undefined;
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (!entries) return [path];
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).toSorted();
}

function stringsOf(file: string, text: string): VisibleString[] {
  if (file.endsWith('.ts')) return fromCode(file, text);
  if (/\.(?:sh|py|service|yaml|conf)$/.test(file) || text.startsWith('#!')) return fromLines(file, text, 'script');
  return file.endsWith('.md') ? fromLines(file, text, 'document') : [];
}

function fromLines(file: string, text: string, kind: VisibleString['kind']): VisibleString[] {
  return text.split('\n').flatMap((line, at) => (line.trim() === '' ? [] : [{ file, line: at + 1, kind, text: line.trim() }]));
}

type Node = { type?: string; start?: number; value?: unknown; quasis?: { value: { cooked: string | null } }[]; [key: string]: unknown };

function fromCode(file: string, text: string): VisibleString[] {
  const { program, comments } = parseSync(file, text);
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const lineAt = (offset: number): number => starts.findLastIndex((start) => start <= offset) + 1;
  const found: VisibleString[] = comments.map((comment) => ({ file, line: lineAt(comment.start), kind: 'comment', text: comment.value.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim() }));
  const visit = (node: Node): void => {
    if (node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration') return;
    const said = node.type === 'Literal' && typeof node.value === 'string' ? node.value : node.type === 'TemplateLiteral' ? (node.quasis ?? []).map(({ value }) => value.cooked ?? '').join('…') : undefined;
    if (said !== undefined && /[a-z]/i.test(said)) found.push({ file, line: lineAt(node.start ?? 0), kind: 'string', text: said.replaceAll('\n', '\\n') });
    for (const child of Object.values(node)) {
      if (Array.isArray(child)) for (const each of child) { if (isNode(each)) visit(each); }
      else if (isNode(child)) visit(child);
    }
  };
  visit(program as unknown as Node);
  return found.toSorted((a, b) => a.line - b.line);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

if (import.meta.main) {
  const places = process.argv.slice(2);
  for (const { file, line, kind, text } of await visibleStrings(places.length > 0 ? places : undefined)) process.stdout.write(`${file}:${line}\t${kind}\t${text}\n`);
}
