// The part of an index that a question may use. Scores are computed from what it shows and nothing else: word frequencies, averages and speakers of
// other memories would let a caller guess them.
import { NONE, type ChunkTable } from './chunk-table.ts';

export interface View {
  /** 1 for each chunk that may be shown. */
  alive: Uint8Array;
  /** Whether it is the whole space, whose figures the index keeps. */
  whole: boolean;
  chunks: number;
  words: number;
  sessions: number;
  /** Whether relations and aliases from an environment count. */
  admits: (environmentId: string | undefined) => boolean;
}

export function wholeView(table: ChunkTable, admits: View['admits']): View {
  return { alive: table.alive.values, whole: true, chunks: table.size, words: table.totalWords, sessions: table.sessions.values.length, admits };
}

/** The chunks whose memories are admitted; with `also` set, also superseded ones. */
export function partialView(table: ChunkTable, admitsRecord: (record: number) => boolean, admits: View['admits'], also = false): View {
  const view: View = { alive: new Uint8Array(table.size), whole: false, chunks: 0, words: 0, sessions: 0, admits };
  const seen = new Uint8Array(table.sessions.values.length);
  const [alive, records, words, sessions] = [table.alive.values, table.record.values, table.words.values, table.session.values];
  for (let chunk = 0; chunk < table.size; chunk += 1) {
    if ((alive[chunk] === 0 && !also) || !admitsRecord(records[chunk]!)) continue;
    view.alive[chunk] = 1;
    view.chunks += 1;
    view.words += words[chunk]!;
    const session = sessions[chunk]!;
    if (session === NONE || seen[session] === 1) continue;
    seen[session] = 1;
    view.sessions += 1;
  }
  return view;
}

/** Everyone who speaks in the view. */
export function speakersIn(table: ChunkTable, view: View): string[] {
  const numbers = new Set<number>();
  for (let chunk = 0; chunk < table.size; chunk += 1) if (view.alive[chunk] === 1) numbers.add(table.speaker.values[chunk]!);
  return [...numbers].filter((number) => number !== NONE).map((number) => table.speakers.values[number]!);
}
