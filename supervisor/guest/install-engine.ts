// Copies the embedding engine into a running VM over SSH: its program, the model, the vectors of the example lines, and the ONNX runtime. About 70 MB.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingModelFiles } from '../../common/embedding/model-files.ts';
import { SomnusError } from '../../common/errors.ts';
import { bundleEngine } from '../../images/agent-bundle.ts';
import type { GuestChannel } from './guest-channel.ts';

/** The same folder as in agent/intelligence/intelligence.ts. */
const FOLDER = '/usr/local/lib/somnus/engine';
const root = fileURLToPath(new URL('../..', import.meta.url));
/** Only the files of the runtime that this architecture needs. */
const runtime = [
  'node_modules/onnxruntime-node/package.json', 'node_modules/onnxruntime-node/dist', `node_modules/onnxruntime-node/bin/napi-v6/linux/${process.arch}`,
  'node_modules/onnxruntime-common/package.json', 'node_modules/onnxruntime-common/dist/cjs',
];

/**
 * Repeatable: files are replaced. @param modelDir a folder with the model's files
 * @throws unavailable when this host has no model; guest_unreachable, insufficient_space
 */
export async function installEngine(channel: Pick<GuestChannel, 'writeTar'>, modelDir: string, signal: AbortSignal): Promise<void> {
  const missing = await missingModelFiles(modelDir);
  if (missing.length > 0) throw new SomnusError('unavailable', `This host does not have the embedding model: ${missing.join(', ')} is missing in ${modelDir}`, { hint: 'Run set-up again to download it. Without it, agents classify by rules.' });
  const staging = await mkdtemp(join(tmpdir(), 'somnus-engine-'));
  try {
    await writeFile(join(staging, 'engine.js'), (await bundleEngine()).code);
    const tar = spawn('tar', [
      '--create', '--dereference', '--owner=0', '--group=0', '-C', staging, 'engine.js', '-C', modelDir, 'tokenizer.json', 'onnx/model_quantized.onnx', '-C', join(root, 'agent/errors/data'), 'example-vectors.bin', '-C', root, ...runtime,
    ], { stdio: ['ignore', 'pipe', 'ignore'] });
    await channel.writeTar(FOLDER, tar.stdout, signal);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
