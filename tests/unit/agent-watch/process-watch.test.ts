import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { Watched } from '../../../agent/contract/health.ts';
import { ProcessWatch } from '../../../agent/watch/process-watch.ts';
import { processesMatching, type Processes } from '../../../agent/watch/unit-processes.ts';

/** A simulated unit: its state in systemd, and its control group. */
class FakeUnit {
  active = 'active';
  restarts = 0;
  result = 'success';
  processes: Processes = { pids: [10], rssBytes: 4096, cpuMs: 20, first: '10@1' };
  readonly commands: string[] = [];
  nowMs = 0;

  watch(): ProcessWatch {
    return new ProcessWatch({
      units: ['web.service'], patterns: [], log: () => {},
      run: async ([, ...args]) => {
        if (args[0] !== 'show') this.commands.push(args.join(' '));
        else this.commands.push('show');
        return { code: 0, output: `ActiveState=${this.active}\nNRestarts=${this.restarts}\nResult=${this.result}\nControlGroup=/system.slice/web.service\n` };
      },
      processesOfUnit: () => this.processes, monotonicMs: () => this.nowMs,
    });
  }

  restart(): void {
    this.restarts += 1;
    this.processes = { ...this.processes, pids: [10 + this.restarts], first: `${10 + this.restarts}@1` };
  }
}

test('systemd is not asked again about an unchanged unit; restarts are counted', async () => {
  const unit = new FakeUnit();
  const watch = unit.watch();
  for (let checks = 0; checks < 5; checks += 1) await watch.check();
  expect(unit.commands).toEqual(['show']);
  unit.restart();
  unit.nowMs += 5000;
  await watch.check();
  expect(watch.list()).toMatchObject([{ name: 'web.service', state: 'running', restarts: 1, processes: 1, rssBytes: 4096 }]);
  for (const each of watch.list()) Watched.parse(each);
});

test('A unit that ended with an error has the state failed, with systemd\'s result', async () => {
  const unit = new FakeUnit();
  const watch = unit.watch();
  await watch.check();
  Object.assign(unit, { active: 'failed', result: 'oom-kill', processes: { pids: [], rssBytes: 0, cpuMs: 0, first: undefined } });
  await watch.check();
  expect(watch.list()).toMatchObject([{ state: 'failed', result: 'oom-kill', processes: 0 }]);
  await watch.check();
  expect(unit.commands).toEqual(['show', 'show']);
});

test('A unit that flaps is stopped for a while, longer each time, and finally permanently', async () => {
  const unit = new FakeUnit();
  const watch = unit.watch();
  await watch.check();
  const pauses: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    for (let restarts = 0; restarts < 5; restarts += 1) {
      unit.nowMs += 5000;
      unit.restart();
      await watch.check();
      if (watch.list()[0]!.state !== 'running') break;
    }
    const [{ state, retryAtMs }] = watch.list() as [Watched];
    if (state === 'given-up') break;
    expect(state).toBe('backed-off');
    pauses.push(Math.round((retryAtMs! - Date.now()) / 60_000));
    const before = unit.commands.length;
    unit.nowMs += pauses.at(-1)! * 60_000 - 1000;
    await watch.check();
    expect(unit.commands.length).toBe(before); // nothing happens before the pause is over
    unit.nowMs += 1500;
    unit.restart();
    await watch.check();
    expect(unit.commands.slice(before, before + 2)).toEqual(['reset-failed web.service', 'start --no-block web.service']);
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16]);
  expect(watch.list()).toMatchObject([{ state: 'given-up' }]);
  expect(unit.commands.at(-1)).toBe('stop web.service');
  await watch.check();
  expect(watch.list()).toMatchObject([{ state: 'given-up' }]);
});

test('A unit that systemd has stopped restarting is started again after a pause', async () => {
  const unit = new FakeUnit();
  const watch = unit.watch();
  await watch.check();
  Object.assign(unit, { active: 'failed', result: 'start-limit-hit', restarts: 2, processes: { pids: [], rssBytes: 0, cpuMs: 0, first: undefined } });
  await watch.check();
  expect(watch.list()).toMatchObject([{ state: 'backed-off', result: 'start-limit-hit' }]);
  unit.nowMs += 61_000;
  Object.assign(unit, { active: 'active', result: 'success', restarts: 0, processes: { pids: [77], rssBytes: 1, cpuMs: 1, first: '77@9' } });
  await watch.check();
  expect(watch.list()).toMatchObject([{ state: 'running', result: null, retryAtMs: null }]);
});

test('Processes are found by their command line, with their resource use', async () => {
  const mark = `somnus-watch-${process.pid}`;
  const watch = new ProcessWatch({ units: [], patterns: [mark], run: async () => ({ code: 0, output: '' }), log: () => {} });
  await watch.check();
  expect(watch.list()).toMatchObject([{ kind: 'pattern', state: 'stopped', processes: 0 }]);
  for (let starts = 0; starts < 2; starts += 1) {
    const child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); setInterval(() => {}, 1000)', mark], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => { child.kill('SIGKILL'); });
    await once(child.stdout, 'data');
    await watch.check();
    expect(watch.list()).toMatchObject([{ state: 'running', processes: 1, restarts: starts }]);
    expect(processesMatching(mark).pids).toEqual([child.pid]);
    expect(watch.list()[0]!.rssBytes).toBeGreaterThan(1_000_000);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
