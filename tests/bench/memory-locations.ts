// Locations of what benchmarks and tests need from outside the project's tree: the model folder and the evaluation data.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig, processSettings } from '../../common/config.ts';

/** A path relative to the project's root. */
export function projectFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Where deploy/test.sh puts the model. */
const TESTS_MODEL = '/usr/local/lib/somnus/models/all-MiniLM-L6-v2';

/** The model folder: the requested one, or else the configured one, or else the one that deploy/test.sh downloaded. */
export function modelFolder(asked?: string): string {
  return asked ?? loadConfig(processSettings().configFile).models.embeddingDir ?? TESTS_MODEL;
}

export function modelIsHere(): boolean {
  return existsSync(`${modelFolder()}/onnx/model_quantized.onnx`);
}

/** The `chroma` that deploy/test.sh installed, or the first one on PATH that runs: npm's own, which npm puts first, needs a newer glibc than Debian 12 has. */
export function chromaCommand(): string | undefined {
  const onPath = spawnSync('which', ['-a', 'chroma'], { encoding: 'utf8' }).stdout.trim().split('\n').filter((command) => command !== '');
  return ['/usr/local/lib/somnus/chroma/bin/chroma', ...onPath].find((command) => existsSync(command) && spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0);
}
