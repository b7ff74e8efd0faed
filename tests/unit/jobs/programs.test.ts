// What the program holder keeps of output and records, and what it does with programs that an earlier holder left. With real programs; tests/support/program-holder-suite.ts tests it through SSH.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { programServer } from '../../../agent/programs/program-server.ts';
import { Programs, type Limits, type Program } from '../../../agent/programs/programs.ts';
import { FROM_HEADER, type ProgramRequest } from '../../../agent/contract/programs.ts';
import { scratchFolder } from '../../support/operations.ts';

const small: Limits = { running: 2, ended: { programs: 3, forMs: 60_000, bytes: 60_000 }, output: { keptBytes: 65_536, stepBytes: 4096 }, checkMs: 50 };

const shell = (line: string, more: Partial<ProgramRequest> = {}): ProgramRequest => ({ name: null, command: ['sh', '-c', line], cwd: '/', env: {}, stdin: false, tty: null, ...more });

async function ended(program: Program): Promise<Program> {
  if (program.running) await once(program, 'ended');
  return program;
}

test('The oldest part of too much output is deleted, which frees its space; offsets stay the same, and no reader gets zeros instead', async () => {
  using folder = scratchFolder();
  const programs = new Programs(folder.path, small);
  const program = programs.start('job_1', shell('head -c 1000000 /dev/zero | tr "\\0" x; read -r _; echo end', { stdin: true }));
  await expect.poll(() => program.saved.keptFrom.stdout, { timeout: 30_000 }).toBeGreaterThan(900_000);
  await expect.poll(() => statSync(program.path('stdout')).blocks * 512, { timeout: 30_000 }).toBeLessThan(150_000);
  const server = programServer(programs).listen(join(folder.path, 'sock'));
  try {
    await once(server, 'listening');
    const sent = httpRequest({ socketPath: join(folder.path, 'sock'), path: '/programs/job_1/output?from=0' }).end();
    const [response] = await once(sent, 'response') as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    expect(Number(response.headers[FROM_HEADER]) + text.length).toBe(1_000_000);
    expect(text).toBe('x'.repeat(text.length));
  } finally {
    server.close();
    program.stdin?.end('\n');
    await ended(program);
  }
  expect(program.record()).toMatchObject({ stdoutBytes: 1_000_004, exitCode: 0 });
});

test('Ended programs are forgotten when there are too many or their output is too large, oldest first, but never the last one', async () => {
  using folder = scratchFolder();
  const programs = new Programs(folder.path, small);
  const run = async (id: string, bytes: number): Promise<void> => { await ended(programs.start(id, shell(`head -c ${bytes} /dev/zero`))); };
  for (const id of ['a', 'b', 'c', 'd']) await run(id, 10);
  await run('e', 10);
  expect(programs.all().map(({ saved }) => saved.id)).toEqual(['b', 'c', 'd', 'e']); // the oldest is forgotten before a start, and three ended ones are kept
  await run('large', 300_000);
  await run('next', 10);
  expect(programs.all().map(({ saved }) => saved.id)).toEqual(['large', 'next']);
  expect(existsSync(join(folder.path, 'e'))).toBe(false);
});

test('No more programs than the limit run at a time, and one that cannot be started leaves no record', async () => {
  using folder = scratchFolder();
  const programs = new Programs(folder.path, small);
  const running = ['a', 'b'].map((id) => programs.start(id, shell('sleep 60')));
  expect(() => programs.start('c', shell('true'))).toThrow('2 programs are already running');
  running[0]?.end();
  await ended(running[0] as Program);
  expect(() => programs.start('d', shell(`true ${'x'.repeat(200_000)}`))).toThrow('cannot be started');
  expect(existsSync(join(folder.path, 'd'))).toBe(false);
  running[1]?.end();
  await ended(running[1] as Program);
});

test('A start that was interrupted by the end of the holder is undone: the program is ended and its folder deleted', async () => {
  using folder = scratchFolder();
  mkdirSync(join(folder.path, 'half'));
  const orphan = spawn('sleep', ['600'], { detached: true, stdio: ['ignore', openSync(join(folder.path, 'half', 'stdout'), 'a'), 'ignore'] });
  await once(orphan, 'spawn');
  const gone = once(orphan, 'exit');
  new Programs(folder.path, small).adopt();
  expect(await gone).toEqual([null, 'SIGKILL']);
  expect(existsSync(join(folder.path, 'half'))).toBe(false);
});

test('A damaged record affects neither the output beside it nor the other programs', async () => {
  using folder = scratchFolder();
  const first = new Programs(folder.path, small);
  await ended(first.start('good', shell('echo kept; exit 4')));
  mkdirSync(join(folder.path, 'bad'));
  writeFileSync(join(folder.path, 'bad', 'record.json'), '');
  writeFileSync(join(folder.path, 'bad', 'stdout'), 'precious');
  const next = new Programs(folder.path, small);
  next.adopt();
  expect(next.all().map((program) => program.record())).toMatchObject([{ id: 'good', exitCode: 4, stdoutTail: 'kept\n' }]);
  expect(existsSync(join(folder.path, 'bad', 'stdout'))).toBe(true);
});
