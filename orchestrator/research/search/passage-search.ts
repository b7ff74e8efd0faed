// Searches the collected pages by words and, when memory's embedding model is available, by meaning. New passages get their vectors in the background; until then, words find them.
import { toSomnusError } from '../../../common/errors.ts';
import type { Logger } from '../../../common/log.ts';
import type { EmbedPriority } from '../../../common/embedding/embedder.ts';
import type { ResearchStore } from '../store/research-stores.ts';
import type { PassageHit } from '../store/sqlite-passages.ts';

export interface Embedded { model: string; vectors: Float32Array[] }

/** Undefined: no model is available. @throws SomnusError `unavailable` */
export type Embed = (texts: readonly string[], priority: EmbedPriority) => Promise<Embedded | undefined>;

export interface PassageSearchResult {
  hits: PassageHit[];
  /** `keywords`: no embedding model is available. */
  mode: 'hybrid' | 'keywords';
  /** Passages that only words can find so far. */
  withoutVectors: number;
}

const PASSAGES_AT_ONCE = 16;
/** Hits of each retriever that are fused. */
const CANDIDATES = 200;
/** Passages below this cosine are about something else; all-MiniLM-L6-v2 gives unrelated texts less than 0.2. */
const LEAST_COSINE = 0.3;
/** Reciprocal rank fusion (Cormack and others, 2009). */
const FUSION_RANK = 60;

export class PassageSearch implements AsyncDisposable {
  readonly #embed: Embed;
  readonly #log: Logger;
  readonly #filling = new Map<ResearchStore, Promise<void>>();
  #closed = false;

  constructor({ embed, log }: { embed: Embed; log: Logger }) {
    this.#embed = embed;
    this.#log = log;
  }

  /** Best first, at most `perText` from each text. */
  async search(store: ResearchStore, query: string, { limit, perText = 2 }: { limit: number; perText?: number }): Promise<PassageSearchResult> {
    const { passages } = store;
    const asked = await this.#embedded([query], 'query');
    const [vector] = asked?.vectors ?? [];
    if (asked === undefined || vector === undefined) return { hits: passages.search(query, { limit, perText }), mode: 'keywords', withoutVectors: passages.count() };
    const byWords = passages.search(query, { limit: CANDIDATES, perText });
    const byMeaning = await passages.searchByVector(asked.model, vector, { limit: CANDIDATES, perText, least: LEAST_COSINE });
    this.fill(store);
    return { hits: fused([byWords, byMeaning], perText).slice(0, limit), mode: 'hybrid', withoutVectors: passages.count() - passages.withVectors(asked.model) };
  }

  /** Starts to compute the vectors that are missing. Repeatable. */
  fill(store: ResearchStore): void {
    if (this.#closed || this.#filling.has(store)) return;
    this.#filling.set(store, this.#fill(store).catch((thrown: unknown) => {
      const error = toSomnusError(thrown);
      this.#log.warn({ event: 'research.vectors_failed', code: error.code, err: error });
    }).finally(() => this.#filling.delete(store)));
  }

  /** Resolves when no vectors are being computed. */
  async settled(): Promise<void> {
    await Promise.all(this.#filling.values());
  }

  /** Stops after the vectors that are being computed; later ones are computed after the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.settled();
  }

  async #fill({ captures, passages }: ResearchStore): Promise<void> {
    let after = 0;
    let model = (await this.#embedded([], 'background'))?.model;
    while (model !== undefined && !this.#closed) {
      const waiting = passages.withoutVector(model, { after, limit: PASSAGES_AT_ONCE });
      const last = waiting.at(-1);
      if (last === undefined) return;
      const texts = new Map<string, string>();
      for (const { textHash } of waiting) if (!texts.has(textHash)) texts.set(textHash, (await captures.content(textHash)).toString('utf8'));
      const embedded = await this.#embedded(waiting.map(({ textHash, start, end }) => (texts.get(textHash) ?? '').slice(start, end)), 'background');
      if (embedded?.model === model) passages.setVectors(model, waiting.map(({ id }, at) => ({ id, vector: embedded.vectors[at]! })));
      model = embedded?.model;
      after = last.id;
    }
  }

  /** Undefined when the model is not available now. */
  async #embedded(texts: readonly string[], priority: EmbedPriority): Promise<Embedded | undefined> {
    try {
      return await this.#embed(texts, priority);
    } catch (thrown) {
      const error = toSomnusError(thrown);
      if (error.code !== 'unavailable') throw error;
      return undefined;
    }
  }
}

/** By the sum of reciprocal ranks, at most `perText` from each text. */
function fused(lists: readonly (readonly PassageHit[])[], perText: number): PassageHit[] {
  const all = new Map<string, PassageHit>();
  for (const list of lists) {
    for (const [rank, hit] of list.entries()) {
      const key = `${hit.textHash} ${hit.start}`;
      all.set(key, { ...hit, score: (all.get(key)?.score ?? 0) + 1 / (FUSION_RANK + rank + 1) });
    }
  }
  const ofText = new Map<string, number>();
  return [...all.values()].toSorted((a, b) => b.score - a.score).filter(({ textHash }) => {
    ofText.set(textHash, (ofText.get(textHash) ?? 0) + 1);
    return ofText.get(textHash)! <= perText;
  });
}
