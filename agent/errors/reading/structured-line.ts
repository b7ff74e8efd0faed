// Understands lines that carry fields: JSON objects and logfmt. Returns the level and one text of message and error fields.
import { levelOf, type Level } from './level.ts';

export interface StructuredLine { level: Level | undefined; text: string }

const levelKeys = ['level', 'lvl', 'severity', 'loglevel', 'log.level', 'levelname', 's', 'priority'];
const messageKeys = ['msg', 'message', 'event', 'log', 'text', 'short_message', 'reason'];
const errorKeys = ['err', 'error', 'exception', 'exc_info', 'stack', 'stack_trace', 'cause', 'errmsg', 'errors', 'detail', 'details', 'attr', 'code'];

/** Parses a line that is a JSON object, also behind the prefix of a multiplexer such as `web-1  | `. Returns undefined for other lines. */
export function parseJsonLine(line: string): StructuredLine | undefined {
  const start = line.indexOf('{');
  if (start < 0 || !line.trimEnd().endsWith('}') || (start > 0 && !/^[\w.-]+\s*\|\s*$|^\s*$|^[\w.-]+:\s*$/.test(line.slice(0, start)))) return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(line.slice(start));
  } catch {
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined;
  return fromFields(fields as Record<string, unknown>);
}

const pair = /([A-Za-z_][\w.]*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g;

/** Parses a logfmt line: it has a level or message field. Returns undefined for other lines. */
export function parseLogfmt(line: string): StructuredLine | undefined {
  if (!/\b(?:level|lvl|severity|msg)=/.test(line)) return undefined;
  const fields: Record<string, unknown> = {};
  for (const [, key, quoted, bare] of line.matchAll(pair)) fields[key!] = quoted === undefined ? bare : quoted.replaceAll(String.raw`\"`, '"').replaceAll(String.raw`\n`, '\n');
  if (!messageKeys.some((key) => key in fields) && !levelKeys.some((key) => key in fields)) return undefined;
  const parsed = fromFields(fields);
  return parsed === undefined ? undefined : { level: parsed.level, text: parsed.text === '' ? line : parsed.text };
}

function fromFields(fields: Record<string, unknown>): StructuredLine | undefined {
  const keys = new Map(Object.keys(fields).map((key) => [key.toLowerCase(), key]));
  const get = (key: string): unknown => fields[keys.get(key) ?? ''];
  const level = levelKeys.map((key) => levelOf(get(key))).find((found) => found !== undefined);
  const parts = [...messageKeys, ...errorKeys].map((key) => textOf(get(key), 0)).filter((part) => part !== '');
  if (level === undefined && parts.length === 0) return undefined;
  return { level, text: parts.join('\n') };
}

/** The text of a field. What says that there was no error (null, false, empty, "none") counts as absent. */
function textOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return /^(?:|none|null|nil|<nil>|false|0)$/i.test(value.trim()) ? '' : value;
  if (typeof value === 'number') return value === 0 ? '' : String(value);
  if (typeof value !== 'object' || value === null || depth > 3) return '';
  if (Array.isArray(value)) return value.slice(0, 20).map((each) => textOf(each, depth + 1)).filter((part) => part !== '').join('\n');
  return Object.entries(value).slice(0, 30).map(([key, each]) => {
    const part = textOf(each, depth + 1);
    return part === '' || /^(?:message|msg|stack|name|type|error)$/.test(key) ? part : `${key}: ${part}`;
  }).filter((part) => part !== '').join('\n');
}
