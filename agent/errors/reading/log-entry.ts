// Reads a line, or the lines of one trace, into what the engines look at.
import { deepestCause } from './deepest-cause.ts';
import { levelInHead, type Level } from './level.ts';
import { plainText } from './plain-text.ts';
import { parseJsonLine, parseLogfmt } from './structured-line.ts';

export interface LogEntry {
  level: Level | undefined;
  /** Message and error fields, or the whole line. */
  text: string;
  /** The error that started it, where the text is a trace that names one. */
  cause: string | undefined;
}

/** More of an entry than this is not read. */
export const MAX_ENTRY_CHARACTERS = 16_384;

export function readEntry(raw: string): LogEntry {
  const plain = plainText(raw.length > MAX_ENTRY_CHARACTERS ? raw.slice(0, MAX_ENTRY_CHARACTERS) : raw);
  const structured = plain.includes('{') ? parseJsonLine(plain) ?? parseLogfmt(plain) : parseLogfmt(plain);
  const text = structured === undefined || structured.text === '' ? plain : structured.text;
  return { level: structured?.level ?? levelInHead(plain), text, cause: deepestCause(text) };
}
