// What `somnus ls` loads. tests/bench/cli-start.ts measures how long it takes.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ScriptedApi } from './scripted-api.ts';
import { Somnus } from './somnus-process.ts';

/** Writes the URLs of all modules that a process loads, and the names of Node's own, to the file in LOADED. */
const spy = `import { registerHooks } from 'node:module';
import { writeFileSync } from 'node:fs';
const loaded = [];
registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
process.on('exit', () => writeFileSync(process.env.LOADED, [...loaded, ...process.moduleLoadList].join('\\n')));`;

test('A list loads neither fetch, nor schemas, nor packages other than the argument parser', async () => {
  await using api = await ScriptedApi.start();
  api.on('GET /v1/environments', { json: { items: [], nextCursor: null } });
  const folder = await mkdtemp(join(tmpdir(), 'somnus-cli-start-'));
  try {
    const config = join(folder, 'somnus.yaml');
    await writeFile(config, `# Settings\ndataDir: /srv/somnus\napi:\n  port: ${new URL(api.url).port}\n  keyFile: ${folder}/key\n`);
    await writeFile(join(folder, 'key'), 'somnus_a-key');
    const LOADED = join(folder, 'loaded');
    const { code, stderr } = await new Somnus({ SOMNUS_CONFIG: config, LOADED, NODE_OPTIONS: `--import=data:text/javascript;base64,${Buffer.from(spy).toString('base64')}` }).run(['ls']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'No environments. Create one with `somnus create NAME`.\n' });
    expect(api.requests[0]?.headers.authorization).toBe('Bearer somnus_a-key');
    const loaded = (await readFile(LOADED, 'utf8')).split('\n');
    expect(loaded.filter((name) => /undici|internal\/tls|http2/.test(name))).toEqual([]);
    const packages = loaded.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
    expect([...new Set(packages)]).toEqual(['commander']);
    expect(loaded.filter((url) => url.endsWith('.ts')).length).toBeLessThan(45);
  } finally {
    await rm(folder, { recursive: true });
  }
});
