import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../common/log.ts';
import { runCommand } from '../../common/run-command.ts';
import type { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';
import { hostAddresses } from '../../supervisor/network/host-addresses.ts';
import { createHostNetwork } from '../../supervisor/network/linux-network.ts';
import type { HostNetwork } from '../../supervisor/network/network.ts';
import { discoverPackageHosts } from '../../supervisor/network/package-host-discovery.ts';
import { hostPrograms, NamespaceGuest, Outside, vethFor } from '../support/network-namespaces.ts';
import { arpLies, attempt, expected, honestFrame, reachCases, reached, seen, serve, spoofedFrames, type ProbeWorld } from '../support/network-probes.ts';

// Another control plane may run on this host: the test uses its own installations and subnets.

// Sends a byte periodically, as long as the connection is open.
const drip = `
import socket, sys, threading, time
server = socket.create_server(('0.0.0.0', int(sys.argv[1])))
print('ready', flush=True)
def serve(s):
    try:
        while True:
            s.sendall(b'.')
            time.sleep(0.05)
    except OSError:
        pass
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
`;
// Connects, sends the beginning of a request, and reads until nothing has arrived for two seconds, or the connection is closed.
const listen = `
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
s.sendall(b'GET / HTTP/1.1\\r\\n')
print('connected', flush=True)
s.settimeout(float(sys.argv[3]))
try:
    while s.recv(1000):
        pass
    print('ended')
except TimeoutError:
    print('silent')
except OSError:
    print('ended')
`;
// Opens a tap as QEMU does, asks by ARP who has the gateway's address, and prints the MAC of the answer.
const asQemu = `
import fcntl, select, socket, struct, sys
name, mac, ip, gateway = sys.argv[1:]
own = bytes.fromhex(mac.replace(':', ''))
with open('/dev/net/tun', 'r+b', buffering=0) as tap:
    fcntl.ioctl(tap, 0x400454ca, struct.pack('16sH22x', name.encode(), 0x0002 | 0x1000 | 0x4000))  # TUNSETIFF: TAP, NO_PI, VNET_HDR
    ask = struct.pack('!HHBBH6s4s6s4s', 1, 0x0800, 6, 4, 1, own, socket.inet_aton(ip), bytes(6), socket.inet_aton(gateway))
    while True:
        # Again until it is answered: the kernel takes a moment to see that the tap has someone.
        tap.write(bytes(10) + b'\\xff' * 6 + own + b'\\x08\\x06' + ask)
        if not select.select([tap], [], [], 0.2)[0]:
            continue
        frame = tap.read(2000)[10:]
        if frame[12:14] == b'\\x08\\x06' and frame[20:22] == b'\\0\\2':
            print(frame[22:28].hex(':'))
            break
`;
const log = createLogger({ level: 'warn' });
const port = 9000;
const dripPort = 9100;
const outside = new Outside(91);
const plan = { installation: '9e11', subnet: '10.51.0.0/16', createDevice: vethFor, log };
/** Everything this file creates; removed in reverse order. */
const made = new AsyncDisposableStack();

let folder: string;
let packageHost: string;
let unlistedHost: string;
let network: HostNetwork;
let guest: NamespaceGuest;
let other: NamespaceGuest;
let world: ProbeWorld;

async function attachGuest(to: HostNetwork, index: number, policy: NetworkPolicy): Promise<NamespaceGuest> {
  const namespace = new NamespaceGuest(to.address(index), to.gateway);
  await namespace.prepare();
  await to.attach({ index, policy });
  await namespace.boot();
  return namespace;
}

beforeAll(async () => {
  folder = made.adopt(await mkdtemp(join(tmpdir(), 'somnus-network-')), async (path) => { await rm(path, { recursive: true }); });
  const { hosts } = await discoverPackageHosts();
  [packageHost = '', unlistedHost = ''] = hosts.filter((host) => !host.includes(':'));
  await made.use(outside).prepare();
  network = made.adopt(createHostNetwork({ ...plan, packageHosts: [packageHost, outside.listed, `${outside.listed}:3142`] }), async (it) => { await it.destroy(); });
  await network.destroy(); // from an earlier run that was killed
  await network.ensure();
  guest = made.use(await attachGuest(network, 1, 'open'));
  other = made.use(await attachGuest(network, 2, 'open'));
  for (const at of [port, 80, 443, 3142, 53]) made.use(await serve(outside, at));
  for (const at of [port, 80]) made.use(await serve(other, at));
  made.use(await serve(guest, port));
  made.use(await outside.start(['python3', '-u', '-c', drip, String(dripPort)]));
  made.use(await serve(hostPrograms, port));
  world = { guest, other, gateway: network.gateway, port, outside, hostAddresses: (await hostAddresses()).filter(({ family }) => family === 'ipv4').map(({ address }) => address), containers: [], packageHost, unlistedHost };
});

afterAll(async () => { await made.disposeAsync(); });

beforeEach(async () => {
  await network.ensure();
  await network.attach({ index: 1, policy: 'open' }, { linkUp: true });
  await network.attach({ index: 2, policy: 'open' }, { linkUp: true });
});

const toOutside = async (from: NamespaceGuest = guest): Promise<boolean> => (await attempt(from, { outside: { kind: 'tcp', ip: outside.ip, port } }))['outside'] === true;
const names = async (): Promise<boolean> => (await attempt(guest, { names: { kind: 'dns', ip: network.gateway.ip, name: packageHost, wait: 30 } }))['names'] === true;
const fromHost = async (to = guest): Promise<boolean> => (await attempt(hostPrograms, { guest: { kind: 'tcp', ip: to.ip, port } }))['guest'] === true;

describe('what a guest can reach', () => {
  test.each(['open', 'packages', 'none'] as const)('under %s is what the table lists, and nothing else', async (policy) => {
    await network.setPolicy(1, policy);
    const cases = reachCases(world);
    expect(await reached(guest, cases, policy)).toEqual(expected(cases, policy));
  });

  test('includes what package tools need, without settings', async () => {
    const { hosts } = await discoverPackageHosts();
    const real = createHostNetwork({ ...plan, installation: '9e12', subnet: '10.52.0.0/16' });
    await real.destroy();
    await real.ensure();
    const tools = await attachGuest(real, 1, 'packages');
    try {
      const npm = join(dirname(process.execPath), 'npm');
      expect(await tools.run([process.execPath, npm, 'view', 'once', 'version'], 60_000)).toMatch(/^\d+\.\d+\.\d+/);
      expect(await tools.run(['python3', '-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--dest', folder, 'six'], 120_000)).toContain('Saved');
      // apt's own download method, without changing the host's lists.
      const source = (await runCommand('apt-get', ['indextargets', '--format', '$(SITE) $(RELEASE)'])).stdout.split('\n')[0]?.split(' ') ?? [];
      expect(await tools.run(['/usr/lib/apt/apt-helper', 'download-file', `${source[0]}/dists/${source[1]}/InRelease`, join(folder, 'InRelease')], 60_000)).toContain('Fetched');
      expect(hosts.length).toBeGreaterThan(2);
    } finally {
      await real.destroy();
      await tools[Symbol.asyncDispose]();
    }
  });

  test('includes answers to the host\'s requests, under every policy', async () => {
    for (const policy of ['open', 'packages', 'none'] as const) {
      await network.setPolicy(2, policy);
      expect(await fromHost(other)).toBe(true);
    }
  });
});

describe('a guest that spoofs', () => {
  test('its addresses reaches nothing', async () => {
    for (const policy of ['open', 'packages', 'none'] as const) {
      await network.setPolicy(1, policy);
      await attempt(guest, spoofedFrames(world));
    }
    // The last packet sent is the last to arrive.
    await network.setPolicy(1, 'open');
    await attempt(guest, honestFrame(world));
    await expect.poll(async () => (await seen(outside, port)).map(([, payload]) => payload), { timeout: 20_000 }).toContain('honest');
    const lies = Object.keys(spoofedFrames(world));
    for (const place of [outside, other, hostPrograms]) expect((await seen(place, port)).map(([, payload]) => payload).filter((payload) => lies.includes(payload))).toEqual([]);
  });

  test('ARP answers does not redirect traffic', async () => {
    await attempt(guest, arpLies(world));
    expect(await fromHost(other)).toBe(true);
    expect(await toOutside(other)).toBe(true);
    const neighbors = (await runCommand('ip', ['neighbour', 'show', 'to', `${other.ip}/32`])).stdout.trim().split('\n');
    expect(neighbors).toEqual([`${other.ip} dev ${other.name} lladdr ${other.mac} PERMANENT`]);
    expect((await runCommand('ip', ['neighbour', 'show', 'dev', guest.name])).stdout.trim()).toBe(`${guest.ip} lladdr ${guest.mac} PERMANENT`);
  });

  test('is seen outside only with the host\'s address', async () => {
    await attempt(guest, { mark: { kind: 'udp', ip: outside.ip, port, payload: 'whose address' } });
    expect((await seen(outside, port)).filter(([, payload]) => payload === 'whose address').map(([source]) => source)).toEqual([outside.hostIp]);
  });
});

describe('a guest that floods', () => {
  test('has its DNS queries limited, without affecting others', async () => {
    await network.setPolicy(1, 'none');
    await attempt(guest, { flood: { kind: 'flood', ip: network.gateway.ip, port: 53, count: 5000, payload: 'x' } });
    const { names: answered } = await attempt(other, { names: { kind: 'dns', ip: network.gateway.ip, name: packageHost, wait: 30 } });
    expect(answered).toBe(true);
  });

  test('can only fill its share of the host\'s connection table, also while the filter is renewed', async () => {
    await using flooder = await attachGuest(network, 3, 'open');
    const flows = async (): Promise<number> => (await readFile('/proc/net/nf_conntrack', 'utf8')).split('\n').filter((line) => line.includes(`src=${flooder.ip} dst=${outside.listed}`)).length;
    const flood = async (): Promise<unknown> => await attempt(flooder, { flood: { kind: 'flood', ip: outside.listed, port, count: 5000, payload: 'flow' } });
    await flood();
    await network.ensure();
    await flood();
    expect(await flows()).toBeGreaterThan(1000);
    expect(await flows()).toBeLessThan(4200); // the kernel counts closed ones a little later
    expect(await toOutside(flooder)).toBe(false);
    expect(await toOutside(other)).toBe(true);
    await network.detach(3);
  });
});

describe('a change', () => {
  test('of the link closes and opens everything, in both directions', async () => {
    await network.setLink(1, false);
    expect(await reached(guest, reachCases(world), undefined)).toEqual(Object.fromEntries(reachCases(world).map(({ title }) => [title, false])));
    expect(await fromHost()).toBe(false);
    await network.ensure(); // repairing does not open it
    await network.attach({ index: 1, policy: 'open' }); // nor does attaching again
    expect(await toOutside()).toBe(false);
    await network.setLink(1, true);
    await expect.poll(async () => await toOutside(), { timeout: 10_000 }).toBe(true); // the guest may still be asking by ARP where the gateway is
    expect([await names(), await fromHost()]).toEqual([true, true]);
  });

  test('of the policy applies to open connections', async () => {
    await using session = await guest.session(['python3', '-u', '-c', listen, outside.ip, String(dripPort), '2']);
    expect(await session.line()).toBe('connected');
    await network.setPolicy(1, 'none');
    expect(await session.line()).toBe('silent');
  });

  test('of the policy ends connections through the proxy', async () => {
    await network.setPolicy(1, 'packages');
    await using session = await guest.session(['python3', '-u', '-c', listen, outside.listed, '80', '30']);
    expect(await session.line()).toBe('connected');
    await network.setPolicy(1, 'none');
    expect(await session.line()).toBe('ended');
  });

  test('for a segment that does not exist is refused', async () => {
    await expect(network.setPolicy(77, 'open')).rejects.toMatchObject({ code: 'not_found' });
    await expect(network.setLink(77, true)).rejects.toMatchObject({ code: 'not_found' });
    await network.detach(77);
  });
});

describe('damage from outside', () => {
  const tables = ['inet', 'arp'].map((family) => [family, `somnus_${plan.installation}`] as const);

  test('in the filter is repaired immediately, even when a restart of nftables empties it', async () => {
    const both = async (): Promise<boolean> => {
      const listings = await Promise.all(tables.map(async ([family, table]) => await runCommand('nft', ['list', 'table', family, table], { allowExit: [1] })));
      return listings.every(({ exitCode, stdout }) => exitCode === 0 && stdout.includes(guest.name));
    };
    await runCommand('nft', ['-f', '-'], { input: tables.map(([family, table]) => `delete table ${family} ${table}\n`).join('') });
    await expect.poll(both, { timeout: 10_000, interval: 50 }).toBe(true);
    expect(await attempt(guest, { other: { kind: 'tcp', ip: other.ip, port }, host: { kind: 'tcp', ip: network.gateway.ip, port }, outside: { kind: 'tcp', ip: outside.ip, port } })).toEqual({ other: false, host: false, outside: true });
  });

  test('in the filter is repaired by ensure or by the next change', async () => {
    for (const mend of [async () => await network.ensure(), async () => await network.setPolicy(2, 'packages')]) {
      for (const [family, table] of tables) await runCommand('nft', ['delete', 'table', family, table]);
      await mend();
      expect([await toOutside(), await names(), await fromHost(other)]).toEqual([true, true, true]);
      expect(await attempt(guest, { other: { kind: 'tcp', ip: other.ip, port } })).toEqual({ other: false });
    }
    for (const [family, table] of tables) await runCommand('nft', ['flush', 'table', family, table]);
    await network.ensure();
    expect([await toOutside(), await names(), await fromHost(other)]).toEqual([true, true, true]);
    // As an older or newer Somnus may have created it.
    await runCommand('nft', ['-f', '-'], { input: `delete table inet somnus_${plan.installation}\ntable inet somnus_${plan.installation} {\n set flows { type ifname; }\n chain input { type filter hook forward priority 5; }\n}\n` });
    await network.ensure();
    expect([await toOutside(), await names(), await fromHost(other)]).toEqual([true, true, true]);
  });

  test('in routes, neighbors, devices and kernel settings is repaired', async () => {
    const uplinkForwarding = `/proc/sys/net/ipv4/conf/${outside.name}/forwarding`;
    await runCommand('ip', ['-batch', '-'], {
      input: [`route delete ${guest.ip}/32`, `neighbour delete ${guest.ip} dev ${guest.name}`, `link set dev ${guest.name} down`, `link set dev ${guest.name} address 02:00:00:00:00:99`, `address delete ${network.gateway.ip}/32 dev smn${plan.installation}-gw`, ''].join('\n'),
    });
    await runCommand('ip', ['route', 'flush', 'root', plan.subnet, 'type', 'unreachable']);
    await writeFile(uplinkForwarding, '0');
    await writeFile(`/proc/sys/net/ipv4/conf/${guest.name}/forwarding`, '0');
    await writeFile(`/proc/sys/net/ipv4/conf/${guest.name}/rp_filter`, '0');
    await network.ensure();
    expect([await toOutside(), await names(), await fromHost()]).toEqual([true, true, true]);
    expect((await readFile(`/proc/sys/net/ipv4/conf/${guest.name}/rp_filter`, 'utf8')).trim()).toBe('1');
  });

  test('by removing a device, on purpose or not, is repaired by creating it again', async () => {
    await runCommand('ip', ['link', 'delete', 'dev', guest.name]);
    expect(await network.list()).toEqual([2]);
    await network.ensure();
    await network.attach({ index: 1, policy: 'open' });
    await guest.boot();
    expect(await network.list()).toEqual([1, 2]);
    expect(await toOutside()).toBe(true);
  });
});

describe('environments that may exchange traffic', () => {
  const toOther = async (from: NamespaceGuest, to: NamespaceGuest): Promise<boolean> => (await attempt(from, { other: { kind: 'tcp', ip: to.ip, port } }))['other'] === true;

  test('reach each other and nothing more, under the policies open and packages; closing them ends open connections', async () => {
    await using third = await attachGuest(network, 3, 'open');
    await using _server = await serve(third, port);
    try {
      await network.setPeers([[1, 2]]);
      expect(await Promise.all([toOther(guest, other), toOther(other, guest), toOther(third, other), toOther(guest, third)])).toEqual([true, true, false, false]);
      await network.setPolicy(1, 'packages');
      expect(await Promise.all([toOther(guest, other), toOther(other, guest), toOutside()])).toEqual([true, true, false]);
      expect((await attempt(guest, { web: { kind: 'tcp', ip: other.ip, port: 80 } }))['web']).toBe(true); // not diverted to the proxy for packages
      await network.setPolicy(1, 'none');
      expect(await Promise.all([toOther(guest, other), toOther(other, guest)])).toEqual([false, false]);
      await network.setPolicy(1, 'open');
      await attempt(third, { lie: { kind: 'udp', ip: other.ip, port, payload: 'not a peer' } });
      await network.setPeers([[3, 2]]);
      expect(await Promise.all([toOther(guest, other), toOther(third, other)])).toEqual([false, true]);
      await using _drip = await other.start(['python3', '-u', '-c', drip, String(dripPort)]);
      await using session = await third.session(['python3', '-u', '-c', listen, other.ip, String(dripPort), '2']);
      expect(await session.line()).toBe('connected');
      await network.setPeers([]);
      expect(await session.line()).toBe('silent');
      expect((await seen(other, port)).map(([, payload]) => payload)).not.toContain('not a peer');
    } finally {
      await network.setPeers([]);
      await network.detach(3);
    }
  });

  test('keep that when the filter is repaired; a segment that is detached loses it, so that the next owner of its index does not get it; a new control plane begins without', async () => {
    const third = await attachGuest(network, 3, 'open');
    try {
      await network.setPeers([[1, 2], [3, 2]]);
      await runCommand('nft', ['delete', 'table', 'inet', `somnus_${plan.installation}`]);
      await network.ensure();
      expect(await Promise.all([toOther(guest, other), toOther(third, other)])).toEqual([true, true]);
      await network.detach(3);
      await third[Symbol.asyncDispose]();
      await using heir = await attachGuest(network, 3, 'open');
      expect(await Promise.all([toOther(guest, other), toOther(heir, other)])).toEqual([true, false]);
      const next = createHostNetwork({ ...plan, packageHosts: [] });
      await network.close();
      await next.ensure();
      expect(await toOther(guest, other)).toBe(false);
      await next.close();
      await network.setPeers([]);
      await network.ensure();
      await network.detach(3);
    } finally {
      await third[Symbol.asyncDispose]();
    }
  });
});

test('each segment\'s settings outlive the control plane and the filter', async () => {
  await network.setPolicy(1, 'packages');
  await network.setLink(2, false);
  await network.close();
  for (const family of ['inet', 'arp']) await runCommand('nft', ['delete', 'table', family, `somnus_${plan.installation}`]);
  const next = createHostNetwork({ ...plan, packageHosts: [packageHost, outside.listed, `${outside.listed}:3142`] });
  await next.ensure();
  try {
    const cases = reachCases(world);
    expect(await reached(guest, cases, 'packages')).toEqual(expected(cases, 'packages'));
    expect(await fromHost(other)).toBe(false);
  } finally {
    await next.close();
  }
});

describe('two control planes on one host', () => {
  const plan2 = { ...plan, installation: '9e12', subnet: '10.52.0.0/16', packageHosts: [] };

  test('keep their guests apart and do not affect each other', async () => {
    const second = createHostNetwork(plan2);
    await second.destroy();
    await second.ensure();
    const stranger = await attachGuest(second, 1, 'open');
    try {
      await using _server = await serve(stranger, port);
      expect(await fromHost(stranger)).toBe(true);
      expect(await toOutside(stranger)).toBe(true);
      expect(await attempt(guest, { stranger: { kind: 'tcp', ip: stranger.ip, port }, gateway: { kind: 'dns', ip: second.gateway.ip, name: packageHost } })).toEqual({ stranger: false, gateway: false });
      expect(await attempt(stranger, { guest: { kind: 'tcp', ip: other.ip, port } })).toEqual({ guest: false });
    } finally {
      await second.destroy();
      await stranger[Symbol.asyncDispose]();
    }
    expect([await toOutside(), await names(), await fromHost(other)]).toEqual([true, true, true]);
  });

  test('give VMs taps that can be opened, closed and opened again', async () => {
    const second = createHostNetwork({ ...plan2, createDevice: undefined });
    await second.destroy();
    await second.ensure();
    try {
      const { tapName, mac, ip } = await second.attach({ index: 1, policy: 'none' });
      for (let run = 0; run < 2; run += 1) expect(await hostPrograms.run(['python3', '-c', asQemu, tapName, mac, ip, second.gateway.ip], 20_000)).toBe(`${second.gateway.mac}\n`);
    } finally {
      await second.destroy();
    }
  });

  test('cannot share a subnet, nor use one that the host uses', async () => {
    await expect(createHostNetwork({ ...plan2, subnet: plan.subnet }).ensure()).rejects.toMatchObject({ code: 'config_invalid' });
    await expect(createHostNetwork({ ...plan2, subnet: '198.18.0.0/16' }).ensure()).rejects.toMatchObject({ code: 'config_invalid' });
  });

  test('report a network that appears in the subnet later, and keep working', async () => {
    const second = createHostNetwork({ ...plan2, createDevice: undefined });
    await second.ensure();
    try {
      expect(second.conflict).toBeNull();
      await runCommand('ip', ['link', 'add', 'smnvpn0', 'type', 'veth', 'peer', 'name', 'smnvpn1']);
      await runCommand('ip', ['address', 'add', '10.52.77.1/24', 'dev', 'smnvpn0']);
      await second.ensure();
      expect(second.conflict).toBe('smnvpn0 has 10.52.77.1/24');
      await second.attach({ index: 1, policy: 'none' });
      await runCommand('ip', ['address', 'del', '10.52.77.1/24', 'dev', 'smnvpn0']);
      await runCommand('ip', ['link', 'set', 'smnvpn0', 'up']);
      await runCommand('ip', ['route', 'add', '10.52.64.0/18', 'dev', 'smnvpn0', 'table', '83']);
      await second.ensure();
      expect(second.conflict).toBe('smnvpn0 routes to 10.52.64.0/18');
      await runCommand('ip', ['link', 'delete', 'smnvpn0']);
      await second.ensure();
      expect(second.conflict).toBeNull();
    } finally {
      await runCommand('ip', ['link', 'delete', 'smnvpn0'], { allowExit: [1] });
      await second.destroy();
    }
  });

  test('move to another subnet and leave nothing in the former one', async () => {
    const second = createHostNetwork({ ...plan2, createDevice: undefined });
    await second.ensure();
    await second.attach({ index: 1, policy: 'open' });
    await second.close();
    const moved = createHostNetwork({ ...plan2, subnet: '10.53.0.0/16', createDevice: undefined });
    try {
      await moved.ensure();
      const host = (await Promise.all([['address'], ['route', 'show', 'table', 'all'], ['neighbour', 'show', 'nud', 'permanent']].map(async (args) => (await runCommand('ip', args)).stdout))).join('');
      const rules = (await runCommand('nft', ['list', 'ruleset'])).stdout;
      expect(host + rules).not.toContain('10.52.');
      expect(host).toContain('10.53.1.1 dev smn9e12-0001');
      expect(rules).toContain('"smn9e12-0001" . ');
      expect(await moved.list()).toEqual([1]);
    } finally {
      await moved.destroy();
    }
  });

  test('let only root open a tap that no QEMU has open', async () => {
    const second = createHostNetwork({ ...plan2, createDevice: undefined });
    await second.ensure();
    try {
      const { tapName } = await second.attach({ index: 1, policy: 'none' });
      const open = [
        'import fcntl, os, struct, sys', 'tun, uid = open("/dev/net/tun", "r+b", buffering=0), int(sys.argv[2])', 'os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)',
        'fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", sys.argv[1].encode(), 0x5002))', // TUNSETIFF: a tap with headers, as QEMU opens it
      ].join('\n');
      const tryAs = async (uid: number, tap: string): Promise<string> => await runCommand('python3', ['-c', open, tap, String(uid)]).then(() => 'opened', (error: Error) => error.message);
      for (const tap of [tapName, 'smn9e12-gw']) {
        expect(await tryAs(65_534, tap)).toContain('Operation not permitted');
        expect(await tryAs(0, tap)).toBe('opened');
      }
    } finally {
      await second.destroy();
    }
  });

  test('leave nothing behind when they end', async () => {
    const state = async (): Promise<string> => {
      const all = [['ip', 'route', 'show', 'table', 'all'], ['ip', '-o', 'link'], ['ip', 'neighbour', 'show', 'nud', 'permanent'], ['nft', 'list', 'tables'], ['iptables', '-S'], ['sysctl', '-a', '--pattern', 'net.ipv4.conf.*forwarding']];
      const texts = await Promise.all(all.map(async ([program = '', ...args]) => (await runCommand(program, args)).stdout));
      return texts.join('\n').split('\n').filter((line) => line.includes('9e12') || line.includes('10.52.') || line.includes('forwarding')).join('\n');
    };
    const before = await state();
    const second = createHostNetwork({ ...plan2, createDevice: undefined });
    await second.ensure();
    for (const index of [1, 2, 300]) await second.attach({ index, policy: 'open' });
    expect(await second.list()).toEqual([1, 2, 300]);
    await second.detach(2);
    expect(await second.list()).toEqual([1, 300]);
    expect(await state()).not.toBe(before);
    await second.destroy();
    await second.destroy();
    expect(await state()).toBe(before);
  });
});
