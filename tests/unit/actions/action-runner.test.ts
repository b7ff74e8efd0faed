import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { SomnusError } from '../../../common/errors.ts';
import { ActionRequest, type StartedAction } from '../../../orchestrator/actions/action.ts';
import { environment, ENV_A, FakeServices } from '../../contract/api/fake-services.ts';
import { alice } from '../../support/operations.ts';
import { scratchActions, type ScratchActions } from '../../support/scratch-actions.ts';

interface Scene extends ScratchActions { fake: FakeServices }

function scene(): Scene {
  const fake = new FakeServices();
  return Object.assign(scratchActions(fake.environments, [environment(ENV_A, 'a')]), { fake });
}

async function run({ runner }: ScratchActions, request: unknown): Promise<StartedAction> {
  const started = await runner.run(alice, 'a', ActionRequest.parse(request));
  started.process.stdin.end();
  await Promise.all([buffer(started.process.stdout), buffer(started.process.stderr), started.process.exit.catch(() => {})]);
  return started;
}

test('An action is recorded with how it ended, without its arguments and output', async () => {
  using on = scene();
  const { action, decision } = await run(on, { command: ['both'] });
  expect(decision.context).toBe('vm');
  const { items: [kept] } = await on.runner.list(alice, 'a', { limit: 10 });
  expect(kept).toMatchObject({ id: action.id, environmentId: ENV_A, programs: ['both'], context: 'vm', status: 'ended', exitCode: 3, signal: null, timedOut: false });
  expect(kept?.durationMs).toBeGreaterThanOrEqual(0);
  const { items: [event] } = await on.events.list({ ...alice, scopes: ['admin'] }, { limit: 1 });
  expect(event).toMatchObject({ type: 'action.ended', actor: alice.keyId, subject: { id: ENV_A }, data: { actionId: action.id, exitCode: 3 } });
});

test('An action whose VM is lost is recorded as lost', async () => {
  using on = scene();
  const { process } = await run(on, { command: ['lost'] });
  await expect(process.exit).rejects.toMatchObject({ code: 'guest_unreachable' });
  expect((await on.runner.list(alice, 'a', { limit: 10 })).items[0]).toMatchObject({ status: 'lost', exitCode: null });
});

test('Actions that were running when Somnus stopped are lost; ended ones keep their result', async () => {
  using on = scene();
  await run(on, { command: ['both'] });
  await on.runner.run(alice, 'a', ActionRequest.parse({ command: ['sleep'] }));
  on.actions.loseRunning();
  expect((await on.runner.list(alice, 'a', { limit: 10 })).items.map(({ status }) => status)).toEqual(['lost', 'ended']);
});

test('An untrusted command runs in the VM only if the caller requests the VM or trusts the command', async () => {
  using on = scene();
  const untrusted = { command: ['both'], hints: { untrusted: true } };
  const refused: unknown = await run(on, untrusted).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SomnusError);
  expect(refused).toMatchObject({ code: 'unsupported', details: { decision: { cautions: ['untrusted-in-vm', 'best-context-unavailable'] } } });
  expect((await on.runner.list(alice, 'a', { limit: 10 })).items).toEqual([]);
  expect((await run(on, { ...untrusted, context: 'vm' })).decision.cautions).toEqual(['untrusted-in-vm']);
  expect((await run(on, { ...untrusted, hints: { untrusted: false } })).decision.cautions).toEqual([]);
});

test('A context that the host cannot run is refused with the reason; --explain still answers', async () => {
  using on = scene();
  await expect(run(on, { command: ['both'], context: 'container' })).rejects.toMatchObject({ code: 'unsupported' });
  expect(await on.runner.explain(alice, 'a', ActionRequest.parse({ command: ['both'], context: 'container' }))).toMatchObject({ context: 'container' });
});

test('Only past runs of the same command in the same folder are counted', async () => {
  using on = scene();
  for (let round = 0; round < 3; round += 1) await run(on, { command: ['both'], cwd: '/srv' });
  const traits = async (request: object): Promise<readonly string[]> => (await on.runner.explain(alice, 'a', ActionRequest.parse(request))).traits;
  expect(await traits({ command: ['both'], cwd: '/srv' })).toEqual(expect.arrayContaining(['failed-in-vm', 'short']));
  expect(await traits({ command: ['both'] })).toEqual([]);
});

test('Actions are listed in pages, newest first, and old ones are deleted', async () => {
  using on = scene();
  for (let round = 0; round < 5; round += 1) await run(on, { command: ['both'] });
  const first = await on.runner.list(alice, 'a', { limit: 3 });
  const second = await on.runner.list(alice, 'a', { limit: 3, cursor: first.nextCursor ?? '' });
  const ids = [...first.items, ...second.items].map(({ id }) => id);
  expect([ids.length, new Set(ids).size, second.nextCursor]).toEqual([5, 5, null]);
  on.actions.purge(new Date(Date.now() + 1000));
  expect((await on.runner.list(alice, 'a', { limit: 3 })).items).toEqual([]);
});

test('An action that suits a container runs in one if that is possible, with its image and files, and is recorded as such; for other actions, the engine is not asked', async () => {
  const fake = new FakeServices();
  const asked: string[] = [];
  const ran: unknown[] = [];
  using on = scratchActions(fake.environments, [environment(ENV_A, 'a')], { containers: {
    problem: async (image, mayWait) => {
      asked.push(`${image} ${mayWait}`);
      return undefined;
    },
    run: async ({ id: _id, channel: _channel, request, ...action }) => {
      ran.push({ ...action, command: request.command });
      return await fake.environments.exec(alice, 'a', { command: ['both'], env: {} });
    },
  } });
  for (const request of [{ command: ['both'] }, { command: ['both'], hints: { heavy: true } }]) expect((await run(Object.assign(on, { fake }), request)).decision.context).toBe('vm');
  expect(asked).toEqual([]); // not asked for one that may need unnamed files of the VM either
  const { action, decision } = await run(Object.assign(on, { fake }), { command: ['python', 'x.py'], context: 'container', hints: { filesIn: ['/srv/in'], filesOut: ['/srv/out'] } });
  expect([decision.context, action.context, asked]).toEqual(['container', 'container', ['python true']]);
  expect(ran).toEqual([{ image: 'python', filesIn: ['/srv/in'], filesOut: ['/srv/out'], command: ['python', 'x.py'] }]);
  expect((await on.runner.list(alice, 'a', { limit: 1 })).items[0]).toMatchObject({ context: 'container', status: 'ended', exitCode: 3 });
  const untrusted = await run(Object.assign(on, { fake }), { command: ['both'], hints: { untrusted: true } });
  expect([untrusted.decision.context, untrusted.decision.cautions, asked.at(-1)]).toEqual(['container', [], 'base false']);
});
