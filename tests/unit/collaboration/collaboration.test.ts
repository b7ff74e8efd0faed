import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { chatModel } from '../../../orchestrator/collaboration/chat-model.ts';
import { Collaboration, CollaborationResult, Inbox, Lease, MessagePage, StartCollaboration, SubTaskDetail, SubTaskPage } from '../../../orchestrator/collaboration/collaboration.ts';
import { CollaborationWorld } from '../../support/collaborations.ts';
import { alice, bob } from '../../support/operations.ts';

const never = new AbortController().signal;
const plain = { task: 't', members: [{ environment: 'a' }] };

test('Commands run in parallel, one per member at a time, and only in VMs that run', async () => {
  await using world = new CollaborationWorld();
  world.member('c').record.state = 'hibernated';
  await world.start({ tasks: ['v', 'w', 'x', 'y'].map((name) => ({ name, command: 'true' })) });
  await world.settle();
  expect(world.members.map(({ running }) => running)).toEqual([1, 1, 0]);
  expect((await world.show()).progress).toEqual({ total: 4, done: 0, running: 2, failed: 0 });
  world.member('c').record.state = 'running';
  await world.settle();
  expect(world.members.map(({ running }) => running)).toEqual([1, 1, 1]);
});

test('Sub-tasks are given only to members with the role or name that they require', async () => {
  await using world = new CollaborationWorld();
  const members = [{ environment: 'a', role: 'writer' }, { environment: 'b', role: 'reviewer' }, { environment: 'c' }];
  await world.start({ members, perMember: 2, tasks: [{ name: 'x', command: 'true', role: 'reviewer' }, { name: 'y', command: 'true', member: 'c' }, { name: 'q', ask: 'what?', role: 'writer' }] });
  await world.settle();
  expect(world.members.map(({ started }) => started)).toEqual([[], ['work.x.1'], ['work.y.1']]);
  const inbox = async (name: string) => (await world.inbox.inbox(alice, name, { waitMs: 0 }, never)).tasks;
  expect([await inbox('a'), await inbox('b'), await inbox('c')]).toMatchObject([[{ name: 'q', ask: 'what?', role: 'writer', task: 'the task' }], [], []]);
  await expect(world.inbox.claim(alice, 'b', (await inbox('a'))[0]?.id ?? '')).rejects.toMatchObject({ code: 'not_found' });
});

test('A command that fails is tried by other members first; after its last attempt the collaboration fails, and its other jobs are ended', async () => {
  await using world = new CollaborationWorld();
  await world.start({ tasks: [{ name: 'x', command: 'false' }, { name: 'y', command: 'sleep 1000', member: 'c' }], attempts: 3, perMember: 2 });
  await world.settle();
  for (const name of ['a', 'b']) {
    expect(world.member(name).running).toBe(1);
    world.member(name).finish('', 3);
    await world.settle();
  }
  const third = [...world.member('c').jobs.values()].find(({ name }) => name === 'work.x.3');
  Object.assign(third ?? {}, { status: 'ended', exitCode: 4 });
  await world.settle();
  expect(await world.show()).toMatchObject({ status: 'failed', reason: 'The sub-task x failed: c: the command ended with exit code 4', progress: { failed: 1 } });
  expect(world.member('c').running).toBe(0);
  await expect(world.result()).rejects.toMatchObject({ code: 'invalid_state' });
});

test('With allowFailures, the answers that there are become the result', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ tasks: [{ name: 'x', command: 'x', member: 'a' }, { name: 'y', command: 'y', member: 'b' }], attempts: 1, allowFailures: true });
  await world.settle();
  world.member('a').finish('', 1);
  world.member('b').finish('y');
  await world.settle();
  expect([(await world.show()).status, await world.result()]).toEqual(['succeeded', 'y\n']);
});

test('An attempt ends after its time, although its member is alive; the collaboration ends at its deadline', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ tasks: [{ name: 'x', command: 'x', timeoutSeconds: 100 }], deadlineSeconds: 150 });
  for (const seconds of [0, 50, 45, 10]) {
    world.pass(seconds);
    await world.settle();
  }
  expect([world.member('a').running, world.member('b').running]).toEqual([0, 1]);
  expect((await world.manager.task(alice, 'work', 'x')).reason).toBe(null);
  expect((await world.manager.task(alice, 'work', 'x')).leases[0]).toMatchObject({ status: 'expired', reason: 'it took longer than 100 s' });
  world.pass(50);
  await world.settle();
  expect(await world.show()).toMatchObject({ status: 'failed', reason: 'The deadline passed' });
  expect(world.member('b').running).toBe(0);
});

test('Without a plan, the agent of each member is asked the task, and a vote counts their answers', async () => {
  await using world = new CollaborationWorld();
  await world.start({ synthesis: { how: 'vote' } });
  for (const [at, name] of ['a', 'b', 'c'].entries()) {
    const { tasks } = await world.inbox.inbox(alice, name, { waitMs: 0 }, never);
    expect(tasks).toMatchObject([{ name, ask: 'the task' }]);
    const lease = await world.inbox.claim(alice, name, tasks[0]?.id ?? '');
    await world.inbox.answer(alice, name, lease.id, { answer: at === 1 ? 'no' : 'yes' });
  }
  await world.settle();
  expect(await world.manager.result(alice, 'work')).toEqual({ status: 'succeeded', result: 'yes', votes: { yes: 2, no: 1 } });
});

test('An agent that cannot do a sub-task returns it at once', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ tasks: [{ name: 'q', ask: '?' }] });
  const { tasks } = await world.inbox.inbox(alice, 'a', { waitMs: 0 }, never);
  const lease = await world.inbox.claim(alice, 'a', tasks[0]?.id ?? '');
  expect(await world.inbox.answer(alice, 'a', lease.id, { failure: 'no access' })).toMatchObject({ status: 'failed', reason: 'no access' });
  expect(await world.manager.task(alice, 'work', 'q')).toMatchObject({ status: 'waiting', reason: 'a: no access' });
  expect((await world.inbox.inbox(alice, 'b', { waitMs: 0 }, never)).tasks).toHaveLength(1);
});

test('Messages reach all members or one, never their sender, and each is shown once; a waiting inbox answers when one arrives', async () => {
  await using world = new CollaborationWorld();
  await world.start({ tasks: [{ name: 'x', command: 'x' }] });
  const waiting = world.inbox.inbox(alice, 'b', { waitMs: 60_000 }, never);
  await world.inbox.send(alice, 'a', 'work', { text: 'to all' });
  expect((await waiting).messages).toMatchObject([{ from: 'a', to: null, text: 'to all', collaboration: 'work' }]);
  await world.manager.send(alice, 'work', { to: 'c', text: 'only c' });
  const of = async (name: string, since?: string) => await world.inbox.inbox(alice, name, { since, waitMs: 0 }, never);
  expect((await of('a')).messages).toEqual([]);
  expect((await of('b', (await waiting).cursor)).messages).toEqual([]);
  expect((await of('c')).messages.map((message) => message.text)).toEqual(['to all', 'only c']);
  await expect(world.manager.send(alice, 'work', { to: 'z', text: 'x' })).rejects.toMatchObject({ code: 'invalid_request' });
  expect((await world.manager.messages(alice, 'work', { limit: 1 })).items).toHaveLength(1);
});

test('Another user sees nothing of it, and the lease of one member is not found by another', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({});
  await expect(world.manager.get(bob, 'work')).rejects.toMatchObject({ code: 'not_found' });
  expect((await world.manager.list(bob, { limit: 10 })).items).toEqual([]);
  const { tasks } = await world.inbox.inbox(alice, 'a', { waitMs: 0 }, never);
  const lease = await world.inbox.claim(alice, 'a', tasks[0]?.id ?? '');
  await expect(world.inbox.answer(alice, 'b', lease.id, { answer: 'mine' })).rejects.toMatchObject({ code: 'not_found' });
});

test('A wrong plan is refused before anything is stored', async () => {
  await using world = new CollaborationWorld(['a']);
  const refused = async (request: Parameters<CollaborationWorld['start']>[0], code = 'invalid_request') => { await expect(world.start(request)).rejects.toMatchObject({ code }); };
  await refused({ members: [{ environment: 'nothing' }] }, 'not_found');
  await refused({ members: [{ environment: 'a' }, { environment: 'a' }] });
  await refused({ tasks: [{ name: 'x', command: 'x', role: 'cook' }] });
  await refused({ tasks: [{ name: 'x', command: 'x' }, { name: 'x', command: 'y' }] });
  await refused({ synthesis: { how: 'model' } }, 'unsupported');
  for (const wrong of [{ tasks: [{ name: 'x' }] }, { tasks: [{ name: 'x', command: 'x', ask: 'y' }] }, { tasks: [{ name: 'reduce', command: 'x' }] }, { synthesis: { how: 'reduce' } }, { synthesis: { how: 'merge', prompt: 'x' } }, { tasks: [{ name: '../x', command: 'x' }] }, { members: [] }]) {
    expect(StartCollaboration.safeParse({ ...plain, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
  }
  expect((await world.manager.list(alice, { limit: 10 })).items).toEqual([]);
  await world.start({});
  await refused({}, 'name_taken');
});

test('An answer that is too large fails the attempt with a reason', async () => {
  await using world = new CollaborationWorld(['a']);
  await world.start({ tasks: [{ name: 'x', command: 'x' }], attempts: 1 });
  await world.settle();
  world.member('a').finish('x'.repeat(1_048_577));
  await world.settle();
  expect((await world.show()).reason).toContain('more than 1 MiB');
});

test('A configured model combines the answers; while it does not answer it is asked again, and then the collaboration fails with the reason', async () => {
  const asked: unknown[] = [];
  let works = false;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push(JSON.parse(body));
      response.writeHead(works ? 200 : 500, { 'content-type': 'application/json' }).end(JSON.stringify({ choices: [{ message: { content: 'all together' } }] }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await using world = new CollaborationWorld(['a']);
    world.model = chatModel({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`, model: 'm', timeoutSeconds: 10 });
    world.restart();
    await world.start({ tasks: [{ name: 'x', command: 'x' }], attempts: 1, synthesis: { how: 'model', prompt: 'be short' } });
    await world.settle();
    world.member('a').finish('an answer');
    await world.settle();
    expect(await world.show()).toMatchObject({ status: 'failed', reason: expect.stringContaining('answered 500') });
    works = true;
    await world.start({ name: 'second', tasks: [{ name: 'x', command: 'x' }], synthesis: { how: 'model', prompt: 'be short' } });
    await world.settle();
    world.member('a').finish('an answer');
    await world.settle();
    expect((await world.manager.result(alice, 'second')).result).toBe('all together');
    expect(asked.at(-1)).toMatchObject({ model: 'm', messages: [{ role: 'system' }, { role: 'user', content: JSON.stringify({ task: 'the task', instruction: 'be short', answers: [{ name: 'x', answer: 'an answer' }] }) }] });
  } finally {
    server.close();
  }
});

test('Lists have pages, and tasks keep the order of the plan', async () => {
  await using world = new CollaborationWorld(['a']);
  const names = Array.from({ length: 25 }, (_, at) => `t${at}`);
  await world.start({ tasks: names.map((name) => ({ name, ask: name })) });
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await world.manager.tasks(alice, 'work', { limit: 10, cursor });
    found.push(...page.items.map(({ name }) => name));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(found).toEqual(names);
});

test('The members can reach each other while the collaboration is running, also after a restart, unless it says otherwise', async () => {
  await using world = new CollaborationWorld();
  await world.start({ members: [{ environment: 'a' }, { environment: 'c' }] });
  await world.start({ name: 'apart', network: false });
  await world.settle();
  expect(world.peers).toEqual([[1, 3]]);
  world.peers = [];
  world.restart();
  await world.settle();
  expect(world.peers).toEqual([[1, 3]]);
  await world.manager.cancel(alice, 'work');
  await world.settle();
  expect(world.peers).toEqual([]);
});

test('What users and agents get has the documented shape', async () => {
  await using world = new CollaborationWorld(['a']);
  Collaboration.parse(await world.start({ tasks: [{ name: 'x', command: 'x', cwd: '/srv', publish: ['out'], timeoutSeconds: 60 }, { name: 'q', ask: '?' }], perMember: 2 }));
  await world.settle();
  await world.manager.send(alice, 'work', { text: 'hello' });
  const inbox = Inbox.parse(await world.inbox.inbox(alice, 'a', { waitMs: 0 }, never));
  Lease.parse(await world.inbox.claim(alice, 'a', inbox.tasks[0]?.id ?? ''));
  for (const name of ['x', 'q']) SubTaskDetail.parse(await world.manager.task(alice, 'work', name));
  SubTaskPage.parse(await world.manager.tasks(alice, 'work', { limit: 10 }));
  MessagePage.parse(await world.manager.messages(alice, 'work', { limit: 10 }));
  await world.start({ name: 'voted', tasks: [{ name: 'x', command: 'x' }], synthesis: { how: 'vote' } });
  await world.settle();
  world.member('a').finish('yes');
  await world.settle();
  CollaborationResult.parse(await world.manager.result(alice, 'voted'));
  expect((await world.inbox.collaborations(alice, 'a', { limit: 10 })).items.map((each) => Collaboration.parse(each).name)).toEqual(['voted', 'work']);
});

test('All collaborations of a user can be deleted, with what belongs to them', async () => {
  await using world = new CollaborationWorld(['a']);
  await world.start({ tasks: [{ name: 'x', command: 'x' }] });
  await world.settle();
  world.rows.deleteOf(bob.user);
  expect((await world.show()).status).toBe('running');
  world.rows.deleteOf(alice.user);
  await expect(world.show()).rejects.toMatchObject({ code: 'not_found' });
  expect(world.rows.leasesWithJobs()).toEqual([]);
  await world.settle();
});
