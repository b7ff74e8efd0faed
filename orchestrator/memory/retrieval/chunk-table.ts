// The chunks of one space as columns: the memory each belongs to, its time, session and speaker, and its neighbors in the conversation.
import { Column, type PackedColumns, type Values } from './columns.ts';

export interface Chunk {
  /** Number of its memory in the space. */
  record: number;
  /** The group of turns it belongs to; chunks of a group are neighbors in order of arrival. */
  session: string | undefined;
  speaker: string | undefined;
  timeMs: number;
  /** Where it begins and ends in the searchable text of its memory. */
  start: number;
  end: number;
  /** Number of its terms. */
  length: number;
  flags: number;
}

export const NONE = -1;

/** Strings by number, in the order they were first seen. */
class Interned {
  readonly values: string[] = [];
  readonly #numbers = new Map<string, number>();

  number(value: string): number {
    let known = this.#numbers.get(value);
    if (known === undefined) {
      known = this.values.push(value) - 1;
      this.#numbers.set(value, known);
    }
    return known;
  }

  find(value: string): number {
    return this.#numbers.get(value) ?? NONE;
  }
}

/** Numbers the strings again in the order in which they are used, and leaves out unused ones. */
export function internedAgain(numbers: Int32Array, values: readonly string[]): { numbers: Int32Array; values: string[] } {
  const interned = new Interned();
  return { numbers: numbers.map((number) => number === NONE ? NONE : interned.number(values[number]!)), values: interned.values };
}

export class ChunkTable {
  readonly record = new Column(new Int32Array());
  readonly session = new Column(new Int32Array());
  readonly speaker = new Column(new Int32Array());
  readonly time = new Column(new Float64Array());
  readonly start = new Column(new Int32Array());
  readonly end = new Column(new Int32Array());
  readonly words = new Column(new Int32Array());
  readonly flags = new Column(new Uint8Array());
  readonly previous = new Column(new Int32Array());
  readonly next = new Column(new Int32Array());
  readonly alive = new Column(new Uint8Array());
  readonly sessions = new Interned();
  readonly speakers = new Interned();
  readonly sessionWords = new Column(new Float64Array());
  totalWords = 0;
  readonly #lastOfSession = new Column(new Int32Array());

  get size(): number {
    return this.record.length;
  }

  /** Adds a chunk and returns its number. */
  add(chunk: Chunk): number {
    this.record.push(chunk.record);
    this.speaker.push(chunk.speaker === undefined ? NONE : this.speakers.number(chunk.speaker));
    this.time.push(chunk.timeMs);
    this.start.push(chunk.start);
    this.end.push(chunk.end);
    this.words.push(chunk.length);
    this.flags.push(chunk.flags);
    this.#link(chunk.session === undefined ? NONE : this.sessions.number(chunk.session), chunk.length);
    return this.size - 1;
  }

  /** The chunks of a record, in order. */
  of(record: number): number[] {
    const records = this.record.values;
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (records[middle]! < record) low = middle + 1;
      else high = middle;
    }
    const chunks: number[] = [];
    for (let chunk = low; chunk < this.size && records[chunk] === record; chunk += 1) chunks.push(chunk);
    return chunks;
  }

  /** Packs the columns from `first` up to but without `end`, with records numbered from `firstRecord`. */
  pack(first: number, end: number, firstRecord: number): { arrays: Record<string, Values>; strings: Record<string, string[]> } {
    const sessions = internedAgain(this.session.slice(first, end), this.sessions.values);
    const speakers = internedAgain(this.speaker.slice(first, end), this.speakers.values);
    return {
      arrays: {
        record: this.record.slice(first, end).map((record) => record - firstRecord), session: sessions.numbers, speaker: speakers.numbers,
        time: this.time.slice(first, end), start: this.start.slice(first, end), end: this.end.slice(first, end), words: this.words.slice(first, end), flags: this.flags.slice(first, end),
      },
      strings: { sessions: sessions.values, speakers: speakers.values },
    };
  }

  /** Appends the result of `pack`, with records numbered from `firstRecord`. */
  append(packed: PackedColumns, firstRecord: number): void {
    const sessions = (packed.strings['sessions'] ?? []).map((value) => this.sessions.number(value));
    const speakers = (packed.strings['speakers'] ?? []).map((value) => this.speakers.number(value));
    this.record.append(packed.get('record', Int32Array).map((record) => record + firstRecord));
    this.speaker.append(packed.get('speaker', Int32Array).map((speaker) => speakers[speaker] ?? NONE));
    this.time.append(packed.get('time', Float64Array));
    this.start.append(packed.get('start', Int32Array));
    this.end.append(packed.get('end', Int32Array));
    this.flags.append(packed.get('flags', Uint8Array));
    const words = packed.get('words', Int32Array);
    this.words.append(words);
    packed.get('session', Int32Array).forEach((session, i) => this.#link(sessions[session] ?? NONE, words[i]!));
  }

  #link(session: number, length: number): void {
    const chunk = this.session.length;
    while (this.#lastOfSession.length < this.sessions.values.length) {
      this.#lastOfSession.push(NONE);
      this.sessionWords.push(0);
    }
    // What arrives late takes the place where it was said, so that its neighbors are right.
    let previous = session === NONE ? NONE : this.#lastOfSession.values[session]!;
    let next = NONE;
    while (previous !== NONE && this.time.values[previous]! > this.time.values[chunk]!) {
      next = previous;
      previous = this.previous.values[previous]!;
    }
    this.session.push(session);
    this.previous.push(previous);
    this.next.push(next);
    this.alive.push(1);
    this.totalWords += length;
    if (session === NONE) return;
    if (previous !== NONE) this.next.values[previous] = chunk;
    if (next === NONE) this.#lastOfSession.values[session] = chunk;
    else this.previous.values[next] = chunk;
    this.sessionWords.values[session] = this.sessionWords.values[session]! + length;
  }
}
