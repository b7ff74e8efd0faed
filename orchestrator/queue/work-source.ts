// What a queue asks of whoever owns the work. The owner keeps what is to be done on the disk; the queue only says when.

export interface WorkSource {
  /** Ids of work that nobody in this process has taken yet, oldest first: what a queue that lost everything starts from again. */
  waiting(): string[];
  /** Calls `listener` with each id that becomes ready. @returns what ends that */
  onReady(listener: (id: string) => void): () => void;
  /** Does one piece of work to its end. Harmless for an id that is taken, done or unknown. */
  run(id: string): Promise<void>;
}
