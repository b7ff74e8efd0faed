// Artifacts on a real database and folder: versions, two writers, sharing, removal, quota and search.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { SomnusError } from '../../../common/errors.ts';
import { CreateArtifact, WriteVersion, type Artifact } from '../../../orchestrator/artifacts/artifact.ts';
import type { ArtifactManagerDeps } from '../../../orchestrator/artifacts/artifact-manager.ts';
import type { Caller } from '../../../orchestrator/keys/caller.ts';
import { ENV_A, ENV_B, environment } from '../../contract/api/fake-services.ts';
import { scratchArtifacts, type ScratchArtifacts } from '../../support/scratch-artifacts.ts';

const all = [{ ...environment(ENV_A, 'a'), owner: 'usr_ann' }, { ...environment(ENV_B, 'b'), owner: 'usr_bob' }];
const caller = (user: string, more: Partial<Caller> = {}): Caller => ({ keyId: `key_${user}`, user, scopes: ['read', 'write'], environmentId: null, mayPurge: true, ...more });
const ann = caller('usr_ann');
const bob = caller('usr_bob');
const admin = caller('usr_root', { scopes: ['admin'] });
const environments: ArtifactManagerDeps['environments'] = {
  get: async (by, ref) => {
    const found = all.find(({ id, name, owner }) => (id === ref || name === ref) && (by.scopes.includes('admin') || owner === by.user) && (by.environmentId === null || by.environmentId === id));
    if (found === undefined) throw new SomnusError('not_found', `There is no environment ${ref}`);
    return found;
  },
};

let scratch: ScratchArtifacts | undefined;
afterEach(() => {
  scratch?.[Symbol.dispose]();
  scratch = undefined;
});

function start(more: Partial<ArtifactManagerDeps> = {}): ScratchArtifacts {
  return (scratch = scratchArtifacts(environments, all, more));
}

async function create({ manager }: ScratchArtifacts, content = 'print(1)\n', more: Partial<CreateArtifact> = {}, by = ann): Promise<Artifact> {
  return await manager.create(by, CreateArtifact.parse({ environment: by === bob ? 'b' : 'a', title: 'words', type: 'python', files: [{ path: 'main.py', content }], ...more }));
}
const written = (content: string, more: object = {}): WriteVersion => WriteVersion.parse({ files: [{ path: 'main.py', content }], ...more });
const storedFiles = ({ folder }: ScratchArtifacts): string[] => readdirSync(join(folder, 'artifacts'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name).toSorted();

test('Versions are addressed by content: equal contents are stored once, and writing the newest content again changes nothing', async () => {
  const it = start();
  const first = await create(it);
  expect(first).toMatchObject({ version: 1, fileCount: 1, owner: 'usr_ann', environmentId: ENV_A });
  const second = await it.manager.write(ann, 'words', written('print(2)\n'));
  expect([second.version, (await it.manager.write(ann, 'words', written('print(2)\n'))).version]).toEqual([2, 2]);
  const third = await it.manager.restore(ann, first.id, 1);
  expect([third.version, third.sha256]).toEqual([3, first.sha256]);
  expect((await it.manager.versions(ann, 'words', { limit: 2 })).items.map(({ number, restoredFrom }) => [number, restoredFrom])).toEqual([[3, 1], [2, null]]);
  expect((await it.manager.versions(ann, 'words', { limit: 2, cursor: '2' })).items.map(({ number }) => number)).toEqual([1]);
  expect(storedFiles(it)).toHaveLength(2);
  expect((await it.manager.content(ann, 'words', 'main.py', 2)).toString()).toBe('print(2)\n');
  await expect(it.manager.content(ann, 'words', 'main.py', 4)).rejects.toMatchObject({ code: 'not_found', hint: expect.stringContaining('1 to 3') as string });
});

test('Of two writers with the same version, the second gets an error that names the newest version; nothing is lost', async () => {
  const it = start();
  await create(it);
  const [one, other] = await Promise.allSettled([it.manager.write(ann, 'words', written('one'), 1), it.manager.write(ann, 'words', written('other'), 1)]);
  expect([one.status, other.status].toSorted()).toEqual(['fulfilled', 'rejected']);
  expect([one, other].find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'precondition_failed', details: { version: 2 } } });
  await expect(it.manager.restore(ann, 'words', 1, 1)).rejects.toMatchObject({ code: 'precondition_failed' });
  expect((await it.manager.get(ann, 'words')).version).toBe(2);
});

test('A diff shows changed, added and removed files, and only hashes decide for what is not text', async () => {
  const it = start();
  await create(it, 'a\nb\n', { files: [{ path: 'main.py', content: 'a\nb\n', encoding: 'utf8', executable: false }, { path: 'old.bin', content: '/wA=', encoding: 'base64', executable: false }] });
  await it.manager.write(ann, 'words', WriteVersion.parse({ files: [{ path: 'main.py', content: 'a\nc\n' }, { path: 'data/new.txt', content: 'new\n' }] }));
  const { files } = await it.manager.diff(ann, 'words', 1);
  expect(files.map(({ path, change }) => [path, change])).toEqual([['data/new.txt', 'added'], ['main.py', 'changed'], ['old.bin', 'removed']]);
  expect(files[1]?.diff).toContain('--- a/main.py\n+++ b/main.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n');
  expect(files[0]?.diff).toContain('+new');
  expect(files[2]?.diff).toBeNull();
});

test('A removed artifact can be undeleted until its time is over; its title is free meanwhile; purging deletes contents that nothing else has', async () => {
  let now = new Date();
  const it = start({ now: () => now });
  const first = await create(it, 'shared');
  const removed = await it.manager.remove(ann, 'words', { purge: false });
  expect(removed?.purgeAt).not.toBeNull();
  await expect(it.manager.get(ann, 'words')).rejects.toMatchObject({ code: 'not_found', hint: expect.stringContaining(first.id) as string });
  const second = await create(it, 'shared');
  await expect(it.manager.undelete(ann, first.id)).rejects.toMatchObject({ code: 'name_taken' });
  await it.manager.purge();
  expect((await it.manager.list(ann, { limit: 10, removed: 'only' })).items.map(({ id }) => id)).toEqual([first.id]);
  now = new Date(Date.now() + 8 * 86_400_000);
  await it.manager.purge();
  expect((await it.manager.list(ann, { limit: 10, removed: 'only' })).items).toEqual([]);
  expect(storedFiles(it)).toHaveLength(1);
  await it.manager.remove(ann, second.id, { purge: true });
  await it.manager.purge();
  expect(storedFiles(it)).toEqual([]);
  const third = await create(it);
  await it.manager.remove(ann, third.id, { purge: false });
  expect((await it.manager.undelete(ann, 'words')).removedAt).toBeNull();
  await expect(it.manager.undelete(ann, 'words')).rejects.toMatchObject({ code: 'invalid_state' });
});

test('Other users see an artifact only when it is shared with their environment; they can change it but not remove it with a limited key', async () => {
  const it = start();
  const { id } = await create(it);
  const agentOfB = caller('usr_bob', { environmentId: ENV_B, mayPurge: false });
  for (const by of [bob, agentOfB, caller('usr_eve')]) await expect(it.manager.get(by, id)).rejects.toMatchObject({ code: 'not_found' });
  await expect(it.manager.share(ann, id, 'b')).rejects.toMatchObject({ code: 'not_found' });
  expect((await it.manager.share(admin, id, 'b')).sharedWith).toEqual([ENV_B]);
  expect((await it.manager.write(agentOfB, 'words', written('by b'), 1)).version).toBe(2);
  expect((await it.manager.list(agentOfB, { limit: 10, removed: 'exclude', environment: 'b' })).items).toHaveLength(1);
  await expect(it.manager.remove(agentOfB, id, { purge: false })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(it.manager.get(caller('usr_eve'), id)).rejects.toMatchObject({ code: 'not_found' });
  const own = await create(it, 'own', {}, bob);
  expect((await it.manager.get(bob, 'words')).id).toBe(own.id);
  await expect(it.manager.get(admin, 'words')).rejects.toMatchObject({ code: 'invalid_request', hint: 'Use an id.' });
  await it.manager.unshare(admin, id, 'b');
  await expect(it.manager.write(agentOfB, id, written('late'))).rejects.toMatchObject({ code: 'not_found' });
});

test('Invalid content is refused with the reason, and leaves nothing behind', async () => {
  const it = start({ quotaBytes: 1000 });
  for (const path of ['/etc/passwd', '../x', 'a/../b', 'a//b', './a', 'a\nb', '']) expect(CreateArtifact.safeParse({ environment: 'a', title: 't', type: 'data', files: [{ path, content: '' }] }).success).toBe(false);
  const file = (path: string, content = 'x', encoding: 'utf8' | 'base64' = 'utf8') => ({ path, content, encoding, executable: false });
  const refusals: [Partial<CreateArtifact>, string][] = [
    [{ files: [file('a.py'), file('a.py')] }, 'given twice'], [{ files: [file('main.py'), file('main.py/b')] }, 'as a folder'], [{ files: [file('main.py', 'a$', 'base64')] }, 'not base64'],
    [{ files: [file('a.py'), file('b.py')] }, 'not clear'], [{ main: 'c.py' }, 'no file c.py'], [{ files: [file('main.py', 'x'.repeat(9 << 20))] }, 'more than'], [{ files: [file('main.py', 'x'.repeat(1001))] }, 'quota'],
  ];
  for (const [more, message] of refusals) await expect(create(it, 'x', more)).rejects.toThrow(message);
  expect((await it.manager.list(ann, { limit: 10, removed: 'exclude' })).items).toEqual([]);
  await it.manager.purge();
  expect(storedFiles(it)).toEqual([]);
});

test('Search finds versions by all words, marks the words, and skips what the caller does not see or has removed', async () => {
  const it = start();
  await create(it, 'def tokenize(text):\n    return text.split()\n');
  await create(it, 'def tokenize(line): ...\n', {}, bob);
  expect(await it.manager.search(ann, 'Tokenize text', 10)).toMatchObject([{ title: 'words', version: 1, runId: null, excerpt: expect.stringContaining('[[tokenize]]') as string }]);
  expect(await it.manager.search(ann, 'tokenize "OR" NEAR(', 10)).toEqual([]);
  expect(await it.manager.search(ann, '"*', 10)).toEqual([]);
  expect(await it.manager.search(admin, 'tokenize', 10)).toHaveLength(2);
  await it.manager.remove(ann, 'words', { purge: false });
  expect(await it.manager.search(ann, 'tokenize', 10)).toEqual([]);
  await it.manager.removeOwnedBy('usr_ann');
  await it.manager.removeOwnedBy('usr_bob');
  expect([await it.manager.search(admin, 'tokenize', 10), storedFiles(it)]).toEqual([[], []]);
});

test('A damaged or missing content is reported, and writing it again repairs it; leftovers of a crash are deleted', async () => {
  const it = start();
  const { id } = await create(it, 'good');
  const sha256 = (await it.manager.version(ann, id)).files[0]?.sha256 ?? '';
  writeFileSync(it.blobs.pathOf(sha256), 'evil');
  await expect(it.manager.content(ann, id, 'main.py')).rejects.toMatchObject({ code: 'corrupt', details: { sha256 } });
  await create(it, 'good', { title: 'again' });
  expect((await it.manager.content(ann, id, 'main.py')).toString()).toBe('good');
  rmSync(it.blobs.pathOf(sha256));
  await expect(it.manager.content(ann, id, 'main.py')).rejects.toMatchObject({ code: 'corrupt' });
  writeFileSync(join(it.folder, 'artifacts', 'staging-0123'), 'half');
  await it.manager.purge();
  expect(storedFiles(it)).toEqual([]);
});

test('An artifact outlives its purged environment, whose shares end', async () => {
  const it = start();
  const { id } = await create(it);
  await it.manager.share(admin, id, 'b');
  it.store.transaction(() => it.store.db.prepare('DELETE FROM environments').run());
  expect(await it.manager.get(ann, id)).toMatchObject({ environmentId: null, sharedWith: [] });
});

test('Collecting garbage while versions are written deletes nothing that is needed', async () => {
  const it = start();
  const { id } = await create(it);
  let over = false;
  const collecting = (async () => {
    while (!over) {
      await it.manager.purge();
      await new Promise(setImmediate);
    }
  })();
  for (let round = 0; round < 10; round += 1) await it.manager.write(ann, id, written(`print(${round % 3})`));
  over = true;
  await collecting;
  const { items } = await it.manager.versions(ann, id, { limit: 100 });
  for (const { number } of items) expect((await it.manager.content(ann, id, 'main.py', number)).length).toBeGreaterThan(0);
});
