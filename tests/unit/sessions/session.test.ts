import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Action } from '../../../orchestrator/actions/action.ts';
import { SqliteEnvironments } from '../../../orchestrator/environments/sqlite-environments.ts';
import { SessionReader } from '../../../orchestrator/sessions/session-reader.ts';
import { SqliteSessions } from '../../../orchestrator/sessions/sqlite-sessions.ts';
import { environment, ENV_A, ENV_B } from '../../contract/api/fake-services.ts';
import { scratchMemory, type ScratchMemory } from '../../support/memory.ts';
import { alice, bob, log } from '../../support/operations.ts';

let scratch: ScratchMemory;
let reader: SessionReader;
beforeEach(() => {
  scratch = scratchMemory();
  const records = new SqliteEnvironments(scratch.store);
  for (const [at, id] of [ENV_A, ENV_B].entries()) records.insert({ ...environment(id, 'ab'[at] ?? ''), owner: alice.user, networkIndex: at + 1 });
  reader = new SessionReader({ environments: { get: async (_caller, ref) => ({ ...environment(ref === 'a' ? ENV_A : ENV_B, ref), owner: alice.user }) }, events: scratch.events, inboxes: { collaborations: async () => ({ items: [], nextCursor: null }) }, memory: scratch.parts.memory, sessions: new SqliteSessions(scratch.store), log });
});
afterEach(async () => { await scratch[Symbol.asyncDispose](); });

const happened = (type: string, data: Record<string, unknown> = {}, id = ENV_A): void => {
  scratch.events.append({ type, owner: alice.user, subject: { type: 'environment', id, name: id === ENV_A ? 'a' : 'b' }, actor: null, data });
};

test('A session opens with its environment and is continued by starts, reboots and restores; its entries have kinds, and those of another environment are not in it', async () => {
  happened('environment.created', { forkedFrom: 'base' });
  happened('environment.created', {}, ENV_B);
  happened('operation.step', { operationId: 'op_1' });
  happened('action.ended', { actionId: 'act_1' });
  await reader.noteFile(alice, 'a', { what: 'written', path: '/srv/one' });
  await reader.noteFile(alice, 'a', { what: 'moved', path: '/srv/two', from: '/srv/one' });
  await reader.noteFile(alice, 'a', { what: 'written', path: '/srv/one' });
  happened('collaboration.joined', { collaboration: 'words' });
  happened('incident.opened');
  happened('environment.guest-rebooted');
  const { items } = await reader.log(alice, 'a', { limit: 100, last: false });
  expect(items.map(({ kind, type }) => `${kind} ${type}`)).toEqual([
    'session environment.created', 'action action.ended', 'file file.written', 'file file.moved', 'file file.written', 'link collaboration.joined', 'incident incident.opened', 'session environment.guest-rebooted',
  ]);
  expect(await reader.show(alice, 'a')).toMatchObject({
    counts: { session: 2, action: 1, file: 3, link: 1, incident: 1 }, files: ['/srv/one', '/srv/two'], continuedAt: items.at(-1)?.at, lastAt: items.at(-1)?.at, links: { forkedFrom: 'base' }, memories: null, rememberActions: false,
  });
});

test('The log has pages, from the beginning or only the newest entries, and another user sees none', async () => {
  for (let at = 0; at < 5; at += 1) happened('environment.changed', { at });
  const first = await reader.log(alice, 'a', { limit: 2, last: false });
  const second = await reader.log(alice, 'a', { limit: 2, last: false, cursor: first.nextCursor ?? '' });
  expect([...first.items, ...second.items].map(({ data }) => data['at'])).toEqual([0, 1, 2, 3]);
  expect((await reader.log(alice, 'a', { limit: 2, last: true })).items.map(({ data }) => data['at'])).toEqual([3, 4]);
  expect((await reader.log(bob, 'a', { limit: 10, last: false })).items).toEqual([]);
});

test('A secret in the name of a file is redacted', async () => {
  await reader.noteFile(alice, 'a', { what: 'written', path: '/srv/ghp_0123456789abcdefghijklmnopqrstuvwxyzAB' });
  expect((await reader.log(alice, 'a', { limit: 10, last: false })).items.map(({ data }) => data)).toEqual([{ path: '/srv/[redacted token]' }]);
});

test('Actions are remembered as tool results only where that is switched on and while memory is unlocked; secrets in them are redacted', async () => {
  const action: Action = { id: 'act_1', environmentId: ENV_A, programs: ['curl'], class: 'system', context: 'vm', status: 'ended', phases: [], exitCode: 7, signal: null, timedOut: false, durationMs: 3200, startedAt: '', endedAt: null };
  const run = async (...command: string[]): Promise<void> => { await reader.rememberAction(alice, action, { command }); };
  expect(await reader.set(alice, 'a', { rememberActions: true })).toMatchObject({ rememberActions: true, memories: null });
  await run('never', 'remembered'); // memory is not open
  const service = await scratch.parts.memory.service();
  await service.setUp(alice, 'a long enough secret');
  await run('curl', '-H', 'Authorization: Bearer abcdefghijklmnop1234567890');
  await reader.set(alice, 'a', { rememberActions: false });
  await run('not', 'remembered');
  const { items } = await service.list(alice, { environmentId: ENV_A });
  expect(items).toMatchObject([{ type: 'tool_result', environmentId: ENV_A, text: expect.stringMatching(/^Ran curl -H Authorization: Bearer \[redacted token\] \(vm\): it ended with exit code 7 after 3 s\.$/) }]);
  expect((await reader.show(alice, 'a')).memories).toEqual([items[0]?.id]);
}, 150_000);
