// Bundles the programs that run in guests into one JavaScript file each. Types are stripped here, because that would take seconds at each start in an emulated guest.
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { SomnusError } from '../common/errors.ts';

export interface AgentBundle {
  code: string;
  /** Hash of the code. */
  version: string;
}

const VERSION_PLACEHOLDER = '__SOMNUS_AGENT_VERSION__';

/** Bundles agent/main.ts for the running Node version. The same sources give the same bytes. Takes a tenth of a second. */
export async function bundleAgent(): Promise<AgentBundle> {
  return await bundle('agent/main.ts', { define: { SOMNUS_AGENT_VERSION: JSON.stringify(VERSION_PLACEHOLDER) } });
}

/** Bundles agent/engine/engine-main.ts, without the package of the ONNX runtime, which has a native library. */
export async function bundleEngine(): Promise<AgentBundle> {
  return await bundle('agent/engine/engine-main.ts', { external: ['onnxruntime-node'] });
}

/** Bundles the program holder (agent/programs), as `bundleAgent` does. */
export async function bundleProgramHolder(): Promise<AgentBundle> {
  return await bundle('agent/programs/main.ts');
}

async function bundle(entry: string, options: Pick<BuildOptions, 'define' | 'external'> = {}): Promise<AgentBundle> {
  const result = await build({
    ...options,
    entryPoints: [fileURLToPath(new URL(`../${entry}`, import.meta.url))],
    // Paths in its comments are relative to this, so the bundle is the same wherever it is built.
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: `node${process.versions.node}`,
    legalComments: 'none',
    logLevel: 'silent',
  });
  const code = result.outputFiles?.[0]?.text;
  if (code === undefined) throw new SomnusError('internal', `${entry} could not be bundled`);
  const version = createHash('sha256').update(code).digest('hex').slice(0, 12);
  return { code: code.replaceAll(VERSION_PLACEHOLDER, version), version };
}
