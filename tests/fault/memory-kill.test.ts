import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { createLogger } from '../../common/log.ts';
import { MemoryConfig } from '../../orchestrator/memory/memory-config.ts';
import { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import { SqliteKeyStore } from '../../orchestrator/memory/store/sqlite-key-store.ts';
import { SqliteMemoryStore } from '../../orchestrator/memory/store/sqlite-memory-store.ts';
import { USER } from '../bench/memory-folder.ts';
import { projectFile } from '../bench/memory-locations.ts';

const SECRETS = ['the first of two secrets', 'the second of two secrets'] as const;
/** Killed the n-th time this begins; by the last but one, memories are packed. */
const KILL_AT = [['stored', 3], ['importing', 1], ['compacting', 2], ['forgetting', 5], ['rebuilding', 1], ['consolidating', 1], ['rotating', 1], ['stored', 530], ['rebuilding', 2], ['compacting', 1]] as const;

test('a process killed at any moment loses nothing that it acknowledged', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'somnus-memory-kill-'));
  const log = createLogger({ level: 'silent' });
  const acknowledged: string[] = [];
  const forgotten: string[] = [];
  /** Forgetting these had begun: both outcomes are right for those that were not acknowledged. */
  const forgetting: string[] = [];
  try {
    for (const [moment, times] of KILL_AT) {
      const child = spawn(process.execPath, [projectFile('tests/fault/memory-kill-writer.ts'), dir, ...SECRETS], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        const [what, id] = line.split(' ');
        if (what === 'stored' && id !== undefined) acknowledged.push(id);
        if (what === 'forgotten' && id !== undefined) forgotten.push(id);
        if (what === 'forgetting' && id !== undefined) forgetting.push(id);
        if (what === moment) seen += 1;
        if (seen === times) child.kill('SIGKILL');
      }
      expect(await exited).toEqual([null, 'SIGKILL']);

      const service = new MemoryService({ store: SqliteMemoryStore.open(dir, log), keys: SqliteKeyStore.open(dir, log), embedder: undefined, config: MemoryConfig.parse({}), log });
      try {
        await service.unlock(USER, { secret: SECRETS[0] });
      } catch {
        await service.unlock(USER, { secret: SECRETS[1] });
      }
      const known = new Set([...service.spaces.get(USER.user).book.live()].map(({ memory }) => memory.id));
      expect(acknowledged.filter((id) => !known.has(id) && !forgetting.includes(id))).toEqual([]);
      expect(forgotten.filter((id) => known.has(id))).toEqual([]);
      for (const summary of service.spaces.get(USER.user).catalog.summaries()) for (const line of summary.lines ?? []) expect(line.sources.filter((id) => !known.has(id))).toEqual([]);
      const last = acknowledged.filter((id) => !forgetting.includes(id)).at(-1) ?? '';
      const [, number] = /parcel(\d+)/.exec(service.get(USER, last).text) ?? [];
      expect((await service.recall(USER, { query: `parcel${number}` })).hits[0]?.memory.id).toBe(last);
      expect((await service.rebuild(USER)).different).toBe(0);
      const imported = service.list(USER, { conversationId: 'log', limit: 500 }).items.flatMap(({ sourceId }) => sourceId ?? []); // summaries have none
      expect(new Set(imported).size).toBe(imported.length);
      await service.close();
    }
    expect(acknowledged.length).toBeGreaterThan(600);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('a process killed while it embeds everything again continues where it stopped, and until then finds memories by words', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'somnus-memory-embed-'));
  const run = async (model: string, killAfter: number): Promise<number> => {
    const child = spawn(process.execPath, [projectFile('tests/fault/memory-kill-embedder.ts'), dir, model, String(killAfter)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    using _ = { [Symbol.dispose]: () => child.kill('SIGKILL') };
    let embedded = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'embedded') embedded += 1;
      if (embedded === killAfter) child.kill('SIGKILL'); // it waits for that
      if (line.startsWith('found ')) expect(line).toBe('found Parcel 1000 went to the depot.');
    }
    expect(await exited).toEqual(killAfter === Infinity ? [0, null] : [null, 'SIGKILL']);
    return embedded;
  };
  try {
    expect(await run('first', Infinity)).toBeGreaterThanOrEqual(1500);
    await run('second', 800); // one pack of 512 is complete by then
    const rest = await run('second', Infinity);
    expect(rest).toBeGreaterThan(400);
    expect(rest).toBeLessThanOrEqual(1500 - 512);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
