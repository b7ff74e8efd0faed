// Output as lines of JSON contains exactly the bytes that arrived, however they were split.
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExecFrame } from '../../../orchestrator/api/exec-protocol.ts';
import { execLines } from '../../../orchestrator/api/ndjson-exec.ts';

async function shown(chunks: Buffer[]): Promise<{ data: string; encoding: 'utf8' | 'base64' }[]> {
  const process = {
    stdin: new Writable(), stdout: Readable.from(chunks), stderr: Readable.from([]), signal: async () => {}, resize: () => {},
    exit: Promise.resolve({ code: 0, signal: null, timedOut: false }),
  };
  const lines = (await text(execLines(process, 'req', new AbortController().signal))).trim().split('\n');
  return lines.map((line) => ExecFrame.parse(JSON.parse(line))).flatMap((frame) => (frame.type === 'stdout' ? [frame] : []));
}

const nonEmpty = (chunks: Uint8Array[]): Buffer[] => chunks.map((chunk) => Buffer.from(chunk)).filter((chunk) => chunk.length > 0);

test('Any bytes in any pieces are returned unchanged', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 8 }), async (pieces) => {
    const chunks = nonEmpty(pieces);
    const frames = await shown(chunks);
    expect(Buffer.concat(frames.map(({ data, encoding }) => Buffer.from(data, encoding)))).toEqual(Buffer.concat(chunks));
  }), { numRuns: 100 });
});

test('Text stays text wherever it is split', async () => {
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), fc.array(fc.nat(40), { maxLength: 5 }), async (string, places) => {
    const bytes = Buffer.from(string);
    const cuts = [0, ...places.filter((place) => place < bytes.length).toSorted((a, b) => a - b), bytes.length];
    const chunks = nonEmpty(cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end)));
    const frames = await shown(chunks);
    expect(frames.every(({ encoding }) => encoding === 'utf8')).toBe(true);
    expect(frames.map(({ data }) => data).join('')).toBe(bytes.toString());
  }), { numRuns: 100 });
});
