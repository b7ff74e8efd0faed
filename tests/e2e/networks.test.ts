// Two real VMs and every network policy, tested with real packets, including spoofed ones.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';
import { hostAddresses } from '../../supervisor/network/host-addresses.ts';
import { discoverPackageHosts } from '../../supervisor/network/package-host-discovery.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { hostPrograms, Outside } from '../support/network-namespaces.ts';
import { attempt, expected, honestFrame, reachCases, reached, seen, serve, spoofedFrames, type ProbeGuest, type ProbeWorld } from '../support/network-probes.ts';

const port = 9000;
const outside = new Outside(92);
const made = new AsyncDisposableStack();
let somnus: TestControlPlane;
let world: ProbeWorld;

/** A VM that plays its part through `somnus exec`, as its user would. */
class VmGuest implements ProbeGuest {
  readonly name: string;
  readonly ip: string;
  readonly mac: string;

  constructor({ name, ip, mac }: Environment) {
    this.name = name;
    this.ip = ip;
    this.mac = mac;
  }

  async run(command: readonly string[]): Promise<string> {
    return await somnus.ok('exec', this.name, '--', ...command);
  }

  async start(command: readonly string[]): Promise<AsyncDisposable> {
    const child = somnus.spawnCli(['exec', this.name, '--', ...command]);
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve);
      child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
    });
    return { [Symbol.asyncDispose]: async () => { child.kill('SIGINT'); await new Promise((resolve) => child.once('exit', resolve)); } };
  }
}

beforeAll(async () => {
  const { hosts } = await discoverPackageHosts();
  const [packageHost = '', unlistedHost = ''] = hosts.filter((host) => !host.includes(':'));
  await made.use(outside).prepare();
  somnus = made.use(await TestControlPlane.withImage({ network: { packageHosts: [...hosts.filter((host) => host !== unlistedHost), outside.listed, `${outside.listed}:3142`] } }));
  await Promise.all(['left', 'right'].map(async (name) => await somnus.ok('create', name, '--profile', 'idle')));
  const [guest, other] = await Promise.all(['left', 'right'].map(async (name) => new VmGuest(await somnus.json<Environment>('show', name))));
  if (!guest || !other) throw new Error('no guests');
  for (const at of [port, 80, 443, 3142, 53]) made.use(await serve(outside, at));
  for (const at of [port, 80]) made.use(await serve(other, at));
  made.use(await serve(hostPrograms, port));
  const gatewayIp = (await guest.run(['sh', '-c', "ip route show default | awk '{print $3}'"])).trim();
  const gatewayMac = (await guest.run(['sh', '-c', `ping -c1 -W1 ${gatewayIp} >/dev/null; ip neigh show ${gatewayIp} | grep -o 'lladdr [^ ]*' | cut -d' ' -f2`])).trim();
  world = {
    guest, other, gateway: { ip: gatewayIp, mac: gatewayMac }, port, outside, containers: [], packageHost, unlistedHost,
    hostAddresses: await hostIpv4(),
  };
});
afterAll(async () => { await made.disposeAsync(); });

const hostIpv4 = async (): Promise<string[]> => (await hostAddresses()).filter(({ family }) => family === 'ipv4').map(({ address }) => address);
const setPolicy = async (policy: NetworkPolicy): Promise<void> => { await somnus.ok('set', 'left', '--network', policy); };

describe('A VM', () => {
  test.each(['open', 'packages', 'none'] as const)('under %s reaches what the table lists, and nothing else', async (policy) => {
    await setPolicy(policy);
    const found = await reached(world.guest, reachCases(world), policy, 20);
    // An address of another test's network that is gone by now leads outside.
    const present = await hostIpv4();
    const cases = reachCases({ ...world, hostAddresses: world.hostAddresses.filter((ip) => present.includes(ip)) });
    expect(Object.fromEntries(cases.map(({ title }) => [title, found[title]]))).toEqual(expected(cases, policy));
  });

  test('with spoofed addresses reaches nothing', async () => {
    for (const policy of ['packages', 'none', 'open'] as const) {
      await setPolicy(policy);
      await attempt(world.guest, spoofedFrames(world));
    }
    await attempt(world.guest, honestFrame(world));
    await expect.poll(async () => (await seen(outside, port)).map(([, payload]) => payload), { timeout: 60_000 }).toContain('honest');
    const lies = Object.keys(spoofedFrames(world));
    for (const place of [outside, world.other, hostPrograms]) expect((await seen(place, port)).map(([, payload]) => payload).filter((payload) => lies.includes(payload))).toEqual([]);
  });
});
