// Fetching the embedding model: from a server of the test's own, which sends what it should, and what it should not.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OnnxEmbedder } from '../../orchestrator/memory/embedding/onnx-embedder.ts';
import { fetchModel, missingModelFiles, modelFiles } from '../../orchestrator/memory/embedding/model-files.ts';
import { modelFolder, modelIsHere } from '../bench/memory-locations.ts';
import { scratchFolder } from '../support/operations.ts';

/** Serves the files it is given under /mirror; how many were asked for. */
async function mirror(read: (path: string) => Promise<Buffer>): Promise<AsyncDisposable & { url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url!.replace('/mirror/', '');
    asked.push(path);
    read(path).then((bytes) => response.end(bytes), () => response.writeHead(404).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror/`, asked, async [Symbol.asyncDispose]() { server.close(); } };
}

describe('Fetching the embedding model', () => {
  test.skipIf(!modelIsHere())('brings what is missing or damaged, and nothing twice', async () => {
    using folder = scratchFolder();
    const target = join(folder.path, 'models', 'all-MiniLM-L6-v2');
    await using server = await mirror(async (path) => await readFile(join(modelFolder(), path)));
    expect(await fetchModel(target, server.url)).toEqual({ fetched: modelFiles.map(({ path }) => path) });
    await writeFile(join(target, 'tokenizer.json'), '{}');
    expect(await fetchModel(target, server.url)).toEqual({ fetched: ['tokenizer.json'] });
    expect(await fetchModel(target, server.url)).toEqual({ fetched: [] });
    expect(server.asked).toHaveLength(3);
    const embedder = await OnnxEmbedder.start(target);
    expect(embedder.dimensions).toBe(384);
    await embedder.close();
  });

  test('takes nothing that is not the model, and leaves nothing half', async () => {
    using folder = scratchFolder();
    const sent = Buffer.from('something else');
    await using server = await mirror(async () => sent);
    await expect(fetchModel(folder.path, server.url)).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining(createHash('sha256').update(sent).digest('hex')) as string });
    expect(await readdir(folder.path)).toEqual([]);
    await using large = await mirror(async () => Buffer.alloc(2_000_000));
    await expect(fetchModel(folder.path, large.url)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('more than') as string });
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('says what is wrong with the server', async () => {
    using folder = scratchFolder();
    await using server = await mirror(async () => await Promise.reject(new Error('not here')));
    await expect(fetchModel(folder.path, server.url)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('HTTP 404') as string });
    await expect(fetchModel(folder.path, 'http://127.0.0.1:9/')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('knows what a folder lacks', async () => {
    using folder = scratchFolder();
    await mkdir(join(folder.path, 'onnx'));
    await writeFile(join(folder.path, 'onnx', 'model_quantized.onnx'), '');
    expect(await missingModelFiles(folder.path)).toEqual(['tokenizer.json']);
  });
});
