// The shared folder of a collaboration: what members publish arrives at the others, and no content is lost when two change the same file. The scripts for guests run on this host.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { SharedPath } from '../../../orchestrator/collaboration/collaboration.ts';
import { CollaborationWorld } from '../../support/collaborations.ts';
import { alice } from '../../support/operations.ts';

const never = new AbortController().signal;

const place = (world: CollaborationWorld, member: string, path: string): string => join(world.member(member).folder, 'shared/work', path);
const read = (world: CollaborationWorld, member: string, path: string): string => readFileSync(place(world, member, path), 'utf8');
function write(world: CollaborationWorld, member: string, path: string, content: string): void {
  mkdirSync(dirname(place(world, member, path)), { recursive: true });
  writeFileSync(place(world, member, path), content);
}
const publish = async (world: CollaborationWorld, member: string, path: string) => await world.inbox.publish(alice, member, 'work', { path }, never);

test('A published file arrives at all members that run, later at the others, and the owner can read it', async () => {
  await using world = new CollaborationWorld();
  await world.start({});
  world.member('c').record.state = 'hibernated';
  write(world, 'a', 'docs/draft.md', 'one');
  expect(await publish(world, 'a', 'docs/draft.md')).toMatchObject({ path: 'docs/draft.md', version: 1, bytes: 3, member: 'a' });
  await world.settle();
  expect(read(world, 'b', 'docs/draft.md')).toBe('one');
  expect(existsSync(place(world, 'c', 'docs/draft.md'))).toBe(false);
  world.restart();
  world.member('c').record.state = 'running';
  await world.settle();
  expect(read(world, 'c', 'docs/draft.md')).toBe('one');
  expect(readdirSync(dirname(place(world, 'c', 'x')))).toEqual(['docs']);
  expect(await text(await world.manager.file(alice, 'work', 'docs/draft.md'))).toBe('one');
  expect((await world.manager.files(alice, 'work', { limit: 10 })).items.map(({ path }) => path)).toEqual(['docs/draft.md']);
});

test('Members replace the version that they have; a file that is based on an older one is kept beside it at all members', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({});
  write(world, 'a', 'plan', 'first');
  await publish(world, 'a', 'plan');
  await world.settle();
  write(world, 'b', 'plan', 'second, by b');
  write(world, 'a', 'plan', 'second, by a');
  expect(await publish(world, 'b', 'plan')).toMatchObject({ path: 'plan', version: 2 });
  expect(await publish(world, 'a', 'plan')).toMatchObject({ path: 'plan.conflict-a', version: 1 });
  expect(await publish(world, 'a', 'plan')).toMatchObject({ path: 'plan.conflict-a', version: 1 }); // repeated
  await world.settle();
  for (const member of ['a', 'b']) expect([read(world, member, 'plan'), read(world, member, 'plan.conflict-a')]).toEqual(['second, by b', 'second, by a']);
  write(world, 'a', 'plan', 'both');
  expect(await publish(world, 'a', 'plan')).toMatchObject({ path: 'plan', version: 3 });
});

test('A file that a member has changed but not published is renamed, never overwritten', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({});
  write(world, 'a', 'plan', 'of a');
  write(world, 'b', 'plan', 'never published');
  await publish(world, 'a', 'plan');
  await world.settle();
  expect([read(world, 'b', 'plan'), read(world, 'b', 'plan.unpublished-1')]).toEqual(['of a', 'never published']);
  rmSync(place(world, 'b', 'plan'));
  symlinkSync(place(world, 'b', 'elsewhere'), place(world, 'b', 'plan')); // a link is replaced, not written through
  write(world, 'a', 'plan', 'newer');
  await publish(world, 'a', 'plan');
  await world.settle();
  expect(read(world, 'b', 'plan')).toBe('newer');
  expect(existsSync(place(world, 'b', 'elsewhere'))).toBe(false);
});

test('The content of replaced versions is deleted, and that of a deleted collaboration', async () => {
  await using world = new CollaborationWorld(['a']);
  const { id } = await world.start({});
  const store = join(dirname(world.member('a').folder), 'collaborations');
  for (const content of ['one', 'two', 'three']) {
    write(world, 'a', 'file', content);
    await publish(world, 'a', 'file');
  }
  expect(readdirSync(join(store, id), { recursive: true, withFileTypes: true }).filter((each) => each.isFile())).toHaveLength(1);
  await world.manager.cancel(alice, 'work');
  await expect(publish(world, 'a', 'file')).rejects.toMatchObject({ code: 'invalid_state' });
  await world.manager.remove(alice, 'work');
  await world.files.sweep();
  expect(readdirSync(store)).toEqual([]);
});

test('Commands publish the files that their sub-tasks name, before their answers count; a file that is missing fails the attempt', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ attempts: 1, tasks: [{ name: 'x', command: 'x', member: 'a', publish: ['out.csv'] }] });
  await world.settle();
  write(world, 'a', 'out.csv', '1,2');
  world.member('a').finish('done');
  await world.settle();
  expect((await world.show()).status).toBe('succeeded');
  expect(await text(await world.manager.file(alice, 'work', 'out.csv'))).toBe('1,2');
  await world.start({ name: 'second', attempts: 1, tasks: [{ name: 'x', command: 'x', publish: ['missing'] }] });
  await world.settle();
  for (const member of world.members) member.finish('done');
  await world.settle();
  expect((await world.manager.get(alice, 'second')).reason).toContain('/somnus/shared/second/missing does not exist');
});

test('A path cannot leave the shared folder', () => {
  for (const path of ['/etc/passwd', '../x', 'a/../../x', 'a//b', '.', '', 'a/', 'a\nb', '.incoming-1', 'x'.repeat(401)]) expect(SharedPath.safeParse(path).success, path).toBe(false);
  for (const path of ['a', 'a/b.c', '.hidden', '..name', 'ä ö']) expect(SharedPath.safeParse(path).success, path).toBe(true);
});
