// A segment from which memories were removed must keep nothing of them: it is equal to one that never had them.
import { expect, test } from 'vitest';
import { segmentWithout } from '../../orchestrator/memory/retrieval/segment-without.ts';
import { SpaceIndex } from '../../orchestrator/memory/retrieval/space-index.ts';
import { Clock } from '../../orchestrator/memory/text/temporal.ts';

const DIMENSIONS = 4;

/** Every fifth has no vector yet; every seventh has several chunks. */
function segmentOf(numbers: readonly number[]): Buffer {
  const index = new SpaceIndex(DIMENSIONS, new Clock('UTC'));
  numbers.forEach((number, record) => {
    const text = `Parcel ${number} went to depot${number % 3} on 3 May 2024.${number % 7 === 0 ? ` It held paper${number}.`.repeat(200) : ''}`;
    const chunks = index.add({ record, text, session: number % 4 === 0 ? undefined : `session ${number % 6}`, speaker: number % 2 === 0 ? `Person ${number % 5}` : undefined, timeMs: number * 60_000 });
    if (number % 5 !== 0) for (const { chunk } of chunks) index.setVector(chunk, Float32Array.from({ length: DIMENSIONS }, (_, i) => Math.sin(number + i)));
  });
  return index.freeze(0, 'made for a test');
}

const all = Array.from({ length: 40 }, (_, number) => number);

test.each([
  ['every third memory', (number: number) => number % 3 !== 1],
  ['the first and the last', (number: number) => number !== 0 && number !== 39],
  ['none', () => true],
  ['all but one', (number: number) => number === 17],
])('After removing %s, a segment is byte for byte equal to one of the other memories', (_, stays) => {
  expect(segmentWithout(segmentOf(all), Uint8Array.from(all, (number) => stays(number) ? 1 : 0)).equals(segmentOf(all.filter(stays)))).toBe(true);
});
