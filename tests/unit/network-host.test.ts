import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { hostNameservers, nameserversOf } from '../../supervisor/network/dns-upstreams.ts';
import { forbiddenDestinations, guardedLookup, hostResolver } from '../../supervisor/network/egress-destinations.ts';
import { uplinksOf } from '../../supervisor/network/host-uplinks.ts';
import { neededRules } from '../../supervisor/network/iptables-rules.ts';
import { fullRuleset, segmentChange } from '../../supervisor/network/nftables-ruleset.ts';
import { printableHost, RefusalLog } from '../../supervisor/network/refusal-log.ts';

test('uplinks are the interfaces of default routes, including a VPN with two halves', () => {
  const table = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'tun0\t00000080\t00000000\t0003\t0\t0\t0\t00000080\t0\t0\t0',
    'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    '*\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0',
  ].join('\n');
  expect(uplinksOf(table)).toEqual(['eth0', 'tun0']);
});

test("firewall rules are added where Docker's or a firewall's chains drop, and nowhere else", () => {
  expect(neededRules('-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n')).toEqual([]);
  expect(neededRules('-P INPUT ACCEPT\n-P FORWARD DROP\n-N DOCKER-USER\n')).toEqual([{ chain: 'DOCKER-USER', match: '-i' }, { chain: 'DOCKER-USER', match: '-o' }]);
  expect(neededRules('-P INPUT DROP\n-P FORWARD DROP\n')).toEqual([{ chain: 'FORWARD', match: '-i' }, { chain: 'FORWARD', match: '-o' }, { chain: 'INPUT', match: '-i' }]);
});

test('name servers are read from resolv.conf, and changes to it are followed', async () => {
  expect(nameserversOf('# nameserver 9.9.9.9\nsearch x\nnameserver 192.0.2.53\n nameserver fe80::1%eth0 \noptions edns0')).toEqual(['192.0.2.53', 'fe80::1%eth0']);
  const folder = await mkdtemp(join(tmpdir(), 'somnus-network-'));
  try {
    const [stub, real] = [join(folder, 'resolv.conf'), join(folder, 'behind.conf')];
    await writeFile(stub, 'nameserver 127.0.0.53\n');
    await writeFile(real, 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n');
    const servers = hostNameservers(stub, real);
    expect(servers()).toEqual(['192.0.2.1', '192.0.2.2']);
    await writeFile(stub, 'nameserver 192.0.2.9\n');
    await expect.poll(servers, { timeout: 5000 }).toEqual(['192.0.2.9']);
    expect(hostNameservers(join(folder, 'missing'), join(folder, 'missing'))()).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the proxy may not connect to the host, its virtual networks or the environments, in any notation', () => {
  const addresses = [
    { device: 'lo', family: 'ipv4' as const, address: '127.0.0.1', prefix: 8 },
    { device: 'eth0', family: 'ipv4' as const, address: '192.0.2.2', prefix: 24 },
    { device: 'eth0', family: 'ipv6' as const, address: '2001:db8::2', prefix: 64 },
    { device: 'docker0', family: 'ipv4' as const, address: '172.17.0.1', prefix: 16 },
  ];
  const forbidden = forbiddenDestinations({ subnet: '10.83.0.0/16', addresses, uplinks: ['eth0'] });
  for (const address of ['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.83.1.1', '192.0.2.2', '172.17.0.2', '169.254.169.254', '224.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'fe80::1%eth0', 'ff02::1', '2001:db8::2', '::ffff:127.0.0.1', '::ffff:10.83.1.1', '::ffff:7f00:1', 'not an address']) {
    expect(forbidden(address), address).toBe(true);
  }
  for (const address of ['192.0.2.80', '8.8.8.8', '10.84.0.1', '2001:db8::80', '::ffff:192.0.2.80']) expect(forbidden(address), address).toBe(false);
});

test('no connection is made to a name with only forbidden addresses; for others only the allowed addresses are used', async () => {
  const found = { 'bad.example': [{ address: '127.0.0.1', family: 4 }], 'mixed.example': [{ address: '127.0.0.1', family: 4 }, { address: '192.0.2.80', family: 4 }] };
  const lookup = guardedLookup((name) => Promise.resolve(found[name as keyof typeof found]), (address) => address.startsWith('127.'));
  const look = async (name: string, all: boolean): Promise<unknown> => await new Promise((resolve) => { lookup(name, { all }, (error, address) => resolve(error ?? address)); });
  expect(await look('bad.example', true)).toMatchObject({ code: 'forbidden' });
  expect(await look('mixed.example', false)).toBe('192.0.2.80');
  expect(await look('mixed.example', true)).toEqual([{ address: '192.0.2.80', family: 4 }]);
});

test('concurrent lookups of a name are resolved once', async () => {
  const resolve = hostResolver();
  const [one, other] = [resolve('localhost'), resolve('localhost')];
  expect(other).toBe(one);
  expect((await one).length).toBeGreaterThan(0);
  await Promise.all([resolve('localhost'), resolve('ip6-localhost').catch(() => {}), resolve('127.0.0.1'), resolve('127.0.0.2')]);
});

test('refusals are logged once a minute for each host, without anything a guest could inject into a log', () => {
  const lines: Record<string, unknown>[] = [];
  let nowMs = 0;
  const refusals = new RefusalLog(pino({}, { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>); } }), () => nowMs);
  for (let i = 0; i < 100; i += 1) refusals.refused({ index: 1, door: 'tls', host: 'evil.example' });
  for (let i = 0; i < 100; i += 1) refusals.refused({ index: 1, door: 'dns', host: `${i}.example` });
  refusals.refused({ index: 2, door: 'http', host: 'a\r\n"b\u001B[31m' });
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toMatchObject({ event: 'network.refused', index: 2, door: 'http', host: 'a???b??31m' });
  nowMs = 61_000;
  refusals.refused({ index: 1, door: 'tls', host: 'evil.example' });
  expect(lines.slice(-2)).toMatchObject([{ event: 'network.refused-more', index: 1, count: 180 }, { host: 'evil.example' }]);
  expect(printableHost('a'.repeat(5000)).length).toBe(101);
});

test('a segment is in the sets of its policy and its link, and in no others', () => {
  const segment = { tapName: 'smnbeef-0001', ip: '10.83.1.1', mac: '52:54:00:00:00:01' };
  const ruleset = (policy: 'open' | 'packages' | 'none', linkUp: boolean): string => fullRuleset({
    installation: 'beef', subnet: '10.83.0.0/16', gatewayIp: '10.83.0.1', peers: [], uplinks: ['eth0'], dns: { udpPort: 1, tcpPort: 2 }, packagesPort: 4, proxyPorts: new Map([[80, 3]]), segments: [{ ...segment, policy, linkUp }],
  });
  // What counts is what is defined after everything was flushed.
  const holders = (text: string): string[] => [...text.slice(text.lastIndexOf('flush set')).matchAll(/set (\w+) \{[^\n]*smnbeef-0001/g)].map(([, name]) => name ?? '');
  expect(holders(ruleset('open', true))).toEqual(['guests', 'linked', 'open', 'guests', 'linked']);
  expect(holders(ruleset('packages', true))).toEqual(['guests', 'linked', 'packages', 'guests', 'linked']);
  expect(holders(ruleset('none', true))).toEqual(['guests', 'linked', 'guests', 'linked']);
  expect(holders(ruleset('open', false))).toEqual(['open']);
  expect(segmentChange('beef', { ...segment, policy: 'none', linkUp: true }).match(/^delete .*$/gm)).toEqual(['delete element inet somnus_beef open { "smnbeef-0001" }', 'delete element inet somnus_beef packages { "smnbeef-0001" }']);
});
