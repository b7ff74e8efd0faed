import { describe, expect, test } from 'vitest';
import { CallerVector, MAX_DIMENSIONS, type Memory } from '../../orchestrator/memory/memory.ts';
import { packMemories, UnpackedMemories } from '../../orchestrator/memory/store/pack.ts';
import { CallerVectors, packedVector, unitVector, unpackedVector, type UnitVector } from '../../orchestrator/memory/vectors/caller-vectors.ts';

/** The same numbers in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 1_073_741_824 - 1;
  };
}

const next = numbers(7);
const random = (dimensions: number, model = 'clip'): UnitVector => unitVector({ model, values: Array.from({ length: dimensions }, next) });
const cosine = (a: UnitVector, b: UnitVector): number => a.values.reduce((sum, value, i) => sum + value * b.values[i]!, 0);
const all = { admits: (_record: number): boolean => true, allows: (_record: number): boolean => true, pause: async () => {} };
const recordsOf = async (vectors: CallerVectors, vector: UnitVector, count = 10, options: Partial<typeof all> = {}): Promise<number[]> => (await vectors.nearest(vector, count, { ...all, ...options })).map(({ record }) => record);
const memory = (id: number): Memory => ({ id: `mem_${id}`, layer: 'raw', type: 'document', text: `text ${id}`, importance: 'medium', occurredAt: '2026-01-01T00:00:00.000Z', createdAt: '2026-01-01T00:00:00.000Z' });

describe('A vector in a request', () => {
  test('has a model, 1 to 4096 finite numbers, and a direction', () => {
    for (const values of [[1], Array.from({ length: MAX_DIMENSIONS }, () => 0.1), [1e308, -1e308], [5e-324]]) expect(CallerVector.safeParse({ model: 'clip', values }).success).toBe(true);
    for (const values of [[], Array.from({ length: MAX_DIMENSIONS + 1 }, () => 0.1), [0, 0], [Infinity], [NaN], ['1'], [null], 'AAAA']) expect(CallerVector.safeParse({ model: 'clip', values }).success).toBe(false);
    for (const model of ['', 'x'.repeat(101), 7, undefined]) expect(CallerVector.safeParse({ model, values: [1] }).success).toBe(false);
    expect(CallerVector.safeParse({ model: 'x'.repeat(100), values: [1], text: 'x' }).success).toBe(false);
  });

  test('is scaled to length 1, however large or small its values are', () => {
    for (const values of [[3, 4], [3e307, 4e307], [3e-320, 4e-320], [-3, 4]]) {
      const unit = unitVector({ model: 'clip', values });
      expect(Math.abs(unit.values[0]!)).toBeCloseTo(0.6, 3);
      expect(unit.values[1]).toBeCloseTo(0.8, 3);
    }
  });

  test('can be packed and unpacked, and a damaged one is refused', () => {
    const vector = random(513);
    expect(cosine(unpackedVector(packedVector(vector)), vector)).toBeCloseTo(1, 6);
    const bytes = (...values: number[]): string => Buffer.from(Float32Array.from(values).buffer).toString('base64');
    for (const values of ['AAAA', '', bytes(NaN), bytes(0, 0), bytes(Infinity)]) expect(() => unpackedVector({ model: 'clip', values })).toThrow(expect.objectContaining({ code: 'corrupt' }) as Error);
  });
});

describe('The vectors of a space', () => {
  test('are found in the order of their cosines, like a plain comparison with each', async () => {
    const vectors = new CallerVectors();
    const known = Array.from({ length: 1500 }, () => random(33));
    known.forEach((vector, record) => vectors.set(record, vector));
    for (let i = 0; i < 20; i += 1) {
      const query = random(33);
      const expected = known.map((vector, record) => ({ record, cosine: cosine(vector, query) })).toSorted((a, b) => b.cosine - a.cosine).slice(0, 10);
      const found = await vectors.nearest(query, 10, all);
      expect(found.map(({ record }) => record)).toEqual(expected.map(({ record }) => record));
      found.forEach((one, at) => expect(one.cosine).toBeCloseTo(expected[at]!.cosine, 5));
    }
  });

  test('are never compared with those of another model or length, and not found at a right angle or beyond', async () => {
    const vectors = new CallerVectors();
    vectors.set(0, unitVector({ model: 'clip', values: [1, 0] }));
    vectors.set(1, unitVector({ model: 'siglip', values: [1, 0] }));
    vectors.set(2, unitVector({ model: 'clip', values: [1, 0, 0] }));
    vectors.set(3, unitVector({ model: 'clip', values: [-1, 0] }));
    vectors.set(4, unitVector({ model: 'clip', values: [0, 1] }));
    expect(await recordsOf(vectors, unitVector({ model: 'clip', values: [1, 0] }))).toEqual([0]);
    expect(await recordsOf(vectors, unitVector({ model: 'siglip', values: [1, 1] }))).toEqual([1]);
    expect(await recordsOf(vectors, unitVector({ model: 'clip', values: [1, 1, 1] }))).toEqual([2]);
    expect(await recordsOf(vectors, unitVector({ model: 'other', values: [1, 0] }))).toEqual([]);
    expect(vectors.counts()).toEqual([{ model: 'clip', dimensions: 2, memories: 3 }, { model: 'siglip', dimensions: 2, memories: 1 }, { model: 'clip', dimensions: 3, memories: 1 }]);
  });

  test('can be replaced and removed, also those of a pack; a memory that is not admitted or allowed takes no place in the result', async () => {
    const vectors = new CallerVectors();
    const [a, b, c] = [[1, 0], [0.9, 0.1], [0.8, 0.2]].map((values) => unitVector({ model: 'clip', values })) as [UnitVector, UnitVector, UnitVector];
    vectors.addBlock('clip', Int32Array.of(4, 6), Float32Array.of(...a.values, ...b.values));
    vectors.set(9, c);
    expect(await recordsOf(vectors, a)).toEqual([4, 6, 9]);
    expect(await recordsOf(vectors, a, 1, { admits: (record) => record !== 4 })).toEqual([6]);
    expect(await recordsOf(vectors, a, 1, { allows: (record): boolean => record === 9 })).toEqual([9]);
    vectors.set(9, a);
    vectors.set(6, unitVector({ model: 'siglip', values: [0, 1] }));
    expect([vectors.isSame(9, a), vectors.isSame(6, b), vectors.get(6)?.model]).toEqual([true, false, 'siglip']);
    vectors.remove(4);
    vectors.remove(4);
    expect(await recordsOf(vectors, a)).toEqual([9]);
    expect([vectors.has(4), vectors.get(4)]).toEqual([false, undefined]);
    vectors.clear();
    expect(await recordsOf(vectors, a)).toEqual([]);
  });

  test('are read from a pack with their memories; a pack without vectors has no columns for them', () => {
    const given = [random(8), undefined, random(3), random(8, 'siglip'), undefined, random(8)];
    const read = new UnpackedMemories(packMemories(given.map((vector, seq) => ({ seq, memory: memory(seq), expiresAtMs: undefined, vector }))));
    expect(read.items().map(({ memory: { id }, vector }) => ({ id, vector }))).toEqual(given.map((vector, seq) => ({ id: `mem_${seq}`, vector })));
    expect(read.vectors.map(({ model, items }) => [model, [...items]])).toEqual([['clip', [0, 5]], ['clip', [2]], ['siglip', [3]]]);
    const without = packMemories([{ seq: 1, memory: memory(1), expiresAtMs: undefined, vector: undefined }]);
    expect(new UnpackedMemories(without).vectors).toEqual([]);
    expect(without.toString('latin1')).not.toContain('vector');
  });
});
