// Where a command's results and notes go, and in which format: results on standard output, everything else on standard error.
import { styleText } from 'node:util';
import type { SomnusError } from '../../../common/errors.ts';
import { errorCodes } from '../../../common/errors.ts';
import { sanitize } from './sanitize.ts';
import { formatTable, type Column } from './text-table.ts';

export const formats = ['table', 'json'] as const;
export type Format = (typeof formats)[number];
export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'gray' | 'bold';

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

  /** The one result of a command: a JSON document, or what people read. */
  result(value: unknown, human: () => string): void {
    this.#print(this.json ? toJson(value, 2) : human());
  }

  /** One of several results: a JSON object a line, or what people read. */
  item(value: unknown, human: () => string): void {
    this.#print(this.json ? toJson(value) : human());
  }

  /** A list as the API gives it: as it is in JSON, its names alone when quiet, else a table; `none` is said on standard error. */
  list<T>(page: { items: readonly T[]; nextCursor: string | null }, view: { columns: readonly Column[]; row(item: T): string[]; name(item: T): string; none: string }): void {
    if (this.json) this.#print(toJson(page, 2));
    else if (this.quiet) for (const item of page.items) this.#print(view.name(item));
    else if (page.items.length === 0) this.note(view.none);
    else this.#print(formatTable(view.columns, page.items.map((item) => view.row(item))));
  }

  line(text: string): void {
    this.#print(text);
  }

  /** A remark for people, on standard error; nothing with -q or -o json. */
  note(text: string): void {
    if (!this.json && !this.quiet) this.warn(text);
  }

  /** A remark that matters in every format. */
  warn(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** With -o json the problem as one line of JSON, otherwise what went wrong and what to do about it. Never a stack trace. */
  failure(error: SomnusError, about?: string): void {
    if (this.json) {
      this.warn(toJson(problemOf(error)));
      return;
    }
    const paint = (colour: Colour, text: string): string => styleText(colour, text, { stream: process.stderr });
    this.warn(`${paint('red', 'error:')} ${about === undefined ? '' : `${sanitize(about)}: `}${sanitize(error.message)}`);
    if (error.hint !== '') this.warn(`${paint('cyan', 'hint:')} ${sanitize(error.hint)}`);
  }

  /** Colours text when standard output is a terminal and NO_COLOR is not set. */
  paint(colour: Colour, text: string): string {
    return styleText(colour, text, { stream: process.stdout });
  }

  #print(text: string): void {
    process.stdout.write(`${text}\n`);
  }
}

/** The problem as the API sent it; for an error of the CLI's own the same members. */
function problemOf(error: SomnusError): Record<string, unknown> {
  if (typeof error.details['status'] === 'number') return error.details;
  return { ...error.details, type: `/docs#${error.code}`, title: errorCodes[error.code].title, code: error.code, detail: error.message, hint: error.hint };
}

/** JSON that is safe to show on a terminal too: C1 controls and DEL are escaped, as JSON escapes C0. */
function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(/[\u007f-\u009f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
