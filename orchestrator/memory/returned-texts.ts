// Remembers for a while which texts recall has returned, so that an agent that repeats one does not store it again. Keyed hashes, in RAM only.
import type { SpaceKeys } from './crypto/seal.ts';
import { normalized } from './text/recalled.ts';

const KEPT_MS = 3_600_000;
const MOST = 5_000;
/** Shorter texts may be repeated by chance. */
const LEAST_WORDS = 6;

export class ReturnedTexts {
  readonly #untilMs = new Map<string, number>();

  note(keys: SpaceKeys, texts: readonly string[], nowMs: number): void {
    for (const text of texts) {
      const key = keyOf(keys, text);
      if (key === undefined) continue;
      this.#untilMs.delete(key); // adds it again as the newest
      this.#untilMs.set(key, nowMs + KEPT_MS);
      const [oldest] = this.#untilMs.keys();
      if (this.#untilMs.size > MOST && oldest !== undefined) this.#untilMs.delete(oldest);
    }
  }

  /** Removes those paragraphs of a text that recall has returned. */
  without(keys: SpaceKeys, text: string, nowMs: number): string {
    if (this.#untilMs.size === 0) return text;
    const wasReturned = (part: string): boolean => (this.#untilMs.get(keyOf(keys, part) ?? '') ?? 0) > nowMs;
    if (wasReturned(text)) return '';
    const parts = text.split(/\n{2,}|\n(?=[-*>\d])/);
    const kept = parts.filter((part) => !wasReturned(part.replace(/^\s*(?:[-*>]|\d+[.)])\s*/, '')));
    return kept.length === parts.length ? text : kept.join('\n\n').trim();
  }
}

function keyOf(keys: SpaceKeys, text: string): string | undefined {
  const plain = normalized(text);
  return plain.split(' ').length < LEAST_WORDS ? undefined : keys.fingerprint(`handed out ${plain}`).toString('base64');
}
