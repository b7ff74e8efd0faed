// What the memory core needs of an embedding model. Which model and runtime answers is the adapter's business.

/** Queries are answered before background work that is waiting. */
export type EmbedPriority = 'query' | 'background';

export interface Embedder {
  /** Names the model; vectors of different models are never compared. */
  readonly model: string;
  readonly dimensions: number;
  /**
   * One L2-normalised vector for each text, in order. Text beyond the model's longest input is ignored.
   * @throws SomnusError `unavailable` when the model's process has gone; it is started again by the next call.
   */
  embed(texts: readonly string[], priority: EmbedPriority): Promise<Float32Array[]>;
  close(): Promise<void>;
}
