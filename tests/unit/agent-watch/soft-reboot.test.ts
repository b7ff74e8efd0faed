import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { SoftReboot } from '../../../agent/contract/health.ts';
import { runProgram } from '../../../agent/watch/run-program.ts';
import { softReboot } from '../../../agent/watch/soft-reboot.ts';

async function start(mark: string, code: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', `${code}; process.stdout.write("up"); setInterval(() => {}, 1000)`, mark], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => { child.kill('SIGKILL'); });
  await once(child.stdout!, 'data');
  return child;
}

test('Processes stop when asked or are killed after the deadline; the result shows which are running again', async () => {
  const [polite, stubborn] = [`polite-${process.pid}`, `stubborn-${process.pid}`];
  const first = await start(polite, '');
  const second = await start(stubborn, 'process.on("SIGTERM", () => {})');
  // What systemd does for units.
  const restarted = Promise.all([once(first, 'exit').then(async () => await start(polite, '')), once(second, 'exit').then(async () => await start(stubborn, ''))]);
  const result = SoftReboot.parse(await softReboot({
    watched: [polite, stubborn, 'no such process here'].map((name) => ({ name, kind: 'pattern', state: 'running' })), deadlineMs: 5000, run: runProgram,
  }));
  await restarted;
  expect(result.processes).toMatchObject([
    { name: polite, stopped: 'ended', back: true }, { name: stubborn, stopped: 'killed', back: true }, { stopped: 'not-running', back: false },
  ]);
  expect(first.signalCode).toBe('SIGTERM');
  expect(second.signalCode).toBe('SIGKILL');
});

test('systemd restarts a unit; one that does not stop is killed at the deadline', async () => {
  const commands: string[] = [];
  const killed = Promise.withResolvers<void>();
  const unit = async (name: string, stubborn: boolean): Promise<SoftReboot> => await softReboot({
    watched: [{ name, kind: 'unit', state: 'running' }], deadlineMs: 20,
    run: async (command) => {
      commands.push(command.join(' '));
      if (command.includes('kill')) killed.resolve();
      if (command.includes('restart') && stubborn) await killed.promise;
      return { code: 0, output: '' };
    },
  });
  expect((await unit('a.service', false)).processes).toMatchObject([{ stopped: 'ended', back: true }]);
  expect((await unit('b.service', true)).processes).toMatchObject([{ stopped: 'killed', back: true }]);
  expect(commands).toEqual(['systemctl is-active --quiet a.service', 'systemctl restart a.service', 'systemctl is-active --quiet b.service', 'systemctl restart b.service', 'systemctl kill --signal=KILL b.service']);
});

test('A program has a deadline, and a program that does not exist gives an exit code like any other', async () => {
  expect(await runProgram([process.execPath, '-e', 'console.log("out"); console.error("err"); process.exit(3)'], 60_000)).toMatchObject({ code: 3, output: expect.stringMatching(/out/) as string });
  expect((await runProgram([process.execPath, '-e', 'setInterval(() => {}, 1000)'], 50)).code).toBe(124);
  expect((await runProgram(['/nonexistent/program'], 1000)).code).toBe(127);
});
