// What a queue needs from the owner of the work. The owner keeps the work on disk; the queue only says when to do it.

export interface WorkSource {
  /** Ids of work not yet taken in this process, oldest first. A queue that lost everything restarts from this list. */
  waiting(): string[];
  /** Calls `listener` with each id that becomes ready. @returns a function that stops this */
  onReady(listener: (id: string) => void): () => void;
  /** Runs one piece of work to its end. Does nothing for an id that is taken, done or unknown. */
  run(id: string): Promise<void>;
}
