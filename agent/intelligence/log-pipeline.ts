// Turns log lines into incidents: joins the lines of a stack trace into an entry, classifies it, and adds it to an incident. Keeps a bounded number
// of open entries; an entry is complete when the next one begins, or when its place has been silent for a moment.
import type { Incident } from '../contract/incident.ts';
import type { ClassifiedEntry, LineClassifier } from '../errors/line-classifier.ts';
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
  /** Whether the classifier's engine can answer now. */
  usesEngine?: () => boolean;
  /** The number of lines that earlier pipelines took. */
  linesBefore?: number;
  /** Silence after which an entry is complete. */
  completeAfterMs?: number;
  /** Called with each incident that was opened, repeated or closed. */
  onIncident?: (incident: Incident) => void;
}

interface OpenEntry { joiner: TraceJoiner; atMs: number; level: Level | undefined; touchedAtMs: number }

/** Limit of places whose lines are joined at the same time. */
const MAX_PLACES = 200;
/** Limit of entries that wait for the engine; the rules classify any others. */
const MAX_WAITING = 200;

export class LogPipeline {
  readonly #options: LogPipelineOptions;
  readonly #completeAfterMs: number;
  readonly #open = new Map<string, OpenEntry>();
  #timer: NodeJS.Timeout | undefined;
  #lines = 0;
  /** Entries that wait for the engine; each function classifies one by the rules instead. */
  readonly #waiting = new Set<() => void>();

  constructor(options: LogPipelineOptions) {
    this.#options = options;
    this.#completeAfterMs = options.completeAfterMs ?? 200;
    this.#lines = options.linesBefore ?? 0;
  }

  /** The number of lines that this pipeline and earlier ones took. */
  get lines(): number {
    return this.#lines;
  }

  /** Whether an entry may continue on the next line, or waits for the engine. */
  get hasOpenEntries(): boolean {
    return this.#open.size > 0 || this.#waiting.size > 0;
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

  /** Completes all entries, and classifies by the rules those that wait for the engine, so that everything read so far is counted. */
  flush(): void {
    for (const [place, open] of this.#open) this.#complete(place, open);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const decideNow of this.#waiting) decideNow();
  }

  #completeSilent(): void {
    const now = performance.now();
    let nextMs = Infinity;
    for (const [place, open] of this.#open) {
      const leftMs = open.touchedAtMs + this.#completeAfterMs - now;
      if (leftMs <= 0) this.#complete(place, open);
      else nextMs = Math.min(nextMs, leftMs);
    }
    this.#timer = nextMs < Infinity ? setTimeout(() => this.#completeSilent(), nextMs).unref() : undefined;
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

  /** New templates wait for the engine, unless there is none or too many are waiting. */
  #classify(place: string, text: string, { atMs, level }: OpenEntry): void {
    if (text === '') return;
    const { classifier, usesEngine } = this.#options;
    const now = usesEngine?.() !== true || this.#waiting.size >= MAX_WAITING ? classifier.classifyNow(text, level) : classifier.known(text, level);
    if (now !== undefined) return this.#add(place, now, atMs);
    const decideNow = (): void => {
      if (this.#waiting.delete(decideNow)) this.#add(place, classifier.classifyNow(text, level), atMs);
    };
    this.#waiting.add(decideNow);
    classifier.classify(text, level).then((classified) => {
      if (this.#waiting.delete(decideNow)) this.#add(place, classified, atMs);
    }, decideNow);
  }

  #add(place: string, classified: ClassifiedEntry, atMs: number): void {
    const incident = this.#options.incidents.add(place, classified, atMs);
    if (incident !== undefined) this.#options.onIncident?.(incident);
  }
}
