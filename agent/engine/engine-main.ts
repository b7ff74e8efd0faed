// The embedding engine as a separate program: loads the model and classifies entries that its parent, the agent, sends. In its own
// process, the model does not delay the agent or add to its memory. Bundled when the engine is installed in a guest; $1 is its folder.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel } from '../../common/embedding/onnx-model.ts';
import { EmbeddingEngine } from '../errors/embedding-engine.ts';
import { exampleLines } from '../errors/example-lines.ts';
import { decodeVectors } from '../errors/example-vectors.ts';
import type { EngineAnswer, EngineRequest } from './engine-process.ts';

async function main(folder: string): Promise<void> {
  process.once('disconnect', () => process.exit()); // the agent has exited
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  const model = await OnnxModel.load(folder, 1, false);
  const engine = new EmbeddingEngine(async (text) => await model.embed(text), exampleLines(), decodeVectors(readFileSync(join(folder, 'example-vectors.bin'))));
  const answer = (message: EngineAnswer): void => void process.send?.(message);
  process.on('message', ({ id, entry }: EngineRequest) => {
    engine.classify(entry).then((verdict) => answer({ id, verdict }), () => answer({ id, verdict: null }));
  });
  answer({ ready: true });
}

void main(process.argv[2] ?? '.');
