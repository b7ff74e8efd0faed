// Prints a command's results on standard output, and everything else on standard error.
import { styleText } from 'node:util';
import type { SomnusError } from '../../../common/errors.ts';
import { errorCodes } from '../../../common/errors.ts';
import { sanitize } from './sanitize.ts';
import { formatTable, type Column } from './text-table.ts';

export const formats = ['table', 'json'] as const;
export type Format = (typeof formats)[number];
export type Color = 'red' | 'green' | 'yellow' | 'cyan' | 'gray' | 'bold';

export class Output {
  readonly format: Format;
  readonly quiet: boolean;

  constructor(options: { format: Format; quiet: boolean }) {
    this.format = options.format;
    this.quiet = options.quiet;
  }

  get json(): boolean {
    return this.format === 'json';
  }

  /** Prints the only result of a command: a JSON document, or text. */
  result(value: unknown, human: () => string): void {
    this.#print(this.json ? toJson(value, 2) : human());
  }

  /** Prints one of several results: a JSON object per line, or text. */
  item(value: unknown, human: () => string): void {
    this.#print(this.json ? toJson(value) : human());
  }

  /** Prints a list: as the API returned it in JSON, only names when quiet, else a table. An empty list prints `none` on standard error. */
  list<T>(page: { items: readonly T[]; nextCursor: string | null }, view: { columns: readonly Column[]; row(item: T): string[]; name(item: T): string; none: string }): void {
    if (this.json) this.#print(toJson(page, 2));
    else if (this.quiet) for (const item of page.items) this.#print(view.name(item));
    else if (page.items.length === 0) this.note(view.none);
    else this.#print(formatTable(view.columns, page.items.map((item) => view.row(item))));
  }

  line(text: string): void {
    this.#print(text);
  }

  /** Prints a note for people on standard error; nothing with -q or -o json. */
  note(text: string): void {
    if (!this.json && !this.quiet) this.warn(text);
  }

  /** Prints a message on standard error, in every format. */
  warn(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** Prints a problem as one line of JSON with -o json, otherwise the error and its hint. Never a stack trace. */
  failure(error: SomnusError, about?: string): void {
    if (this.json) {
      this.warn(toJson(problemOf(error)));
      return;
    }
    const paint = (color: Color, text: string): string => styleText(color, text, { stream: process.stderr });
    this.warn(`${paint('red', 'error:')} ${about === undefined ? '' : `${sanitize(about)}: `}${sanitize(error.message)}`);
    if (error.hint !== '') this.warn(`${paint('cyan', 'hint:')} ${sanitize(error.hint)}`);
  }

  /** Colors text when standard output is a terminal and NO_COLOR is not set. */
  paint(color: Color, text: string): string {
    return styleText(color, text, { stream: process.stdout });
  }

  #print(text: string): void {
    process.stdout.write(`${text}\n`);
  }
}

/** The problem as the API sent it, or with the same members for an error of the CLI itself. */
function problemOf(error: SomnusError): Record<string, unknown> {
  if (typeof error.details['status'] === 'number') return error.details;
  return { ...error.details, type: `/docs#${error.code}`, title: errorCodes[error.code].title, code: error.code, detail: error.message, hint: error.hint };
}

/** JSON that is safe to show on a terminal: also escapes C1 controls and DEL, as JSON escapes C0. */
function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(/[\u007f-\u009f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
