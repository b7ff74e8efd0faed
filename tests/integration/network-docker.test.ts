import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../common/log.ts';
import { runCommand } from '../../common/run-command.ts';
import { createHostNetwork } from '../../supervisor/network/linux-network.ts';
import type { HostNetwork } from '../../supervisor/network/network.ts';
import { hostAddresses } from '../../supervisor/network/host-addresses.ts';
import { DockerDaemon } from '../support/docker-daemon.ts';
import { hostPrograms, NamespaceGuest, Outside, vethFor } from '../support/network-namespaces.ts';
import { attempt, serve } from '../support/network-probes.ts';

const log = createLogger({ level: 'warn' });
const outside = new Outside(53);
const image = 'somnus-network-test';
const port = 9000;
const made = new AsyncDisposableStack();
const plan = { installation: '9e13', subnet: '10.53.0.0/16', createDevice: vethFor, log };

let network: HostNetwork;
let guest: NamespaceGuest;
let docker: DockerDaemon;
/** Docker's chains, which stay when it stops, already let our guests through. */
let hadChains: boolean;

const toOutside = async (): Promise<boolean> => (await attempt(guest, { outside: { kind: 'tcp', ip: outside.ip, port } }))['outside'] === true;

beforeAll(async () => {
  await made.use(outside).prepare();
  made.use(await serve(outside, port));
  network = made.adopt(createHostNetwork({ ...plan, packageHosts: [outside.listed] }), async (it) => { await it.destroy(); });
  await network.destroy();
  await network.ensure();
  guest = made.use(new NamespaceGuest(network.address(1), network.gateway));
  await guest.prepare();
  await network.attach({ index: 1, policy: 'open' });
  await guest.boot();
  hadChains = (await runCommand('iptables', ['-S'])).stdout.includes('DOCKER-USER');
  expect(await toOutside()).toBe(true);
  docker = made.use(await DockerDaemon.start());
  await docker.makeImage(image);
  made.defer(async () => { await docker.docker('image', 'rm', '--force', image); });
});

afterAll(async () => { await made.disposeAsync(); });

test('Docker that starts later blocks forwarding until the network is repaired', async () => {
  if (!hadChains) expect(await toOutside()).toBe(false);
  await network.ensure();
  expect(await toOutside()).toBe(true);
  await network.ensure();
  const rules = (await runCommand('iptables', ['-S'])).stdout.split('\n').filter((line) => line.includes(`smn${plan.installation}-`));
  expect(rules).toEqual([`-A DOCKER-USER -o smn${plan.installation}-+ -j ACCEPT`, `-A DOCKER-USER -i smn${plan.installation}-+ -j ACCEPT`]);
});

test('a container and its published ports are unreachable for guests, and guests for it', async () => {
  await network.ensure();
  const id = await docker.docker('run', '--detach', '--publish', '8053:80', image, '/bin/busybox', 'sh', '-c', 'mkdir -p /www && echo somnus-probe > /www/index.html && exec /bin/busybox httpd -f -p 80 -h /www');
  try {
    const ip = await docker.docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', id);
    await expect.poll(async () => await attempt(hostPrograms, { container: { kind: 'tcp', ip, port: 80 } }), { timeout: 20_000 }).toEqual({ container: true });
    const places = [{ at: ip, port: 80 }, ...(await hostAddresses()).filter(({ family, device }) => family === 'ipv4' && device !== 'lo').map(({ address }) => ({ at: address, port: 8053 }))];
    const probes = Object.fromEntries(places.map(({ at, port: number }) => [`${at}:${number}`, { kind: 'tcp', ip: at, port: number }]));
    for (const policy of ['open', 'packages', 'none'] as const) {
      await network.setPolicy(1, policy);
      expect(await attempt(guest, probes)).toEqual(Object.fromEntries(Object.keys(probes).map((place) => [place, false])));
    }
    await using _server = await serve(guest, port);
    expect(await attempt(hostPrograms, { guest: { kind: 'tcp', ip: guest.ip, port } })).toEqual({ guest: true });
    const fetch = docker.docker('exec', id, '/bin/busybox', 'wget', '-T', '3', '-q', '-O', '-', `http://${guest.ip}:${port}/`);
    await expect(fetch).rejects.toMatchObject({ code: 'command_failed' });
  } finally {
    await docker.docker('rm', '--force', id);
  }
});

test('Docker that was there first is no obstacle, and our rules in its chains are removed with the network', async () => {
  await network.destroy();
  expect((await runCommand('iptables', ['-S'])).stdout).not.toContain(plan.installation);
  await network.ensure();
  await network.attach({ index: 1, policy: 'open' });
  await guest.boot();
  expect(await toOutside()).toBe(true);
});
