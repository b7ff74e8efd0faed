import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyFileText, MemoryLoader, readKeyFileText } from '../../orchestrator/memory/memory-loader.ts';
import { openMemory } from '../../orchestrator/memory/open-memory.ts';
import { SECRET, USER } from '../bench/memory-folder.ts';
import { scratchMemory } from '../support/memory.ts';
import { alice, log, scratchFolder } from '../support/operations.ts';

test('An invalid memory.yaml disables only memory, and reloading a fixed one opens it', async () => {
  await using scratch = scratchMemory();
  const { parts: { memory }, parts } = scratch;
  const file = join(scratch.dataDir, 'memory', 'memory.yaml');
  await mkdir(join(scratch.dataDir, 'memory'));
  await writeFile(file, 'retrieval: { limits: 3 }\n');
  parts.begin();
  await expect(memory.service()).rejects.toMatchObject({ code: 'config_invalid' });
  expect(memory.status(alice)).toMatchObject({ state: 'failed', problem: expect.stringContaining('retrieval.limits') as string, spaces: [] });
  await writeFile(file, 'retrieval: { limit: 3 }\n');
  await memory.reload();
  expect(memory.status(alice)).toMatchObject({ state: 'open', mode: 'keywords', degraded: expect.stringContaining('does not exist') as string });
});

test('Key files unlock at start; a wrong or missing one does not lock others out', async () => {
  using folder = scratchFolder();
  const [good, bad] = [join(folder.path, 'good.key'), join(folder.path, 'bad.key')];
  {
    await using first = await openMemory({ dataDir: folder.path, embeddingDir: undefined, log });
    await first.service.setUp(USER, SECRET);
    const { fileKey } = await first.service.newFileKey(USER, { secret: SECRET });
    await writeFile(good, keyFileText(USER.user, 'main', fileKey));
    await writeFile(bad, keyFileText(USER.user, 'main', 'nonsense'));
  }
  const loader = new MemoryLoader({ open: async () => await openMemory({ dataDir: folder.path, embeddingDir: undefined, log }), keyFiles: [bad, join(folder.path, 'none'), good], log });
  loader.begin();
  expect(loader.state).toBe('opening');
  expect((await loader.opened()).service.status(USER)).toMatchObject([{ unlocked: true }]);
  await loader.close();
  await expect(loader.opened()).rejects.toMatchObject({ code: 'unavailable' });
  expect(() => readKeyFileText('nothing here')).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});
