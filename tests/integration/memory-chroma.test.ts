import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../common/log.ts';
import { startChromaServer } from '../../orchestrator/memory/vectors/chroma-server.ts';
import { ChromaVectorIndex } from '../../orchestrator/memory/vectors/chroma-vector-index.ts';
import { ExactVectorIndex } from '../../orchestrator/memory/vectors/exact-vector-index.ts';
import type { VectorIndex } from '../../orchestrator/memory/vectors/vector-index.ts';
import { memoryFolder, SECRET, USER } from '../bench/memory-folder.ts';
import { modelIsHere } from '../bench/memory-locations.ts';
import { chromaCommand } from '../bench/memory-locations.ts';

const log = createLogger({ level: 'silent' });
const DIMENSIONS = 384;
const COMMAND = chromaCommand();

function vectors(count: number): Float32Array[] {
  let seed = 11;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647 - 0.5;
  return Array.from({ length: count }, () => {
    const vector = Float32Array.from({ length: DIMENSIONS }, random);
    const norm = Math.hypot(...vector);
    return vector.map((value) => value / norm);
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

async function cosinesOf(index: VectorIndex, query: Float32Array, count: number): Promise<Float32Array> {
  const cosines = new Float32Array(count).fill(7); // what the arrays of an earlier question contain
  await index.cosines(query, cosines);
  return cosines;
}

/** What every vector index does. */
function contract(name: string, make: () => VectorIndex): void {
  test(`${name} returns the cosine of every vector`, async () => {
    const index = make();
    const all = vectors(200);
    all.forEach((vector, i) => index.set(i, vector));
    await index.current();
    const cosines = await cosinesOf(index, all[7]!, 201);
    all.forEach((vector, i) => expect(Math.abs(cosines[i]! - dot(vector, all[7]!))).toBeLessThan(0.005));
    expect(Math.abs(cosines[200]!)).toBeLessThan(0.5); // has no vector
    await index.close();
  });

  test(`${name} uses the vector that was set last and no removed one`, async () => {
    const index = make();
    const [a, b, c] = vectors(3) as [Float32Array, Float32Array, Float32Array];
    index.set(0, a);
    index.set(1, b);
    await index.current();
    await cosinesOf(index, a, 2);
    index.set(1, a);
    index.set(2, c);
    index.remove(0);
    expect(index.isCurrent).toBe(name !== 'Chroma');
    await index.current();
    const cosines = await cosinesOf(index, a, 3);
    expect(cosines[1]).toBeGreaterThan(0.99);
    expect(cosines[0]).toBeLessThan(0.5);
    index.reset();
    index.set(0, c);
    await index.current();
    expect((await cosinesOf(index, c, 1))[0]).toBeGreaterThan(0.99);
    await index.close();
  });
}

describe('The embedded index', () => {
  contract('The embedded index', () => new ExactVectorIndex(DIMENSIONS));
});

describe.skipIf(COMMAND === undefined)('Chroma', async () => {
  const server = COMMAND === undefined ? undefined : await startChromaServer({ command: COMMAND, log });
  const make = (collection: string): ChromaVectorIndex => new ChromaVectorIndex({ place: server?.place ?? { url: '' }, collection, dimensions: DIMENSIONS });
  afterAll(async () => {
    await server?.stop();
  });
  contract('Chroma', () => make('contract'));

  test.skipIf(!modelIsHere())('contains no text, is really queried, is filled again when it loses its data, and is skipped when it stops', async () => {
    if (server === undefined) return;
    await using folder = await memoryFolder({ model: true, vectorServer: make });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    await service.rememberAll(USER, ['The xylocanary sings in the attic.', 'Our boat lies in the northern harbour.', 'The invoices go to the bookkeeper on Mondays.'].map((text) => ({ text })));
    await service.settled(USER);
    const ask = async (): Promise<string | undefined> => (await service.recall(USER, { query: 'Where is the ship moored?' })).hits[0]?.memory.text;
    const { index } = service.spaces.get(USER.user);
    await index.current();
    expect(await ask()).toBe('Our boat lies in the northern harbour.');
    const { url, tenant, database } = server.place;
    const place = `${url}/api/v2/tenants/${tenant}/databases/${database}/collections`;
    const collections = async (): Promise<{ name: string; id: string }[]> => await (await fetch(place)).json() as { name: string; id: string }[];
    const held = await collections();
    expect(held).toHaveLength(1);
    expect(() => execFileSync('grep', ['-rlia', 'xylocanary', server.folder])).toThrow();
    await fetch(`${place}/${held[0]!.name}`, { method: 'DELETE' });
    const answersAndFills = async (): Promise<void> => {
      expect(await ask()).toBe('Our boat lies in the northern harbour.'); // uses the embedded index, whatever the server does
      await index.current();
      expect(await collections().catch(() => [])).toHaveLength(1);
    };
    await expect.poll(answersAndFills, { timeout: 60_000 }).toBeUndefined();
    process.kill(server.pid ?? Number.NaN, 'SIGKILL'); // it is started again
    await expect.poll(answersAndFills, { timeout: 120_000, interval: 500 }).toBeUndefined();
    const { folder: ram, pid } = server;
    await server.stop();
    expect(existsSync(ram) || existsSync(`/proc/${pid}`)).toBe(false);
    expect(await ask()).toBe('Our boat lies in the northern harbour.');
  });
});

test('a Chroma that cannot be started is reported as unavailable', async () => {
  await expect(startChromaServer({ command: '/nonexistent/chroma', log })).rejects.toMatchObject({ code: 'unavailable' });
});
