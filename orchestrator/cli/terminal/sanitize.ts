// Makes text from a guest or another user safe to show on a terminal. Pure.
import { stripVTControlCharacters } from 'node:util';

// C0 and C1 controls, DEL, line separators, and the marks that reorder text (Trojan Source, CVE-2021-42574).
const unsafe = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Returns one line without characters that move the cursor, color or reorder text: unsafe characters become escapes. */
export function sanitize(text: string): string {
  return text.replace(unsafe, escape);
}

function escape(character: string): string {
  switch (character) {
    case '\n': return '\\n';
    case '\r': return '\\r';
    case '\t': return '\\t';
    default: {
      const code = character.charCodeAt(0);
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
    }
  }
}

/** Sanitizes console output: removes terminal sequences and carriage returns before line ends, and escapes other unsafe characters. */
export function sanitizeConsole(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r+\n/g, '\n')
    .split('\n')
    .map((line) => line.split('\t').map(sanitize).join('\t'))
    .join('\n');
}
