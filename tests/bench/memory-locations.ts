// Where benchmarks and tests find what is not in the project's tree: the model folder and the evaluation data beside it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig, processSettings } from '../../common/config.ts';

/** A path relative to the project's root. */
export function projectFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** The model folder: the one asked for, else the configured one, else the one beside the project. */
export function modelFolder(asked?: string): string {
  return asked ?? loadConfig(processSettings().configFile).models.embeddingDir ?? projectFile('../shared/models/all-MiniLM-L6-v2');
}

export function modelIsHere(): boolean {
  return existsSync(`${modelFolder()}/onnx/model_quantized.onnx`);
}
