// Measures how long `somnus ls` takes from start to answer, beside curl and a Node that does nothing, in the same run: node tests/bench/cli-start.ts [runs]
// The command is started as set-up's launcher does, with Node's cache of compiled code. The last line is JSON.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { keys } from '../contract/api/fake-services.ts';
import { startApi } from '../contract/api/harness.ts';

const runs = Number(process.argv[2] ?? 15);
const program = resolve(import.meta.dirname, '../../orchestrator/cli/main.ts');
const run = promisify(execFile);

const scratchDir = await mkdtemp(join(tmpdir(), 'somnus-bench-cli-'));
await using api = await startApi();
const configFile = join(scratchDir, 'somnus.yaml');
await writeFile(configFile, `dataDir: ${scratchDir}\napi:\n  port: ${new URL(api.url).port}\n  keyFile: ${join(scratchDir, 'key')}\n`);
await writeFile(join(scratchDir, 'key'), keys.read);
const env = { PATH: process.env['PATH'], HOME: scratchDir, NODE_COMPILE_CACHE: join(scratchDir, 'cache'), SOMNUS_CONFIG: configFile };

const commands: Record<string, [string, ...string[]]> = {
  somnus: [process.execPath, program, 'ls'],
  node: [process.execPath, '-e', '0'],
  curl: ['curl', '-sf', '-o', join(scratchDir, 'answer'), '-H', `Authorization: Bearer ${keys.read}`, `${api.url}/v1/environments`],
};
const seconds: Record<string, number[]> = {};
try {
  for (let at = -2; at < runs; at += 1) { // the first two runs fill the cache
    for (const [name, [file, ...args]] of Object.entries(commands)) {
      const startedAt = performance.now();
      await run(file, args, { env });
      if (at >= 0) (seconds[name] ??= []).push((performance.now() - startedAt) / 1000);
    }
  }
} finally {
  await rm(scratchDir, { recursive: true, force: true });
}

const figures = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(3));
  return { best: at(0), median: at(0.5), p90: at(0.9) };
};
const result = Object.fromEntries(Object.entries(seconds).map(([name, values]) => [name, figures(values)]));
const median = (name: string): number => result[name]?.median ?? Number.NaN;
console.log(JSON.stringify({ runs, seconds: result, timesNode: Number((median('somnus') / median('node')).toFixed(1)), timesCurl: Number((median('somnus') / median('curl')).toFixed(1)) }));
