// Finds the memories of an agent, session or conversation, or with given metadata, without reading all memories. Built in the background after
// the space is loaded, or when a query first filters by them, and then kept up to date.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Memory } from './memory.ts';
import type { RecordBook } from './store/record-book.ts';

export interface TagFilter { agentId?: string | undefined; sessionId?: string | undefined; conversationId?: string | undefined; metadata?: Readonly<Record<string, string>> | undefined }

/** How many memories to enter before yielding to other calls: about a millisecond of work. */
const AT_ONCE = 200;

export class Tags {
  readonly #book: RecordBook;
  readonly #records = new Map<string, Set<number>>();
  #entered = 0;

  constructor(book: RecordBook) {
    this.#book = book;
  }

  /** Enters the loaded memories, some at a time, so that the first query with a filter does not wait for all of them. Ends early when `isClosed` returns true. */
  async prepare(isClosed: () => boolean): Promise<void> {
    while (this.#entered < this.#book.size && !isClosed()) {
      for (let i = 0; i < AT_ONCE && this.#entered < this.#book.size; i += 1, this.#entered += 1) this.#enter(this.#entered);
      await nextTurn();
    }
  }

  /** The records that may match. They also match by the places where the same text was stored again, so callers that filter by several places must check them. Undefined if the filter has none of these fields. */
  matching(filter: TagFilter): ReadonlySet<number> | undefined {
    const wanted = tagsOf(filter);
    if (wanted.length === 0) return undefined;
    for (; this.#entered < this.#book.size; this.#entered += 1) this.#enter(this.#entered);
    const [smallest = new Set<number>(), ...others] = wanted.map((tag) => this.#records.get(tag) ?? new Set<number>()).toSorted((a, b) => a.size - b.size);
    return others.length === 0 ? smallest : new Set([...smallest].filter((record) => others.every((other) => other.has(record))));
  }

  /** Adds what was added to a memory after it was stored. */
  noteChange(record: number): void {
    if (record < this.#entered) this.#enter(record);
  }

  #enter(record: number): void {
    const memory = this.#book.get(record);
    for (const tag of [...tagsOf(memory), ...(memory.also ?? []).flatMap(tagsOf)]) {
      const records = this.#records.get(tag);
      if (records === undefined) this.#records.set(tag, new Set([record]));
      else records.add(record);
    }
  }
}

function tagsOf({ agentId, sessionId, conversationId, metadata }: TagFilter | Memory): string[] {
  const places = [['agent', agentId], ['session', sessionId], ['conversation', conversationId]].filter(([, value]) => value !== undefined);
  return [...places, ...Object.entries(metadata ?? {}).map(([name, value]) => ['metadata', name, value])].map((parts) => JSON.stringify(parts));
}
