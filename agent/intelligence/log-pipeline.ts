// The way of a log line from its source to an incident: joined with the lines of the same trace, classified, collected. Keeps a bounded number of
// open entries; an entry is complete when the next begins, or when its place has been silent for a moment.
import type { LineClassifier } from '../errors/line-classifier.ts';
import type { Incidents } from '../errors/incidents.ts';
import type { Level } from '../errors/reading/level.ts';
import { TraceJoiner } from '../errors/reading/trace-joiner.ts';

export interface LogLine {
  /** The unit, program, file or command that wrote it. */
  place: string;
  text: string;
  atMs: number;
  /** The severity that the source states beside the text, if any. */
  level?: Level | undefined;
}

export interface LogPipelineOptions {
  classifier: LineClassifier;
  incidents: Incidents;
  /** Silence after which an entry is complete. */
  completeAfterMs?: number;
  /** Called after entries became incidents or closed some. */
  onChange?: () => void;
}

interface OpenEntry { joiner: TraceJoiner; atMs: number; level: Level | undefined; touchedAtMs: number }

/** Places whose lines are joined at the same time. */
const MAX_PLACES = 200;

export class LogPipeline {
  readonly #options: LogPipelineOptions;
  readonly #completeAfterMs: number;
  readonly #open = new Map<string, OpenEntry>();
  #timer: NodeJS.Timeout | undefined;
  #lines = 0;

  constructor(options: LogPipelineOptions) {
    this.#options = options;
    this.#completeAfterMs = options.completeAfterMs ?? 200;
  }

  /** Lines taken since this pipeline was made. */
  get lines(): number {
    return this.#lines;
  }

  /** Whether some entry may continue with the next line. */
  get hasOpenEntries(): boolean {
    return this.#open.size > 0;
  }

  take({ place, text, atMs, level }: LogLine): void {
    this.#lines += 1;
    const now = performance.now();
    let open = this.#open.get(place);
    if (open === undefined) {
      if (this.#open.size >= MAX_PLACES) this.#completeOldest();
      open = { joiner: new TraceJoiner(), atMs, level, touchedAtMs: now };
      this.#open.set(place, open);
    }
    open.touchedAtMs = now;
    const complete = open.joiner.push(text);
    if (complete !== undefined) {
      this.#classify(place, complete, open);
      open.atMs = atMs;
      open.level = level;
    }
    this.#timer ??= setTimeout(() => this.#completeSilent(), this.#completeAfterMs).unref();
  }

  /** Completes all entries. */
  flush(): void {
    for (const [place, open] of this.#open) this.#complete(place, open);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #completeSilent(): void {
    const until = performance.now() - this.#completeAfterMs;
    for (const [place, open] of this.#open) if (open.touchedAtMs <= until) this.#complete(place, open);
    this.#timer = this.#open.size > 0 ? setTimeout(() => this.#completeSilent(), this.#completeAfterMs).unref() : undefined;
  }

  #completeOldest(): void {
    const [oldest] = this.#open;
    if (oldest !== undefined) this.#complete(...oldest);
  }

  #complete(place: string, open: OpenEntry): void {
    this.#open.delete(place);
    const entry = open.joiner.flush();
    if (entry !== undefined) this.#classify(place, entry, open);
  }

  #classify(place: string, text: string, { atMs, level }: OpenEntry): void {
    if (text === '') return;
    const { classifier, incidents, onChange } = this.#options;
    const changesBefore = incidents.changes;
    incidents.add(place, classifier.classifyNow(text, level), atMs);
    if (incidents.changes !== changesBefore) onChange?.();
  }
}
