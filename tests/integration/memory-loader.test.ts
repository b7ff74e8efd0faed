import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyFileText, readKeyFile } from '../../orchestrator/memory/key-file.ts';
import { MemoryLoader } from '../../orchestrator/memory/memory-loader.ts';
import { restore } from '../../orchestrator/memory/backup.ts';
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
  expect(await memory.status(alice)).toMatchObject({ state: 'failed', problem: expect.stringContaining('retrieval.limits') as string, spaces: [] });
  await writeFile(file, 'retrieval: { limit: 3 }\n');
  await memory.reload();
  expect(await memory.status(alice)).toMatchObject({ state: 'open', mode: 'keywords', degraded: expect.stringContaining('does not exist') as string });
});

test('Key files unlock at start; a wrong or missing one does not lock others out', async () => {
  using folder = scratchFolder();
  const where = { dataDir: join(folder.path, 'memory'), keysDir: join(folder.path, 'keys'), formerKeysDir: join(folder.path, 'former'), embeddingDir: undefined, log };
  const [good, bad] = [join(folder.path, 'good.key'), join(folder.path, 'bad.key')];
  {
    await using first = await openMemory(where);
    await first.service.setUp(USER, SECRET);
    const { fileKey } = await first.service.newFileKey(USER, { secret: SECRET });
    const content = { user: USER.user, space: 'main' };
    await writeFile(good, keyFileText({ ...content, fileKey }), { mode: 0o600 });
    await writeFile(bad, keyFileText({ ...content, fileKey: 'nonsense' }), { mode: 0o600 });
  }
  const open = (): MemoryLoader => new MemoryLoader({ open: async () => await openMemory(where), restore: async (input) => await restore({ ...where, configFile: join(folder.path, 'memory.yaml') }, input, log), keyFiles: [bad, join(folder.path, 'none'), good], log });
  const loader = open();
  loader.begin();
  expect(loader.state).toBe('opening');
  expect(await (await loader.opened()).service.status(USER)).toMatchObject([{ unlocked: true }]);
  await loader.close();
  await expect(loader.opened()).rejects.toMatchObject({ code: 'unavailable' });

  await chmod(good, 0o640);
  const refusing = open();
  expect(await (await refusing.opened()).service.status(USER)).toMatchObject([{ unlocked: false }]);
  await refusing.close();
  await expect(readKeyFile(good)).rejects.toMatchObject({ code: 'forbidden' });
  await writeFile(bad, 'nothing here');
  await expect(readKeyFile(bad)).rejects.toMatchObject({ code: 'invalid_request' });
});
