import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { restore } from '../../orchestrator/memory/backup.ts';
import { openMemory, type OpenMemory } from '../../orchestrator/memory/open-memory.ts';
import { moveKeyStore } from '../../orchestrator/memory/store/move-key-store.ts';
import { SqliteKeyStore } from '../../orchestrator/memory/store/sqlite-key-store.ts';
import { memoryFolder, SECRET, USER } from '../bench/memory-folder.ts';
import { projectFile } from '../bench/memory-locations.ts';
import { log, scratchFolder } from '../support/operations.ts';

const OTHER = 'another secret, longer';

describe('Keys that change while others use them', () => {
  test('a space that is shredded during a change of secret stays shredded', async () => {
    await using folder = await memoryFolder();
    await folder.service.setUp(USER, SECRET);
    const changing = expect(folder.service.changeSecret(USER, { secret: SECRET }, OTHER)).rejects.toMatchObject({ code: 'locked' });
    const unlocking = expect(folder.service.unlock(USER, { secret: SECRET })).rejects.toMatchObject({ code: 'not_found' });
    await folder.service.shred(USER);
    await Promise.all([changing, unlocking]);
    expect(folder.service.status(USER)).toEqual([]);
    expect(readFileSync(join(folder.dir, 'keystore.db')).includes('scrypt')).toBe(false);
  });

  test('of two changes that the same secret authorizes, one is refused and the other takes effect', async () => {
    await using folder = await memoryFolder();
    await folder.service.setUp(USER, SECRET);
    const secrets = [OTHER, 'a third secret, as long'];
    const outcomes = await Promise.allSettled(secrets.map((secret) => folder.service.changeSecret(USER, { secret: SECRET }, secret)));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await folder.service.lock(USER);
    await folder.service.unlock(USER, { secret: secrets[outcomes.findIndex(({ status }) => status === 'fulfilled')]! });
  });
});

describe('Sealed content belongs to one epoch of its pack', () => {
  const change = (dir: string, sql: string): void => {
    const db = new Sqlite(join(dir, 'memory.db'));
    db.exec(sql);
    db.close();
  };

  test('content of another pack, or earlier content, is not accepted', async () => {
    await using folder = await memoryFolder();
    let { service } = folder;
    await service.setUp(USER, SECRET);
    const ids: string[] = [];
    for (const word of ['harbor', 'orchard']) { // each restart writes a pack
      ids.push(...(await service.rememberAll(USER, ['first', 'second'].map((which) => ({ text: `The ${which} ${word} note.` })))).map(({ id }) => id ?? ''));
      service = await folder.restart();
      await service.unlock(USER, { secret: SECRET });
    }
    service.forget(USER, { ids: [ids[0]!] });
    await service.close();
    change(folder.dir, 'CREATE TABLE kept AS SELECT * FROM packs');
    const damage = async (): Promise<number> => {
      service = await folder.restart();
      await service.unlock(USER, { secret: SECRET });
      return service.stats(USER).damaged.packs;
    };
    expect(await damage()).toBe(0);
    await service.close();
    change(folder.dir, 'UPDATE packs SET epoch = 1 WHERE epoch = 2');
    expect(await damage()).toBe(1);
    await service.close();
    change(folder.dir, 'UPDATE packs SET epoch = (SELECT epoch FROM kept WHERE kept.id = packs.id), sealed = (SELECT sealed FROM kept WHERE kept.id <> packs.id), segment = (SELECT segment FROM kept WHERE kept.id <> packs.id)');
    expect(await damage()).toBe(2);
    await service.close();
    change(folder.dir, 'UPDATE packs SET sealed = (SELECT sealed FROM kept WHERE kept.id = packs.id)'); // the segments are still swapped: they are rebuilt
    expect(await damage()).toBe(0);
    expect((await service.recall(USER, { query: 'orchard' })).hits).toHaveLength(2);
  });
});

describe('The key store', () => {
  test('moves out of the data folder, even after an interrupted move, and never replaces another', () => {
    using folder = scratchFolder();
    const [from, to] = [join(folder.path, 'data', 'memory-keys'), join(folder.path, 'data-keys')];
    const make = (where: string, spaceId: string): void => {
      const store = SqliteKeyStore.open(where, log);
      store.create(spaceId, [{ kind: 'recovery', method: { kdf: 'hkdf', salt: '' }, wrapped: Buffer.from(spaceId) }]);
      store.close();
    };
    const keyOf = (spaceId: string): string | undefined => {
      const store = SqliteKeyStore.open(to, log);
      const wrap = store.get(spaceId, 'recovery');
      store.close();
      return wrap?.wrapped.toString();
    };
    make(from, 'spc_a');
    mkdirSync(to);
    writeFileSync(join(to, 'keystore.db.moving'), 'half'); // the process ended while copying
    moveKeyStore(from, to, log);
    expect(existsSync(from)).toBe(false);
    expect(keyOf('spc_a')).toBe('spc_a');
    expect(readdirSync(to)).not.toContain('keystore.db.moving');

    mkdirSync(from);
    copyFileSync(join(to, 'keystore.db'), join(from, 'keystore.db')); // the process ended before it removed the old folder
    moveKeyStore(from, to, log);
    expect(existsSync(from)).toBe(false);

    make(from, 'spc_b');
    moveKeyStore(from, to, log);
    expect(existsSync(from)).toBe(true);
    expect(keyOf('spc_b')).toBeUndefined();
    expect(keyOf('spc_a')).toBe('spc_a');
  });
});

describe('A backup', () => {
  test('restores what was lost, but not what was shredded or a secret that was replaced', async () => {
    using folder = scratchFolder();
    const where = { dataDir: join(folder.path, 'data', 'memory'), keysDir: join(folder.path, 'data-keys'), formerKeysDir: join(folder.path, 'former'), configFile: join(folder.path, 'memory.yaml') };
    const target = { folder: join(folder.path, 'backup'), keysFolder: join(folder.path, 'backup-keys') };
    const other = { ...USER, user: 'usr_0000000000000000000000000b' };
    const open = async (): Promise<OpenMemory> => await openMemory({ ...where, embeddingDir: undefined, log });
    {
      await using memory = await open();
      for (const user of [USER, other]) {
        await memory.service.setUp(user, SECRET);
        await memory.service.remember(user, { text: 'The kiln reaches 1200 degrees.' });
      }
      await expect(memory.backUp({ ...target, keysFolder: target.folder })).rejects.toMatchObject({ code: 'invalid_request' });
      await expect(memory.backUp({ folder: join(where.dataDir, 'backup') })).rejects.toMatchObject({ code: 'invalid_request' });
      await expect(memory.backUp({ folder: folder.path })).rejects.toMatchObject({ code: 'invalid_request' });
      await memory.backUp(target);
      expect(readdirSync(target.folder).toSorted()).toEqual(['backup.json', 'memory.db']);
      expect(readdirSync(target.keysFolder).toSorted()).toEqual(['backup.json', 'keystore.db']);
      await memory.service.shred(other);
      await memory.service.changeSecret(USER, { secret: SECRET }, OTHER);
      memory.service.forget(USER, { ids: memory.service.list(USER).items.map(({ id }) => id) });
    }
    expect(await restore(where, target, log)).toMatchObject({ spacesWithKeys: 0, previous: expect.stringContaining('before-restore') as string });
    await using memory = await open();
    await expect(memory.service.unlock(USER, { secret: SECRET })).rejects.toMatchObject({ code: 'locked' });
    await memory.service.unlock(USER, { secret: OTHER });
    expect(memory.service.list(USER).items).toMatchObject([{ text: 'The kiln reaches 1200 degrees.' }]);
    await expect(memory.service.unlock(other, { secret: SECRET })).rejects.toMatchObject({ code: 'not_found' });

    // On a host that lost everything, the keys are restored too; without them, the content stays unreadable.
    const [withKeys, without] = ['new', 'newer'].map((name) => ({ dataDir: join(folder.path, name, 'memory'), keysDir: join(folder.path, `${name}-keys`), formerKeysDir: join(folder.path, 'former'), configFile: join(folder.path, `${name}.yaml`) }));
    expect(await restore(withKeys!, target, log)).toMatchObject({ spacesWithKeys: 2, previous: null });
    expect(await restore(without!, { folder: target.folder }, log)).toMatchObject({ spacesWithKeys: 0 });
    await using there = await openMemory({ ...withKeys!, embeddingDir: undefined, log });
    await there.service.unlock(other, { secret: SECRET });
    await using nowhere = await openMemory({ ...without!, embeddingDir: undefined, log });
    await expect(nowhere.service.unlock(other, { secret: SECRET })).rejects.toMatchObject({ code: 'locked' });
  });

  test('whose process was killed is refused as a whole, and can be repeated', async () => {
    using folder = scratchFolder();
    const target = join(folder.path, 'backup');
    const child = spawn(process.execPath, [projectFile('tests/fault/memory-backup-writer.ts'), folder.path, target], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) if (line === 'copied') child.kill('SIGKILL');
    expect(await exited).toEqual([null, 'SIGKILL']);
    const where = { dataDir: join(folder.path, 'data', 'memory'), keysDir: join(folder.path, 'data-keys'), formerKeysDir: join(folder.path, 'former'), configFile: join(folder.path, 'memory.yaml') };
    expect(readdirSync(target)).toEqual(['memory.db']);
    await expect(restore(where, { folder: target }, log)).rejects.toMatchObject({ code: 'invalid_request' });
    await using memory = await openMemory({ ...where, embeddingDir: undefined, log });
    await memory.service.unlock(USER, { secret: SECRET });
    expect(memory.service.list(USER, { limit: 500 }).items.length).toBeGreaterThan(0);
    await memory.backUp({ folder: target });
    await memory[Symbol.asyncDispose]();
    await rm(`${where.dataDir}/memory.db`);
    await restore(where, { folder: target }, log);
  });
});
