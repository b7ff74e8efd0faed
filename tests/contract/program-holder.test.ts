// The program holder over an sshd on this host, which stands in for the guest.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommand } from '../../common/run-command.ts';
import { bundleProgramHolder } from '../../images/agent-bundle.ts';
import { ProgramHolder } from '../../supervisor/guest/program-holder.ts';
import type { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';
import { GuestSshd } from '../support/guest-sshd.ts';
import { run } from '../support/guest-programs.ts';
import { describeProgramHolder } from '../support/program-holder-suite.ts';

const folder = await mkdtemp(join(tmpdir(), 'somnus-holder-'));
const sshd = await GuestSshd.start();
const channel: Ssh2Channel = sshd.channel();
const bundle = bundleProgramHolder();
const pidFile = (name: string): string => join(folder, name, 'programs.sock.pid');
const holderIn = (name: string): ProgramHolder => new ProgramHolder(channel, async () => await bundle, { runDir: join(folder, name), folder: join(folder, name, 'programs') });

afterAll(async () => {
  for (const name of ['one', 'many', 'named', 'full']) await run(channel, ['sh', '-c', 'kill -KILL "$(cat "$1")"', 'kill', pidFile(name)]).catch(() => {});
  await runCommand('umount', ['--lazy', join(folder, 'full', 'programs')], { allowExit: [1, 32] });
  await channel.close();
  await sshd[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describeProgramHolder('A holder on this host', async () => ({ channel, holder: holderIn('one'), slowness: 1, pidFile: pidFile('one') }));

test('Listing programs does not start a holder in a guest that never had a program', async () => {
  expect(await holderIn('none').list()).toEqual([]);
  await expect(holderIn('none').get('job_x')).rejects.toMatchObject({ code: 'not_found' });
  expect((await run(channel, ['ls', join(folder, 'none')])).code).not.toBe(0);
});

test('Several programs that are started at the same time start one holder', async () => {
  const holder = holderIn('many');
  const records = await Promise.all([1, 2, 3, 4].map(async (n) => await holder.start(`job_${n}`, { name: null, command: ['sleep', '60'], cwd: null, env: {}, stdin: false, tty: null })));
  expect(records.map(({ status }) => status)).toEqual(['running', 'running', 'running', 'running']);
  expect((await holder.list()).map(({ id }) => id).toSorted()).toEqual(['job_1', 'job_2', 'job_3', 'job_4']);
  for (const { id } of records) await holder.end(id);
});

test('When several callers start a program with the same name at once, one is started, and all of them get it', async () => {
  const holder = holderIn('named');
  const sleeper = { name: 'work', command: ['sleep', '60'], cwd: null, env: {}, stdin: false, tty: null };
  const ids = (await Promise.all([1, 2, 3].map(async (n) => await holder.start(`job_${n}`, sleeper)))).map(({ id }) => id);
  expect([new Set(ids).size, (await holder.list()).length]).toEqual([1, 1]);
  await holder.end(ids[0] ?? '');
});

test('A full disk ends neither the holder nor a program; the end of a program is still recorded, and a start is refused with the reason until there is space', async () => {
  const programs = join(folder, 'full', 'programs');
  await mkdir(programs, { recursive: true });
  await runCommand('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', programs]);
  const holder = holderIn('full');
  const request = { name: null, cwd: null, env: {}, stdin: true, tty: null };
  await holder.start('job_waits', { ...request, command: ['sh', '-c', 'read -r word; exit 7'] });
  await holder.start('job_fills', { ...request, command: ['sh', '-c', 'head -c 1000000 /dev/zero'], stdin: false });
  await expect.poll(async () => (await holder.get('job_fills')).status, { timeout: 30_000 }).toBe('ended');
  await expect(holder.start('job_refused', { ...request, command: ['true'] })).rejects.toMatchObject({ code: 'invalid_state', message: expect.stringContaining('ENOSPC') });
  const attached = await holder.attach('job_waits', { stdout: 0, stderr: 0 }, new AbortController().signal);
  attached.stdout.resume();
  attached.stderr.resume();
  attached.stdin.end('go\n');
  expect((await attached.exit).code).toBe(7);
  expect(await holder.get('job_waits')).toMatchObject({ status: 'ended', exitCode: 7 });
  await holder.remove('job_fills');
  expect((await holder.start('job_after', { ...request, command: ['true'] })).id).toBe('job_after');
  expect((await holder.list()).map(({ id }) => id)).toEqual(['job_waits', 'job_after']);
});
