// The whole way of an entry: read, redact, template, cached verdict; new templates go to the engine. Keeps no text that contains a secret.
import { redact } from '../../common/redact.ts';
import type { EmbeddingEngine } from './embedding-engine.ts';
import type { Level } from './reading/level.ts';
import { readEntry, type LogEntry } from './reading/log-entry.ts';
import { classifyByRules } from './rules-engine.ts';
import { templateOf } from './template.ts';
import type { Verdict } from './verdict.ts';
import { VerdictCache } from './verdict-cache.ts';

export interface ClassifiedEntry { entry: LogEntry; template: string; verdict: Verdict }

/** Templates whose verdicts are kept. A busy machine has some hundreds. */
const CACHED_TEMPLATES = 5000;
/** Without one of these a text contains nothing that redaction looks for. */
const mayContainSecret = /passw|pwd|passphrase|secret|api[_ -]?key|token|bearer|private key|:\/\/[^\s/@]*:[^\s/@]*@|eyJ|gh[pousr]_|github_pat|glpat|xox|npm_|hf_|sk-|AKIA|AIza|[sr]k_(?:live|test)/i;

export class LineClassifier {
  readonly #cache: VerdictCache;
  readonly #engine: EmbeddingEngine | undefined;

  /** @param engine what classifies new templates; the rules alone if undefined */
  constructor(engine?: EmbeddingEngine, cachedTemplates = CACHED_TEMPLATES) {
    this.#engine = engine;
    this.#cache = new VerdictCache(cachedTemplates);
  }

  get cachedTemplates(): number {
    return this.#cache.size;
  }

  /** Returns the verdict at once if the template is known. */
  known(raw: string): ClassifiedEntry | undefined {
    const { entry, template } = this.#read(raw);
    const verdict = this.#cache.get(template);
    return verdict === undefined ? undefined : { entry, template, verdict };
  }

  /**
   * Classifies an entry by the rules, without waiting for a model.
   * @param level the severity that the source states beside the text, if any
   */
  classifyNow(raw: string, level?: Level): ClassifiedEntry {
    const { entry: read, template } = this.#read(raw);
    const entry = level === undefined ? read : { ...read, level };
    const key = level === undefined ? template : `${level}\n${template}`;
    const verdict = this.#cache.get(key) ?? classifyByRules(entry);
    if (this.#engine === undefined) this.#cache.set(key, verdict);
    return { entry, template, verdict };
  }

  /** Classifies an entry by the engine. */
  async classify(raw: string): Promise<ClassifiedEntry> {
    if (this.#engine === undefined) return this.classifyNow(raw);
    const { entry, template } = this.#read(raw);
    const verdict = this.#cache.get(template) ?? await this.#engine.classify(entry);
    this.#cache.set(template, verdict);
    return { entry, template, verdict };
  }

  #read(raw: string): { entry: LogEntry; template: string } {
    const read = readEntry(raw);
    if (!mayContainSecret.test(read.text)) return { entry: read, template: templateOf(read.text) };
    const text = redact(read.text).text;
    return { entry: { ...read, text, cause: read.cause === undefined ? undefined : redact(read.cause).text }, template: templateOf(text) };
  }
}
