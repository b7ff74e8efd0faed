// The program holder over an sshd on this host, which acts as the guest.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
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
  for (const name of ['one', 'many']) await run(channel, ['sh', '-c', 'kill -KILL "$(cat "$1")"', 'kill', pidFile(name)]).catch(() => {});
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
