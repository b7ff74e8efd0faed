// Opens the embedding engine for the benchmarks: model, example lines and their vectors, on the calling thread.
import { readFileSync } from 'node:fs';
import { EmbeddingEngine } from '../../agent/errors/embedding-engine.ts';
import { exampleLines } from '../../agent/errors/example-lines.ts';
import { decodeVectors } from '../../agent/errors/example-vectors.ts';
import { OnnxModel } from '../../common/embedding/onnx-model.ts';
import { modelFolder, projectFile } from './memory-locations.ts';

export async function openEngine(folder: string | undefined): Promise<{ engine: EmbeddingEngine; model: OnnxModel; close(): Promise<void> }> {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  const model = await OnnxModel.load(modelFolder(folder), 1);
  const examples = decodeVectors(readFileSync(projectFile('agent/errors/data/example-vectors.bin')));
  const engine = new EmbeddingEngine(async (text) => await model.embed(text), exampleLines(), examples);
  return { engine, model, close: async () => await model.close() };
}
