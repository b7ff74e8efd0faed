import { expect, test } from 'vitest';
import type { ProgramRecord } from '../../../agent/contract/programs.ts';
import type { EnvironmentRecord } from '../../../orchestrator/environments/sqlite-environments.ts';
import type { NewEvent } from '../../../orchestrator/events/event.ts';
import { JobWatch } from '../../../orchestrator/jobs/job-watch.ts';
import type { ProgramHolder } from '../../../supervisor/guest/program-holder.ts';
import { environment, ENV_A } from '../../contract/api/fake-services.ts';
import { FakeChannel } from '../../contract/api/fake-guest.ts';
import { log } from '../../support/operations.ts';

const running: ProgramRecord = { id: 'job_1', name: 'train', command: ['x'], tty: false, status: 'running', exitCode: null, signal: null, startedMs: 0, endedMs: null, stdoutBytes: 0, stderrBytes: 0, stdoutTail: '', stderrTail: '' };

function scene() {
  const state = { programs: [running], record: { ...environment(ENV_A, 'a'), networkIndex: 1 } as EnvironmentRecord | undefined, checks: 0, events: [] as NewEvent[] };
  const watch = new JobWatch({
    records: { get: () => state.record },
    events: { append: (event) => { state.events.push(event); return { ...event, cursor: '1', at: '' }; } },
    channel: async () => new FakeChannel(),
    holder: () => ({ list: async () => { state.checks += 1; return state.programs; } }) as unknown as ProgramHolder,
    log,
  });
  const at = async (change: Partial<ProgramRecord>): Promise<string[]> => {
    state.programs = [{ ...running, ...change }];
    state.events.length = 0;
    await watch.check();
    return state.events.map(({ type, data }) => `${type} ${String(data['percent'] ?? data['exitCode'])}`);
  };
  return { state, watch, at };
}

test('Progress is reported once for each tenth, then the end, and then the job is no longer watched', async () => {
  const { state, watch, at } = scene();
  watch.watch(ENV_A, []);
  expect(await at({ stdoutTail: 'step 5/100' })).toEqual([]);
  expect(await at({ stdoutTail: 'step 12/100' })).toEqual(['job.progress 12']);
  expect(await at({ stdoutTail: 'step 19/100' })).toEqual([]);
  expect(await at({ stderrTail: 'step 55/100, ETA 1 m' })).toEqual(['job.progress 55']);
  expect(await at({ status: 'ended', exitCode: 0 })).toEqual(['job.ended 0']);
  const { checks } = state;
  expect(await at({})).toEqual([]);
  expect(state.checks).toBe(checks);
});

test('An environment is asked only while it is running', async () => {
  const { state, watch, at } = scene();
  watch.watch(ENV_A, []);
  await at({ stdoutTail: 'step 1/100' });
  state.record = { ...environment(ENV_A, 'a'), networkIndex: 1, state: 'hibernated' };
  expect(await at({ stdoutTail: 'step 60/100' })).toEqual([]);
  expect(state.checks).toBe(1);
  state.record = { ...environment(ENV_A, 'a'), networkIndex: 1 };
  expect(await at({ stdoutTail: 'step 60/100' })).toEqual(['job.progress 60']);
});

test('A job that a restore removed is forgotten without an event', async () => {
  const { state, watch, at } = scene();
  watch.watch(ENV_A, []);
  await at({ stdoutTail: 'step 1/100' });
  state.events.length = 0;
  state.programs = [];
  await watch.check();
  expect(state.events).toEqual([]);
});

test('A job that ends before it was checked is also reported', async () => {
  const { watch, at } = scene();
  watch.watch(ENV_A, ['job_1']);
  expect(await at({ status: 'ended', exitCode: 3 })).toEqual(['job.ended 3']);
});
