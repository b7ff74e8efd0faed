// Collaborations when something fails: kills of the control plane at each step, members that die, results that are reported twice or too late. Each sub-task gets exactly one accepted answer.
import { expect, test } from 'vitest';
import { CollaborationWorld } from '../support/collaborations.ts';
import { alice } from '../support/operations.ts';

const commands = (...names: string[]) => names.map((name) => ({ name, command: ['count', name] }));

test.each(['start:before', 'start:after', 'result:before', 'result:after'])('After a kill at %s, every command has run once and each sub-task has one accepted answer', async (fault) => {
  await using world = new CollaborationWorld();
  await world.start({ tasks: commands('x', 'y', 'z') });
  world.restart(fault);
  await world.settle(); // dies here, or after the jobs have ended
  for (const member of world.members) member.finish(`${member.record.name}\n`);
  await world.settle();
  expect(world.killed).toBe(true);
  world.restart();
  await world.settle();
  for (const member of world.members) member.finish(`${member.record.name}\n`);
  await world.settle();
  expect(await world.show()).toMatchObject({ status: 'succeeded', progress: { done: 3, total: 3 } });
  expect((await world.result()).split('\n').toSorted()).toEqual(['', 'a', 'b', 'c']);
  expect(world.members.flatMap(({ started }) => started).toSorted()).toEqual(['work.x.1', 'work.y.1', 'work.z.1']);
  expect((await world.eventTypes()).filter((type) => type === 'collaboration.task-done')).toHaveLength(3);
});

test('A stopped VM loses its sub-task at once, another member does it, and the first one gets no second chance to answer it', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ tasks: commands('x') });
  await world.settle();
  world.member('a').record.state = 'stopped';
  await world.settle();
  expect(world.member('b').started).toEqual(['work.x.2']);
  world.member('b').finish('from b');
  await world.settle();
  expect(await world.result()).toBe('from b\n');
  const { leases, doneBy } = await world.manager.task(alice, 'work', 'x');
  expect([doneBy, ...leases.map(({ member, status }) => `${member} ${status}`)]).toEqual(['b', 'a failed', 'b accepted']);
});

test('An unreachable VM loses its sub-task when its lease expires; a result that it brings back later is recorded as late and not used', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ tasks: commands('x'), leaseSeconds: 60 });
  await world.settle();
  world.member('a').reachable = false;
  world.pass(59);
  await world.settle();
  expect(world.member('b').started).toEqual([]);
  world.pass(2);
  await world.settle();
  expect(world.member('b').started).toEqual(['work.x.2']);
  world.member('a').finish('too late');
  world.member('a').reachable = true;
  await world.settle();
  world.member('b').finish('in time');
  await world.settle();
  expect(await world.result()).toBe('in time\n');
  expect((await world.manager.task(alice, 'work', 'x')).leases.map(({ status }) => status)).toEqual(['late', 'accepted']);
  expect((await world.eventTypes()).filter((type) => type === 'collaboration.answer-late')).toHaveLength(1);
});

test('A job that is still running when its VM can be reached again is ended, because another member has its sub-task', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ tasks: commands('x') });
  await world.settle();
  world.member('a').reachable = false;
  world.pass(61);
  await world.settle();
  world.member('a').reachable = true;
  await world.settle();
  expect([world.member('a').running, world.member('b').running]).toEqual([0, 1]);
});

test('While Somnus is not running, no lease expires, however long that takes', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ tasks: [...commands('x'), { name: 'q', ask: 'a question' }], perMember: 2 });
  await world.settle();
  const { tasks } = await world.inbox.inbox(alice, 'b', { waitMs: 0 }, new AbortController().signal);
  const lease = await world.inbox.claim(alice, 'b', tasks[0]?.id ?? '');
  world.pass(10_000);
  world.restart();
  await world.settle();
  world.member('a').finish('x');
  await world.settle();
  await world.inbox.answer(alice, 'b', lease.id, { answer: 'q' });
  await world.settle();
  expect(await world.result()).toBe('x\nq\n');
  expect((await world.show()).progress).toMatchObject({ done: 2, failed: 0 });
});

test('An agent that dies between claim and answer loses the sub-task; its late answer is refused, and the answer of the member that took over counts', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ tasks: [{ name: 'q', ask: 'a question' }] });
  const read = async (name: string) => (await world.inbox.inbox(alice, name, { waitMs: 0 }, new AbortController().signal)).tasks;
  const [offer] = await read('a');
  const first = await world.inbox.claim(alice, 'a', offer?.id ?? '');
  expect(await read('b')).toEqual([]);
  await expect(world.inbox.claim(alice, 'b', offer?.id ?? '')).rejects.toMatchObject({ code: 'invalid_state' });
  world.pass(50);
  await world.inbox.renew(alice, 'a', first.id);
  world.pass(50);
  await world.settle();
  expect(await read('b')).toEqual([]); // it was renewed
  world.pass(20);
  await world.settle();
  const second = await world.inbox.claim(alice, 'b', (await read('b'))[0]?.id ?? '');
  await expect(world.inbox.answer(alice, 'a', first.id, { answer: 'late' })).rejects.toMatchObject({ code: 'invalid_state' });
  await expect(world.inbox.renew(alice, 'a', first.id)).rejects.toMatchObject({ code: 'invalid_state' });
  await world.inbox.answer(alice, 'b', second.id, { answer: 'good' });
  await world.settle();
  expect(await world.result()).toBe('good\n');
  expect((await world.manager.task(alice, 'work', 'q')).leases.map(({ status }) => status)).toEqual(['late', 'accepted']);
});

test('An answer after its lease has expired is refused even before another member has claimed the sub-task', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ tasks: [{ name: 'q', ask: 'a question' }] });
  const { tasks } = await world.inbox.inbox(alice, 'a', { waitMs: 0 }, new AbortController().signal);
  const lease = await world.inbox.claim(alice, 'a', tasks[0]?.id ?? '');
  world.pass(61);
  await expect(world.inbox.answer(alice, 'a', lease.id, { answer: 'late' })).rejects.toMatchObject({ code: 'invalid_state' });
  expect(await world.manager.task(alice, 'work', 'q')).toMatchObject({ status: 'waiting', leases: [{ status: 'late' }] });
});

test('An answer that is reported twice counts once; a different second answer is refused', async () => {
  await using world = new CollaborationWorld(['a']);
  await world.start({ tasks: [{ name: 'q', ask: 'a question' }, { name: 'r', ask: 'another' }] });
  const { tasks } = await world.inbox.inbox(alice, 'a', { waitMs: 0 }, new AbortController().signal);
  const lease = await world.inbox.claim(alice, 'a', tasks[0]?.id ?? '');
  expect(await world.inbox.answer(alice, 'a', lease.id, { answer: 'one' })).toMatchObject({ status: 'accepted' });
  world.restart();
  expect(await world.inbox.answer(alice, 'a', lease.id, { answer: 'one' })).toMatchObject({ status: 'accepted' });
  await expect(world.inbox.answer(alice, 'a', lease.id, { answer: 'two' })).rejects.toMatchObject({ code: 'invalid_state' });
  expect(await world.manager.task(alice, 'work', 'q')).toMatchObject({ answer: 'one', status: 'done' });
  expect((await world.eventTypes()).filter((type) => type === 'collaboration.task-done')).toHaveLength(1);
});

test('A job that a restore has removed from its VM is done again by another member', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ tasks: commands('x') });
  await world.settle();
  world.member('a').jobs.clear();
  await world.settle();
  expect(world.member('b').started).toEqual(['work.x.2']);
});

test('A kill after all answers are there loses none of them: the next start combines them', async () => {
  await using world = new CollaborationWorld(['a']);
  await world.start({ tasks: commands('x'), synthesis: { how: 'reduce', command: ['sum'], format: 'text' } });
  await world.settle();
  world.member('a').finish('7');
  world.restart('start:after'); // dies when it has started the command that reduces
  await world.settle();
  expect(world.killed).toBe(true);
  world.restart();
  await world.settle();
  const [reduce] = [...world.member('a').jobs.values()].filter(({ input }) => input !== null);
  expect(JSON.parse(reduce?.input ?? '')).toEqual({ task: 'the task', answers: [{ name: 'x', member: 'a', answer: '7' }] });
  world.member('a').finish('total 7\n');
  await world.settle();
  expect(await world.result()).toBe('total 7\n');
  expect(world.member('a').started).toEqual(['work.x.1', 'work.reduce.1']);
});

test('Cancelling ends the jobs, also one in a VM that could not be reached at that time, and after a restart', async () => {
  await using world = new CollaborationWorld(['a', 'b']);
  await world.start({ tasks: commands('x', 'y') });
  await world.settle();
  world.member('b').reachable = false;
  expect(await world.manager.cancel(alice, 'work')).toMatchObject({ status: 'cancelled' });
  await world.settle();
  expect([world.member('a').running, world.member('b').running]).toEqual([0, 1]);
  await expect(world.manager.remove(alice, 'work')).rejects.toMatchObject({ code: 'invalid_state' });
  world.restart();
  world.member('b').reachable = true;
  await world.settle();
  expect(world.member('b').running).toBe(0);
  await world.manager.remove(alice, 'work');
  await expect(world.show()).rejects.toMatchObject({ code: 'not_found' });
});
