import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BasicStats } from '../../agent/contract.ts';
import { describeGuestChannel } from '../support/guest-channel-suite.ts';
import { run } from '../support/guest-programs.ts';
import { startGuestVm, type GuestVm } from '../support/guest-vm.ts';

let guest: GuestVm;
beforeAll(async () => { guest = await startGuestVm(); }, 900_000);
afterAll(async () => { await guest?.[Symbol.asyncDispose](); });

describeGuestChannel('A channel to a real VM', async () => ({ channel: guest.channel, slowness: 8 }));

describe('A VM\'s agent', () => {
  test('It answers the same over SSH and over virtio-serial', async () => {
    const { status, body } = await guest.channel.agentGet('/status', 60_000);
    expect(status).toBe(200);
    expect(body).toMatchObject({ identity: { environmentId: 'env_vm', generation: 1 }, bootId: (await guest.port.status()).bootId });
    expect(BasicStats.safeParse((await guest.channel.agentGet('/stats/basic', 60_000)).body).success).toBe(true);
    expect((await guest.channel.agentGet('/nothing', 60_000)).status).toBe(404);
  });

  test('The port works again after the agent restarts', async () => {
    const { stdout } = await run(guest.channel, ['systemctl', 'show', '-p', 'MainPID', '--value', 'somnus-agent.service']);
    await run(guest.channel, ['kill', '-KILL', stdout.trim()]);
    expect((await guest.port.waitUntil(({ ready }) => ready, { timeoutMs: 300_000 })).identity?.environmentId).toBe('env_vm');
    expect((await guest.port.status({ timeoutMs: 120_000 })).ready).toBe(true);
  });
});
