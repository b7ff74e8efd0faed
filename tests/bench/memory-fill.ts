// The content with which benchmarks fill memory: turns, documents with metadata, and facts, in pronounceable words, the same in every run.
import { readFileSync } from 'node:fs';
import type { EmbedPriority, Embedder } from '../../common/embedding/embedder.ts';
import type { OnnxEmbedder } from '../../common/embedding/onnx-embedder.ts';
import type { Caller } from '../../orchestrator/keys/caller.ts';
import type { MemoryConfig } from '../../orchestrator/memory/memory-config.ts';
import type { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import type { Memory } from '../../orchestrator/memory/memory.ts';
import { importMemories } from '../../orchestrator/memory/portability.ts';
import type { RememberInput } from '../../orchestrator/memory/remembering.ts';
import { wholeSpace } from '../../orchestrator/memory/scope.ts';
import { MAIN_SPACE, newMemoryId } from '../../orchestrator/memory/spaces.ts';
import type { SqliteMemoryStore } from '../../orchestrator/memory/store/sqlite-memory-store.ts';

/** Repeatable random numbers (mulberry32). */
let state = 20_260_101;
export function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

/** The real model, or while `filling`, random vectors, which take as long to search as real ones but only seconds to create. */
export class FillingEmbedder implements Embedder {
  filling: boolean;
  readonly #real: OnnxEmbedder;
  constructor(real: OnnxEmbedder, filling: boolean) {
    this.#real = real;
    this.filling = filling;
  }
  get model(): string {
    return this.#real.model;
  }
  get dimensions(): number {
    return this.#real.dimensions;
  }
  async embed(texts: readonly string[], priority: EmbedPriority): Promise<Float32Array[]> {
    if (!this.filling) return await this.#real.embed(texts, priority);
    return texts.map(() => {
      const vector = Float32Array.from({ length: this.dimensions }, () => random() - 0.5);
      const norm = Math.hypot(...vector);
      return vector.map((value) => value / norm);
    });
  }
  async close(): Promise<void> {
    await this.#real.close();
  }
}

// 6,000 pronounceable words whose frequencies fall like those of a language.
const syllables = ['ba', 'ke', 'li', 'mo', 'ru', 'sa', 'te', 'vi', 'no', 'da', 'fi', 'gu', 'pe', 'zo', 'hal', 'mer', 'tin', 'sor', 'wen', 'lak'];
const vocabulary = Array.from({ length: 6000 }, () => Array.from({ length: 2 + Math.floor(random() * 2) }, () => syllables[Math.floor(random() * syllables.length)]).join(''));
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
export const word = (): string => vocabulary[Math.floor(vocabulary.length * random() ** 3)]!;
const people = ['Alice', 'Bruno', 'Chen', 'Dora'];
export const sentence = (): string => `I ${pick(['talked about', 'worked on', 'bought', 'read about', 'went to', 'fixed'])} the ${word()} ${word()} with ${pick(people)} ${pick(['yesterday', 'last week', 'in March', 'again', 'at home'])} because the ${word()} was ${word()} and ${word()}.`;
const startMs = Date.UTC(2023, 0);
/** The memory with this number: one in ten is a document with metadata, and one in twenty states a fact. */
export const turn = (number: number): RememberInput => number % 10 === 9 ? {
  type: 'document', text: Array.from({ length: 4 }, sentence).join(' '), agentId: `agent ${number % 50}`, metadata: { project: `p${number % 200}` }, occurredAt: new Date(startMs + number * 60_000).toISOString(),
} : ({
  type: 'conversation', agentId: `agent ${number % 50}`, text: number % 20 === 0 ? `I live in ${word()}.` : `${sentence()}${random() < 0.4 ? ` ${sentence()}` : ''}`, speaker: number % 20 === 0 ? `Person ${number % 5000}` : pick(people), conversationId: `c${Math.floor(number / 2000)}`, sessionId: `s${Math.floor(number / 25)}`,
  occurredAt: new Date(startMs + number * 60_000).toISOString(),
});
export const question = (): string => `${pick(['When did', 'Why did', 'Where did'])} ${pick(people)} ${pick(['talk about', 'work on', 'buy', 'go to'])} the ${word()} ${word()} ${word()}?`;

export function rssMiB(pid: number = process.pid): number {
  const [, kiB] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kiB) / 1024);
}

/** What the filling needs: a service and its parts. */
export interface Filling { service: MemoryService; store: SqliteMemoryStore; config: MemoryConfig; caller: Caller }

/** Stores the memories with these numbers. Documents are stored like imports, without the search for near-duplicates, which would take an hour for a million. */
export async function fill({ service, store, config, caller }: Filling, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 500) {
    const batch = Array.from({ length: Math.min(500, to - at) }, (_, i) => turn(at + i));
    await service.rememberAll(caller, batch.filter(({ type }) => type === 'conversation'));
    const nowMs = Date.now();
    importMemories({ space: service.spaces.get(caller.user), store, config, nowMs, scope: wholeSpace(caller.user, MAIN_SPACE) }, batch.filter(({ type }) => type === 'document').map(({ text, agentId, metadata, occurredAt }): Memory => ({
      id: newMemoryId(nowMs), layer: 'raw', type: 'document', text, importance: 'high', occurredAt: occurredAt!, createdAt: new Date(nowMs).toISOString(), agentId: agentId!, ...metadata === undefined ? {} : { metadata },
    })));
    await service.settled(caller);
  }
}

/** Times in milliseconds. */
export function spread(times: readonly number[]): { p50: number; p95: number; max: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(10 * (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)) / 10;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}
