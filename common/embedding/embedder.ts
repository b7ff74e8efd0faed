// The interface of an embedding model. Adapters choose the model and runtime.

/** Queries run before waiting background work. */
export type EmbedPriority = 'query' | 'background';

export interface Embedder {
  /** Names the model; vectors of different models are never compared. */
  readonly model: string;
  readonly dimensions: number;
  /**
   * Returns one L2-normalized vector for each text, in order. Ignores text beyond the model's maximum input.
   * @throws SomnusError `unavailable` when the model's worker has ended; the next call starts it again.
   */
  embed(texts: readonly string[], priority: EmbedPriority): Promise<Float32Array[]>;
  close(): Promise<void>;
}
