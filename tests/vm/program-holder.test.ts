// The program holder in a real VM, as a unit of its systemd.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleProgramHolder } from '../../images/agent-bundle.ts';
import { ProgramHolder } from '../../supervisor/guest/program-holder.ts';
import { run } from '../support/guest-programs.ts';
import { startGuestVm, type GuestVm } from '../support/guest-vm.ts';
import { describeProgramHolder } from '../support/program-holder-suite.ts';

let guest: GuestVm;
let holder: ProgramHolder;
beforeAll(async () => {
  guest = await startGuestVm();
  const bundle = bundleProgramHolder();
  holder = new ProgramHolder(guest.channel, async () => await bundle);
}, 900_000);
afterAll(async () => { await guest?.[Symbol.asyncDispose](); });

describeProgramHolder('A holder in a VM', async () => ({ channel: guest.channel, holder, slowness: 8, pidFile: '/run/somnus/programs.sock.pid' }));

test('It is a systemd unit with its own cgroup, in which its programs run', async () => {
  const { id } = await holder.start('job_cgroup', { name: null, command: ['sh', '-c', 'cat /proc/self/cgroup'], cwd: null, env: {}, stdin: false, tty: null });
  await expect.poll(async () => (await holder.get(id)).status, { timeout: 120_000 }).toBe('ended');
  expect((await holder.get(id)).stdoutTail).toContain('somnus-programs.service');
  expect((await run(guest.channel, ['systemctl', 'is-active', 'somnus-programs.service'])).stdout.trim()).toBe('active');
});
