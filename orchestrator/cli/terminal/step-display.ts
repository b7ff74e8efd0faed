// Shows the steps of operations on standard error while they run: lines that update on a terminal, plain lines elsewhere.
import { styleText } from 'node:util';
import type { Operation, OperationStep } from '../../client/schema.d.ts';
import { hasEnded } from '../operation-outcome.ts';
import { formatDuration } from './humanize.ts';
import { sanitize } from './sanitize.ts';

const redrawMs = 200;

export interface StepDisplay extends Disposable {
  show(operation: Operation): void;
  /** Prints a permanent line above the updating ones. */
  say(text: string): void;
}

/** `many`: several operations are shown at once, so each line names its target. */
export function stepDisplay(mode: 'silent' | 'steps', many: boolean): StepDisplay {
  if (mode === 'silent') return { show: () => {}, say: () => {}, [Symbol.dispose]: () => {} };
  return process.stderr.isTTY ? new LiveSteps(many) : new PlainSteps(many);
}

const stepWords: Readonly<Record<Exclude<OperationStep['status'], 'pending'>, string>> = { running: '…', done: '', failed: 'failed after ', undone: 'undone ' };

/** Remembers which steps were shown, so that each is shown once. */
class StepNews {
  readonly #many: boolean;
  readonly #starts: boolean;
  readonly #shown = new Set<string>();

  constructor(many: boolean, options: { starts: boolean }) {
    this.#many = many;
    this.#starts = options.starts;
  }

  news(operation: Operation): string[] {
    return operation.steps.flatMap((step, at) => {
      const key = `${operation.id} ${operation.attempt} ${at} ${step.status}`;
      if (step.status === 'pending' || (step.status === 'running' && !this.#starts) || this.#shown.has(key)) return [];
      this.#shown.add(key);
      return [`${this.prefix(operation)}${sanitize(step.name)}  ${stepWords[step.status]}${step.status === 'running' ? '' : elapsed(step.startedAt, step.endedAt)}`];
    });
  }

  prefix(operation: Operation): string {
    return this.#many ? `  ${sanitize(operation.target?.name ?? operation.id)}: ` : '  ';
  }
}

class PlainSteps implements StepDisplay {
  readonly #news: StepNews;

  constructor(many: boolean) {
    this.#news = new StepNews(many, { starts: true });
  }

  show(operation: Operation): void {
    for (const line of this.#news.news(operation)) this.say(line);
  }

  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  [Symbol.dispose](): void {}
}

class LiveSteps implements StepDisplay {
  readonly #news: StepNews;
  readonly #running = new Map<string, Operation>();
  readonly #timer: NodeJS.Timeout;
  #drawn = 0;

  constructor(many: boolean) {
    this.#news = new StepNews(many, { starts: false });
    this.#timer = setInterval(() => this.#draw([]), redrawMs).unref();
  }

  show(operation: Operation): void {
    if (hasEnded(operation)) this.#running.delete(operation.id);
    else this.#running.set(operation.id, operation);
    this.#draw(this.#news.news(operation).map((line) => styleText('gray', line, { stream: process.stderr })));
  }

  say(text: string): void {
    this.#draw([text]);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#running.clear();
    this.#draw([]);
  }

  /** Replaces the updating lines by `lasting` and the current lines. */
  #draw(lasting: readonly string[]): void {
    const columns = process.stderr.columns || 80;
    const maxLines = Math.max(1, (process.stderr.rows || 24) - 1); // the cursor cannot move back further than the screen
    const live = [...this.#running.values()].slice(0, maxLines).map((operation) => this.#line(operation).slice(0, columns - 1));
    const back = this.#drawn > 0 ? `\u001b[${this.#drawn}A\r\u001b[0J` : '';
    process.stderr.write(`${back}${[...lasting, ...live].map((line) => `${line}\n`).join('')}`);
    this.#drawn = live.length;
  }

  #line(operation: Operation): string {
    const step = operation.steps.find(({ status }) => status === 'running');
    const at = operation.steps.filter(({ status }) => status === 'done').length + 1;
    const { progress } = operation;
    const words = [
      `${this.#news.prefix(operation)}${sanitize(step?.name ?? progress?.step ?? operation.status)}`,
      operation.status === 'running' ? `(${Math.min(at, operation.steps.length)}/${operation.steps.length})` : `(${operation.status})`,
      elapsed(step?.startedAt ?? operation.startedAt ?? operation.createdAt, null),
      progress?.message ? sanitize(progress.message) : '',
      typeof progress?.percent === 'number' ? `${Math.round(progress.percent)} %` : '',
    ];
    return words.filter((word) => word !== '').join('  ');
  }
}

function elapsed(startedAt: OperationStep['startedAt'], endedAt: OperationStep['endedAt']): string {
  if (startedAt === null) return '';
  return formatDuration(Math.max(0, (endedAt === null ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt)));
}
