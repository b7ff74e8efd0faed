import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { packJsonSchema } from '../../../orchestrator/packs/pack.ts';
import { PackFiles } from '../../../orchestrator/packs/pack-files.ts';
import { scriptOf } from '../../../orchestrator/packs/step-script.ts';

const builtIn = ['ai-research', 'base-tools', 'browser-research', 'data-analysis', 'web-development'];

test('The packs of Somnus are valid, can be uninstalled, and depend only on each other', async () => {
  const found = await new PackFiles('/nonexistent').list();
  expect(found.map(({ name, problem }) => ({ name, problem }))).toEqual(builtIn.map((name) => ({ name, problem: null })));
  for (const { pack } of found) {
    expect(pack?.uninstall.length, pack?.name).toBeGreaterThan(0);
    for (const needed of pack?.depends ?? []) expect(builtIn).toContain(needed);
  }
});

test('The published schema of a pack is current (else run npm run openapi)', async () => {
  expect(JSON.parse(await readFile(new URL('../../../capability-packs/pack.schema.json', import.meta.url), 'utf8'))).toEqual(JSON.parse(JSON.stringify(packJsonSchema())));
});

test('What a pack says is quoted in the scripts', () => {
  const evil = "a'; reboot; '";
  const script = scriptOf({ name: 'f', file: { path: `/etc/${evil}`, content: evil, mode: '0644', owner: 'root:root' }, check: 'true', timeoutMinutes: 1, needs: {}, optional: false });
  expect(script).not.toContain(evil);
  expect(script).toContain("'/etc/a'\\''; reboot; '\\'''");
});
