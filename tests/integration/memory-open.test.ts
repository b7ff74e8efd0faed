import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../common/log.ts';
import { openMemory } from '../../orchestrator/memory/open-memory.ts';
import { SECRET, USER } from '../bench/memory-folder.ts';
import { modelFolder, modelIsHere } from '../bench/memory-locations.ts';

const log = createLogger({ level: 'silent' });

describe('Opening memory', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'somnus-memory-open-'));
  });
  afterEach(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });

  test('without a model works by keywords and says so', async () => {
    await using memory = await openMemory({ dataDir, keysDir: join(dataDir, 'keys'), formerKeysDir: join(dataDir, 'former'), embeddingDir: join(dataDir, 'no-model'), log });
    expect(memory.degraded).toContain('does not exist');
    await memory.service.setUp(USER, SECRET);
    await memory.service.remember(USER, { text: 'The kiln reaches 1200 degrees.' });
    expect(await memory.service.recall(USER, { query: 'kiln degrees' })).toMatchObject({ mode: 'keywords', hits: [{ memory: { text: 'The kiln reaches 1200 degrees.' } }] });
  });

  test.skipIf(!modelIsHere())('finds by meaning with one, including memories stored without vectors, once they have vectors', async () => {
    {
      await using memory = await openMemory({ dataDir, keysDir: join(dataDir, 'keys'), formerKeysDir: join(dataDir, 'former'), embeddingDir: undefined, log });
      await memory.service.setUp(USER, SECRET);
      await memory.service.rememberAll(USER, ['Our boat lies in the northern harbour.', 'The invoices go to the bookkeeper on Mondays.'].map((text) => ({ text })));
    }
    await using memory = await openMemory({ dataDir, keysDir: join(dataDir, 'keys'), formerKeysDir: join(dataDir, 'former'), embeddingDir: modelFolder(), log });
    expect(memory.degraded).toBeUndefined();
    await memory.service.unlock(USER, { secret: SECRET });
    await memory.service.settled(USER);
    const answer = await memory.service.recall(USER, { query: 'Where is the ship moored?', explain: true });
    expect(answer.mode).toBe('hybrid');
    expect(answer.hits[0]).toMatchObject({ memory: { text: 'Our boat lies in the northern harbour.' }, explain: { ranks: { dense: 1 } } });
    expect(await memory.service.rebuild(USER)).toEqual({ packs: 1, damagedPacks: 0, different: 0, rebuilt: true, verified: null, vectors: { checked: 0, different: 0 } });
  });

  test('reads memory.yaml, again on reload, and keeps the old settings when the new ones are invalid', async () => {
    const configFile = join(dataDir, 'memory.yaml');
    await writeFile(configFile, 'retrieval: { limit: 1 }\n');
    await using memory = await openMemory({ dataDir, keysDir: join(dataDir, 'keys'), formerKeysDir: join(dataDir, 'former'), embeddingDir: undefined, log });
    const { service } = memory;
    await service.setUp(USER, SECRET);
    await service.rememberAll(USER, ['The red barn has owls.', 'The red barn has mice, too, in winter.'].map((text) => ({ text })));
    const found = async (): Promise<number> => (await service.recall(USER, { query: 'red barn' })).hits.length;
    expect(await found()).toBe(1);
    await writeFile(configFile, 'retrieval: { limit: 5 }\n');
    memory.reload();
    expect(await found()).toBe(2);
    await writeFile(configFile, 'retrieval: { limits: 7 }\n');
    expect(() => memory.reload()).toThrow(expect.objectContaining({ code: 'config_invalid', details: { key: 'retrieval.limits' } }));
    expect(await found()).toBe(2);
  });

  test('refuses a folder that another process has open', async () => {
    await using memory = await openMemory({ dataDir, keysDir: join(dataDir, 'keys'), formerKeysDir: join(dataDir, 'former'), embeddingDir: undefined, log });
    expect(memory.degraded).toBeDefined();
    await expect(openMemory({ dataDir, keysDir: join(dataDir, 'keys'), formerKeysDir: join(dataDir, 'former'), embeddingDir: undefined, log })).rejects.toMatchObject({ code: 'in_use' });
  });
});
