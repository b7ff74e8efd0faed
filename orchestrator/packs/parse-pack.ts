// Reads the text of a pack.yaml. Errors name the line, the field and, for a mistyped key, the nearest known one.
import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { nearest } from '../../common/nearest.ts';
import { Pack } from './pack.ts';

export const MAX_PACK_BYTES = 262_144;

interface Mistake { line: number; path: string; message: string }

/** `origin` is the name of the file for messages. @throws invalid_request with every mistake and its line */
export function parsePack(text: string, origin = 'pack.yaml'): Pack {
  const lines = new LineCounter();
  if (Buffer.byteLength(text) > MAX_PACK_BYTES) throw invalid(origin, [{ line: 1, path: '', message: `the file is larger than ${MAX_PACK_BYTES / 1024} KiB` }]);
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors.map(({ pos: [at], message }) => ({ line: lines.linePos(at).line, path: '', message: `not valid YAML: ${message.split(/ at line|\n/)[0] ?? ''}` }));
  if (broken.length > 0) throw invalid(origin, broken);
  const parsed = Pack.safeParse(withoutAliasBombs(document, origin));
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.flatMap((issue): Mistake[] => {
    if (issue.code !== 'unrecognized_keys') return [{ line: lineOf(document, lines, issue.path), path: issue.path.join('.'), message: issue.message }];
    return issue.keys.map((key) => {
      const meant = nearest(key, keysAt(issue.path));
      return { line: lineOf(document, lines, [...issue.path, key]), path: [...issue.path, key].join('.'), message: `unknown key${meant === undefined ? '' : `; did you mean ${meant}?`}` };
    });
  });
  throw invalid(origin, mistakes.toSorted((a, b) => a.line - b.line));
}

/** A few lines of YAML can stand for gigabytes. */
function withoutAliasBombs(document: Document, origin: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (cause) {
    throw invalid(origin, [{ line: 1, path: '', message: `not usable YAML: ${(cause as Error).message}` }]);
  }
}

function invalid(origin: string, mistakes: readonly Mistake[]): SomnusError {
  const [first] = mistakes;
  const texts = mistakes.map(({ line, path, message }) => `${origin}:${line}: ${path === '' ? '' : `${path}: `}${message}`);
  return new SomnusError('invalid_request', texts.slice(0, 5).join('; '), {
    hint: 'Fix these lines; docs/packs.md describes the format, and GET /v1/packs/schema is its JSON schema.', details: { line: first?.line, errors: mistakes.map(({ line, path, message }) => ({ path, message, line })) },
  });
}

/** The line of a key, or of the nearest thing around it that exists. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const [parent, last] = [path.slice(0, length - 1), path[length - 1]];
    const around: unknown = parent.length === 0 ? document.contents : document.getIn(parent, true);
    const key: unknown = isMap(around) ? around.items.find((pair) => isScalar(pair.key) && pair.key.value === last)?.key : document.getIn(path.slice(0, length), true);
    const start = (key as { range?: [number, number, number] | null } | undefined)?.range?.[0];
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
}

/** The keys that the schema knows at this place. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: z.ZodType | undefined = Pack;
  for (const part of path) {
    schema = unwrapped(schema);
    if (schema instanceof z.ZodArray) schema = schema.element as z.ZodType;
    else if (schema instanceof z.ZodObject) schema = schema.shape[String(part)] as z.ZodType | undefined;
  }
  const found = unwrapped(schema);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function unwrapped(schema: z.ZodType | undefined): z.ZodType | undefined {
  let current = schema;
  while (current instanceof z.ZodDefault || current instanceof z.ZodPrefault || current instanceof z.ZodOptional) current = current.unwrap() as z.ZodType;
  return current;
}
