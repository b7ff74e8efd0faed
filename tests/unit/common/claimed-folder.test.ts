import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dataPaths } from '../../../common/paths.ts';
import { claimFolder, dataFolder, imageCacheFolder, poolFolder, removeClaimed } from '../../../common/claimed-folder.ts';

let home: string;
beforeEach(() => { home = mkdtempSync(join(tmpdir(), 'somnus-folders-')); });
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('A folder for Somnus', () => {
  test('may be new, and is removed on release, with the parent folders that did not exist', async () => {
    const path = join(home, 'a/b');
    claimFolder(path, dataFolder);
    claimFolder(path, dataFolder);
    for (const name of ['keys', 'log', 'action-rules', 'packs', 'research', 'collaborations']) mkdirSync(join(path, name));
    for (const name of ['somnus.db', 'somnus.db.lock', 'pool.xfs', 'instance', 'reserve']) writeFileSync(join(path, name), '');
    expect(await removeClaimed(path, dataFolder)).toEqual([]);
    expect(readdirSync(home)).toEqual([]);
  });

  test('may be an empty one, which stays after release', async () => {
    const path = join(home, 'disk');
    mkdirSync(join(path, 'lost+found'), { recursive: true });
    claimFolder(path, poolFolder);
    mkdirSync(join(path, 'environments/env_1'), { recursive: true });
    expect(await removeClaimed(path, poolFolder)).toEqual([]);
    expect(readdirSync(path)).toEqual(['lost+found']);
  });

  test('is refused when it contains anything else, and nothing in it changes', () => {
    for (const name of ['letters', 'music', 'photos', 'instance', 'environments']) mkdirSync(join(home, name));
    for (const kind of [dataFolder, poolFolder, imageCacheFolder]) {
      expect(() => claimFolder(home, kind)).toThrow(expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(`${kind.setting}: ${home} holds files that are not Somnus's:`) as string }));
    }
    expect(() => claimFolder(home, dataFolder)).toThrow(/environments, letters, music and 1 more$/);
    expect(readdirSync(home)).toEqual(['environments', 'instance', 'letters', 'music', 'photos']);
  });

  test('is refused when its names could be from anything', () => {
    mkdirSync(join(home, 'images'));
    mkdirSync(join(home, 'log'));
    expect(() => claimFolder(home, poolFolder)).toThrow(/log$/);
    expect(() => claimFolder(home, dataFolder)).toThrow(/images$/);
    rmSync(join(home, 'images'), { recursive: true });
    expect(() => claimFolder(home, dataFolder)).toThrow(/holds files that are not Somnus's: log$/);
    writeFileSync(join(home, 'file'), '');
    expect(() => claimFolder(join(home, 'file'), dataFolder)).toThrow(/cannot be read as a folder/);
  });

  test('for data knows everything that Somnus stores in it', () => {
    const names = Object.values(dataPaths('/data')).flatMap((path) => (path.startsWith('/data/') ? [path.split('/')[2] ?? ''] : []));
    expect(names).toContain('artifacts');
    expect(names.filter((name) => !dataFolder.isOurs(name))).toEqual([]);
  });

  test('for images may also hold the files of container images, which are removed with them, but alone could be anything', async () => {
    const path = join(home, 'images');
    mkdirSync(join(path, 'containers'), { recursive: true });
    expect(() => claimFolder(path, imageCacheFolder)).toThrow(/containers$/);
    mkdirSync(join(path, '0123456789abcdef'));
    claimFolder(path, imageCacheFolder);
    expect(await removeClaimed(path, imageCacheFolder)).toEqual([]);
    expect(readdirSync(home)).toEqual([]);
  });

  test('of an earlier version, without a mark, is recognized', async () => {
    writeFileSync(join(home, 'instance'), 'abcd');
    mkdirSync(join(home, 'keys'));
    claimFolder(home, dataFolder);
    expect(await removeClaimed(home, dataFolder)).toEqual([]);
    expect(existsSync(home)).toBe(false);
    mkdirSync(join(home, 'images/0123456789abcdef'), { recursive: true });
    claimFolder(join(home, 'images'), imageCacheFolder);
    for (const name of ['instance', 'somnus.db', 'notes.txt']) writeFileSync(join(home, name), '');
    claimFolder(home, dataFolder);
    expect(await removeClaimed(home, dataFolder)).toEqual(['images', 'notes.txt']);
  });

  test('that cannot be created is refused immediately, also below /proc', () => {
    expect(() => claimFolder('/proc/none', dataFolder)).toThrow(/^\/proc\/none cannot be created: ENOENT/);
    expect(() => claimFolder('/etc/hostname/none', poolFolder)).toThrow(/^\/etc\/hostname\/none cannot be created: ENOTDIR/);
  });

  test('is not used for two purposes', () => {
    claimFolder(home, dataFolder);
    expect(() => claimFolder(home, poolFolder)).toThrow(/is already used as dataDir/);
  });

  test('keeps what the user has added, and names it', async () => {
    const path = join(home, 'data');
    claimFolder(path, dataFolder);
    writeFileSync(join(path, 'notes.txt'), 'mine');
    mkdirSync(join(path, 'memory'));
    expect(await removeClaimed(path, dataFolder)).toEqual(['notes.txt']);
    expect(readdirSync(path)).toEqual(['notes.txt']);
    expect(await removeClaimed(path, dataFolder)).toEqual([]);
    expect(readdirSync(path)).toEqual(['notes.txt']);
  });

  test('without a mark is never emptied', async () => {
    mkdirSync(join(home, 'keys'));
    expect(await removeClaimed(home, dataFolder)).toEqual([]);
    expect(readdirSync(home)).toEqual(['keys']);
  });
});
