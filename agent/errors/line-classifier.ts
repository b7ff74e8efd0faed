// The whole way of an entry: read, redact, template, cached verdict; new templates go to the engine. Keeps no text that contains a secret.
import { createHash } from 'node:crypto';
import { redact } from '../../common/redact.ts';
import type { Level } from './reading/level.ts';
import { readEntry, type LogEntry } from './reading/log-entry.ts';
import { classifyByRules } from './rules-engine.ts';
import { templateOf } from './template.ts';
import type { Verdict } from './verdict.ts';
import { VerdictCache } from './verdict-cache.ts';

export interface ClassifiedEntry { entry: LogEntry; template: string; verdict: Verdict }

/** Templates whose verdicts are kept. A busy machine has some hundreds. */
const CACHED_TEMPLATES = 5000;
/** Longer templates are cached by their hash, so that many long lines take little memory. */
const LONGEST_KEY = 400;
/** Without one of these a text contains nothing that redaction looks for. */
const mayContainSecret = /passw|pwd|passphrase|secret|api[_ -]?key|token|bearer|private key|:\/\/[^\s/@]*:[^\s/@]*@|eyJ|gh[pousr]_|github_pat|glpat|xox|npm_|hf_|sk-|AKIA|AIza|[sr]k_(?:live|test)/i;

/** Classifies new templates. Returns undefined when it cannot answer now: the rules then classify, and the engine is asked about the template again next time. */
export interface TemplateEngine { classify(entry: LogEntry): Promise<Verdict | undefined> }

export class LineClassifier {
  readonly #cache: VerdictCache;
  readonly #engine: TemplateEngine | undefined;

  /** @param engine what classifies new templates; the rules alone if undefined */
  constructor(engine?: TemplateEngine, cachedTemplates = CACHED_TEMPLATES) {
    this.#engine = engine;
    this.#cache = new VerdictCache(cachedTemplates);
  }

  get cachedTemplates(): number {
    return this.#cache.size;
  }

  /**
   * Returns the verdict at once if the template is known.
   * @param level the severity that the source states beside the text, if any
   */
  known(raw: string, level?: Level): ClassifiedEntry | undefined {
    const { entry, template, key } = this.#read(raw, level);
    const verdict = this.#cache.get(key);
    return verdict === undefined ? undefined : { entry, template, verdict };
  }

  /** Classifies an entry by the rules, without waiting for a model. */
  classifyNow(raw: string, level?: Level): ClassifiedEntry {
    const { entry, template, key } = this.#read(raw, level);
    const verdict = this.#cache.get(key) ?? classifyByRules(entry);
    if (this.#engine === undefined) this.#cache.set(key, verdict);
    return { entry, template, verdict };
  }

  /** Classifies an entry by the engine. */
  async classify(raw: string, level?: Level): Promise<ClassifiedEntry> {
    if (this.#engine === undefined) return this.classifyNow(raw, level);
    const { entry, template, key } = this.#read(raw, level);
    const verdict = this.#cache.get(key) ?? await this.#engine.classify(entry);
    if (verdict === undefined) return { entry, template, verdict: classifyByRules(entry) };
    this.#cache.set(key, verdict);
    return { entry, template, verdict };
  }

  #read(raw: string, level: Level | undefined): { entry: LogEntry; template: string; key: string } {
    const { entry, template } = this.#readText(raw);
    const key = template.length <= LONGEST_KEY ? template : createHash('sha256').update(template).digest('base64');
    return level === undefined ? { entry, template, key } : { entry: { ...entry, level }, template, key: `${level}\n${key}` };
  }

  #readText(raw: string): { entry: LogEntry; template: string } {
    const read = readEntry(raw);
    if (!mayContainSecret.test(read.text)) return { entry: read, template: templateOf(read.text) };
    const text = redact(read.text).text;
    return { entry: { ...read, text, cause: read.cause === undefined ? undefined : redact(read.cause).text }, template: templateOf(text) };
  }
}
