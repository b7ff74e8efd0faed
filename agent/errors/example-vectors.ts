// The stored form of what training made of the example lines: one int8 vector for each, and a linear classifier. A guest loads it and embeds no examples itself.
// Layout: length of the header (u32, little endian), header (JSON), a scale for each vector (f32), vectors (i8), weights of the classifier (f32).
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { ErrorLabel } from './verdict.ts';

const Header = z.object({ format: z.literal(1), model: z.string(), dimensions: z.int().positive(), count: z.int().positive(), digest: z.string(), labels: z.array(ErrorLabel) });

export interface ExampleVectors {
  model: string;
  dimensions: number;
  /** Digest of the lines that the vectors belong to. */
  digest: string;
  /** The order of the classifier's rows. */
  labels: readonly ErrorLabel[];
  scales: Float32Array;
  vectors: Int8Array;
  /** A row for each label: a weight for each dimension, then the bias. */
  weights: Float32Array;
}

/** The parts keep their alignment: the header is padded to a multiple of four bytes. */
export function encodeVectors(all: ExampleVectors): Buffer {
  const header = Header.parse({ format: 1, model: all.model, dimensions: all.dimensions, count: all.scales.length, digest: all.digest, labels: [...all.labels] });
  const text = JSON.stringify(header);
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(padded.length);
  return Buffer.concat([length, padded, bytes(all.scales), bytes(all.vectors), bytes(all.weights)]);
}

/** @throws SomnusError `corrupt` when the bytes are not such a file */
export function decodeVectors(file: Buffer): ExampleVectors {
  try {
    const length = file.readUInt32LE(0);
    const { model, dimensions, count, digest, labels } = Header.parse(JSON.parse(file.toString('utf8', 4, 4 + length)));
    // A copy starts at an aligned address.
    const body = new Uint8Array(file.subarray(4 + length)).buffer;
    const rows = labels.length * (dimensions + 1);
    if (body.byteLength !== count * 4 + count * dimensions + rows * 4) throw new Error('its length does not fit its header');
    return {
      model, dimensions, digest, labels,
      scales: new Float32Array(body, 0, count),
      vectors: new Int8Array(body, count * 4, count * dimensions),
      weights: new Float32Array(body.slice(count * 4 + count * dimensions)),
    };
  } catch (cause) {
    throw new SomnusError('corrupt', `The vectors of the example lines cannot be read: ${(cause as Error).message}`, { cause, hint: 'Build them again with `npm run train:errors`.' });
  }
}

/** Rounds a normalized vector to int8 with a scale of its own. */
export function quantize(vector: Float32Array): { scale: number; values: Int8Array } {
  const scale = Math.max(...vector.map(Math.abs)) / 127 || 1;
  return { scale, values: Int8Array.from(vector, (value) => Math.round(value / scale)) };
}

function bytes(array: Float32Array | Int8Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}
