// Removes memories from a packed index segment without reading any texts. The result is byte for byte what indexing the other memories would give.
import { internedAgain, NONE } from './chunk-table.ts';
import { packColumns, PackedColumns, type Values } from './columns.ts';

/** `keeps` has a 1 for each record of the segment that stays. */
export function segmentWithout(bytes: Buffer, keeps: Uint8Array): Buffer {
  const packed = new PackedColumns(bytes);
  const record = packed.get('record', Int32Array);
  const recordNumbers = numbersAfter(keeps);
  const keepsChunk = Uint8Array.from(record, (number) => keeps[number]!);
  const kept = <V extends Values>(values: V): V => values.filter((_, chunk) => keepsChunk[chunk] === 1) as V;
  const sessions = internedAgain(kept(packed.get('session', Int32Array)), packed.strings['sessions'] ?? []);
  const speakers = internedAgain(kept(packed.get('speaker', Int32Array)), packed.strings['speakers'] ?? []);
  const scales = kept(packed.get('scales', Float32Array));
  return packColumns({
    record: kept(record).map((number) => recordNumbers[number]!), session: sessions.numbers, speaker: speakers.numbers,
    time: kept(packed.get('time', Float64Array)), start: kept(packed.get('start', Int32Array)), end: kept(packed.get('end', Int32Array)),
    words: kept(packed.get('words', Int32Array)), flags: kept(packed.get('flags', Uint8Array)),
    ...keptPostings(packed, keepsChunk), vectors: keptVectors(packed.get('vectors', Int8Array), keepsChunk, scales.length), scales,
  }, { sessions: sessions.values, speakers: speakers.values, made: packed.strings['made'] ?? [] });
}

/** The number that each kept item has among the kept ones. */
function numbersAfter(keeps: Uint8Array): Int32Array {
  let next = 0;
  return Int32Array.from(keeps, (keep) => keep === 1 ? next++ : NONE);
}

/** Also removes terms that no kept chunk has. */
function keptPostings(packed: PackedColumns, keepsChunk: Uint8Array): { terms: Float64Array; starts: Uint32Array; chunks: Uint32Array; counts: Uint8Array } {
  const [terms, starts] = [packed.get('terms', Float64Array), packed.get('starts', Uint32Array)];
  const [chunks, counts] = [packed.get('chunks', Uint32Array), packed.get('counts', Uint8Array)];
  const numbers = numbersAfter(keepsChunk);
  const [keptTerms, keptStarts] = [new Float64Array(terms.length), new Uint32Array(terms.length + 1)];
  const [keptChunks, keptCounts] = [new Uint32Array(chunks.length), new Uint8Array(counts.length)];
  let size = 0;
  let end = 0;
  terms.forEach((term, i) => {
    const first = end;
    for (let at = starts[i]!; at < starts[i + 1]!; at += 1) {
      if (keepsChunk[chunks[at]!] !== 1) continue;
      keptChunks[end] = numbers[chunks[at]!]!;
      keptCounts[end] = counts[at]!;
      end += 1;
    }
    if (end === first) return;
    keptTerms[size] = term;
    size += 1;
    keptStarts[size] = end;
  });
  return { terms: keptTerms.slice(0, size), starts: keptStarts.slice(0, size + 1), chunks: keptChunks.slice(0, end), counts: keptCounts.slice(0, end) };
}

function keptVectors(vectors: Int8Array, keepsChunk: Uint8Array, count: number): Int8Array {
  const dimensions = keepsChunk.length === 0 ? 0 : vectors.length / keepsChunk.length;
  const kept = new Int8Array(count * dimensions);
  let at = 0;
  keepsChunk.forEach((keep, chunk) => {
    if (keep === 0) return;
    kept.set(vectors.subarray(chunk * dimensions, (chunk + 1) * dimensions), at);
    at += dimensions;
  });
  return kept;
}
