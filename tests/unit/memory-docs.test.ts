import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { MemoryConfig } from '../../orchestrator/memory/memory-config.ts';

test('docs/memory.md names every setting of memory.yaml, each with its default', async () => {
  const text = await readFile(new URL('../../docs/memory.md', import.meta.url), 'utf8');
  for (const [section, settings] of Object.entries(MemoryConfig.parse({}))) {
    for (const [key, value] of Object.entries(settings)) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${section}.`) && new RegExp(`[.\`]${key}[.\`]`).test(line));
      expect(row, `${section}.${key}`).toBeDefined();
      if (typeof value !== 'object') expect(row, `${section}.${key}`).toContain(`\`${String(value)}\``);
    }
  }
});
