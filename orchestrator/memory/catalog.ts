// Finds memories of a space by kind instead of by search: standing facts and instructions, versions of facts, summaries, and turns that no summary covers.
import type { Memory } from './memory.ts';
import type { FactGraph } from './retrieval/fact-graph.ts';
import { conversationKey, stands, type Scope } from './scope.ts';
import { readKind } from './store/pack.ts';
import type { RecordBook } from './store/record-book.ts';

export interface Numbered { record: number; memory: Memory }

export class Catalog {
  readonly #book: RecordBook;
  readonly #graph: FactGraph;
  readonly #standing = new Set<number>();
  readonly #summaries = new Map<number, Memory>();
  /** Facts by relationKey, including superseded ones. */
  readonly #facts = new Map<string, Set<number>>();
  /** Turns that no summary covers, by conversationKey; dropped when it may have changed. */
  readonly #unsummarized = new Map<string, number[]>();

  constructor(book: RecordBook, graph: FactGraph) {
    this.#book = book;
    this.#graph = graph;
  }

  /** Live facts and instructions that count in a scope, which are injected whatever the question is. */
  standing(scope: Scope): Memory[] {
    return Array.from(this.#standing, (record) => this.#book.get(record)).filter((memory) => stands(scope, memory));
  }

  /** Live facts of every environment, for background work. */
  liveFacts(): Memory[] {
    return Array.from(this.#standing, (record) => this.#book.get(record)).filter(({ layer }) => layer === 'fact');
  }

  /** Every fact with the same subject and predicate from the same environment, including superseded ones, in the order in which they were said. */
  versions(memory: Pick<Memory, 'relation' | 'environmentId'>): Numbered[] {
    return [...this.#facts.get(relationKey(memory)) ?? []].map((record) => ({ record, memory: this.#book.get(record) }))
      .toSorted((a, b) => a.memory.occurredAt.localeCompare(b.memory.occurredAt) || a.record - b.record);
  }

  /** Until when a fact was true, if a newer version is known. */
  validTo(memory: Memory): string | undefined {
    const versions = this.versions(memory);
    return versions[versions.findIndex((one) => one.memory.id === memory.id) + 1]?.memory.occurredAt;
  }

  /** Live summaries of one conversation (by conversationKey) or of all; summaries of the oldest turns come first. */
  summaries(conversation?: string): Memory[] {
    return [...this.#summaries.values()].filter((summary) => conversation === undefined || (summary.conversationId !== undefined && conversationKey(summary.conversationId, summary.environmentId) === conversation)).toSorted((a, b) => a.occurredAt.localeCompare(b.occurredAt) || (a.id < b.id ? -1 : 1));
  }

  /** Records of the conversation's turns that no summary covers, in the order in which they were said. */
  unsummarized(conversation: string): readonly number[] {
    const known = this.#unsummarized.get(conversation);
    if (known !== undefined) return known;
    const covered = new Set(this.summaries(conversation).flatMap(({ sources }) => sources ?? []));
    const open = this.#book.conversation(conversation).filter((record) => this.#book.alive.values[record] === 1 && readKind(this.#book.kind.values[record]!).layer === 'raw' && !covered.has(this.#book.get(record).id));
    this.#unsummarized.set(conversation, open);
    return open;
  }

  /** Adds a loaded memory, live or superseded. */
  enter(record: number): void {
    if (readKind(this.#book.kind.values[record]!).layer === 'fact') {
      const key = relationKey(this.#book.get(record));
      this.#facts.set(key, (this.#facts.get(key) ?? new Set()).add(record));
    }
    this.#enterLive(record);
  }

  /** Adds a newly stored memory. */
  enterNew(record: number, memory: Memory): void {
    this.enter(record);
    if (memory.conversationId === undefined) return;
    const conversation = conversationKey(memory.conversationId, memory.environmentId);
    const open = this.#unsummarized.get(conversation);
    if (open === undefined) return;
    const last = open.at(-1);
    if (memory.layer === 'raw' && (last === undefined || this.#book.time.values[last]! <= this.#book.time.values[record]!)) open.push(record);
    else this.#unsummarized.delete(conversation);
  }

  /** Removes a hidden memory from everything except the versions. */
  hide(record: number): void {
    this.#unsummarized.clear();
    this.#standing.delete(record);
    this.#graph.remove(record);
    this.#summaries.delete(record);
  }

  /** Undoes `hide`. */
  show(record: number): void {
    this.#unsummarized.clear();
    this.#enterLive(record);
  }

  /** Removes a forgotten memory from the versions too. */
  forget(record: number): void {
    if (readKind(this.#book.kind.values[record]!).layer === 'fact') this.#facts.get(relationKey(this.#book.get(record)))?.delete(record);
  }

  #enterLive(record: number): void {
    if (this.#book.alive.values[record] === 0) return;
    const { layer, type } = readKind(this.#book.kind.values[record]!);
    if (layer === 'fact' || type === 'core_fact' || type === 'custom_instruction') this.#standing.add(record);
    if (layer === 'summary') this.#summaries.set(record, this.#book.get(record));
    const relation = layer === 'fact' ? this.#book.get(record).relation : undefined;
    if (relation !== undefined) this.#graph.add(record, relation, this.#book.get(record).environmentId);
  }
}

function relationKey({ relation, environmentId }: Pick<Memory, 'relation' | 'environmentId'>): string {
  return JSON.stringify([environmentId ?? null, relation?.subject, relation?.predicate]);
}
