// What an environment can and cannot reach under each policy, as one table, and the packets that test it. The guest only has to run
// Python: it is a VM through its channel, or a network namespace (network-namespaces.ts).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';

export interface ProbeGuest {
  ip: string;
  mac: string;
  /** Runs a program to its end and returns its standard output. */
  run(command: readonly string[], timeoutMs: number): Promise<string>;
  /** Starts a program that runs until it is disposed of; resolves after its first line. */
  start(command: readonly string[]): Promise<AsyncDisposable>;
}

export interface ProbeWorld {
  guest: ProbeGuest;
  other: ProbeGuest;
  gateway: { ip: string; mac: string };
  /** Answered by `serve` in the other guest, on the host and outside. */
  port: number;
  /** A place outside where `serve` answers on `port`, 80, 443 and 3142 of two addresses; `listed` and `listed:3142` are package hosts. */
  outside: { ip: string; listed: string };
  /** Every address of the host. */
  hostAddresses: readonly string[];
  /** Where the host can reach containers. */
  containers: readonly { ip: string; port: number }[];
  /** Real hosts that resolve and answer HTTPS: a listed one and another one. */
  packageHost: string;
  unlistedHost: string;
}

interface Probe { kind: string; [field: string]: unknown }
export interface ReachCase { title: string; probe: Probe; reachedWith: readonly NetworkPolicy[] }

const program = readFileSync(join(import.meta.dirname, 'network_probe.py'), 'utf8');

/** Answers on a port of a guest until disposed of. */
export async function serve(guest: Pick<ProbeGuest, 'start'>, port: number): Promise<AsyncDisposable> {
  return await guest.start(['python3', '-u', '-c', program, 'serve', String(port)]);
}

/** What arrived at the server on a port by UDP: source address and payload. */
export async function seen(guest: Pick<ProbeGuest, 'run'>, port: number): Promise<[source: string, payload: string][]> {
  return JSON.parse(await guest.run(['python3', '-c', program, 'seen', String(port)], 60_000)) as [string, string][];
}

/** Runs probes in parallel; `waitS` is how long an answer may take, if the probe does not say it. */
export async function attempt(guest: Pick<ProbeGuest, 'run'>, probes: Record<string, Probe>, waitS = 2): Promise<Record<string, boolean>> {
  const list = Object.entries(probes).map(([id, probe]) => ({ id, wait: waitS, ...probe }));
  return JSON.parse(await guest.run(['python3', '-c', program, 'probe', JSON.stringify(list)], 120_000)) as Record<string, boolean>;
}

/** Which of the cases got an answer. What the policy allows gets more time than `waitS`: its answers may come from the Internet, to a busy host. */
export async function reached(guest: ProbeGuest, cases: readonly ReachCase[], policy: NetworkPolicy | undefined, waitS?: number): Promise<Record<string, boolean>> {
  return await attempt(guest, Object.fromEntries(cases.map(({ title, probe, reachedWith }) => [title, policy !== undefined && reachedWith.includes(policy) ? { wait: 30, ...probe } : probe])), waitS);
}

export function expected(cases: readonly ReachCase[], policy: NetworkPolicy): Record<string, boolean> {
  return Object.fromEntries(cases.map(({ title, reachedWith }) => [title, reachedWith.includes(policy)]));
}

/** Everything that `world.guest` tries. */
export function reachCases(world: ProbeWorld): ReachCase[] {
  const { outside, port, other, gateway, guest } = world;
  const all: NetworkPolicy[] = ['open', 'packages', 'none'];
  const whoHas = (ip: string): Probe => ({ kind: 'who-has', operation: 1, ip, targetMac: 'ff:ff:ff:ff:ff:ff', frameMac: guest.mac, sourceMac: guest.mac, sourceIp: guest.ip });
  const never = (title: string, probe: Probe): ReachCase => ({ title, probe, reachedWith: [] });
  return [
    { title: 'outside: any TCP port', probe: { kind: 'tcp', ip: outside.ip, port }, reachedWith: ['open'] },
    { title: 'outside: UDP', probe: { kind: 'udp', ip: outside.ip, port }, reachedWith: ['open'] },
    { title: 'outside: UDP on the port of HTTPS', probe: { kind: 'udp', ip: outside.ip, port: 443 }, reachedWith: ['open'] },
    { title: 'outside: ping', probe: { kind: 'ping', ip: outside.ip }, reachedWith: ['open'] },
    { title: 'outside: HTTP', probe: { kind: 'tcp', ip: outside.ip, port: 80 }, reachedWith: ['open'] },
    { title: 'outside: HTTPS', probe: { kind: 'tls', ip: outside.ip, port: 443, name: world.unlistedHost }, reachedWith: ['open'] },
    { title: 'outside: HTTPS without a name', probe: { kind: 'tls', ip: outside.listed, port: 443, name: null }, reachedWith: ['open'] },
    { title: 'outside: a name server of its own choice', probe: { kind: 'udp', ip: outside.ip, port: 53 }, reachedWith: ['open'] },
    { title: 'packages: HTTP to a listed host', probe: { kind: 'tcp', ip: outside.listed, port: 80 }, reachedWith: ['open', 'packages'] },
    { title: 'packages: HTTP to a listed host, dialed elsewhere', probe: { kind: 'tcp', ip: outside.ip, port: 80, host: outside.listed }, reachedWith: ['open', 'packages'] },
    { title: 'packages: HTTP to a listed address that names another host', probe: { kind: 'tcp', ip: outside.listed, port: 80, host: outside.ip }, reachedWith: ['open'] },
    { title: 'packages: HTTP to a listed port', probe: { kind: 'tcp', ip: outside.listed, port: 3142, host: `${outside.listed}:3142` }, reachedWith: ['open', 'packages'] },
    { title: 'packages: HTTP on a listed port to another host', probe: { kind: 'tcp', ip: outside.ip, port: 3142, host: `${outside.ip}:3142` }, reachedWith: ['open'] },
    { title: 'packages: HTTPS to a listed host', probe: { kind: 'https', url: `https://${world.packageHost}/` }, reachedWith: ['open', 'packages'] },
    { title: 'packages: HTTPS to another host', probe: { kind: 'https', url: `https://${world.unlistedHost}/` }, reachedWith: ['open'] },
    { title: 'names: a listed host', probe: { kind: 'dns', ip: gateway.ip, name: world.packageHost }, reachedWith: ['open', 'packages'] },
    { title: 'names: a listed host, by TCP', probe: { kind: 'dns', ip: gateway.ip, name: world.packageHost, byTcp: true }, reachedWith: ['open', 'packages'] },
    { title: 'names: text of a listed host', probe: { kind: 'dns', ip: gateway.ip, name: world.packageHost, type: 16 }, reachedWith: ['open'] },
    { title: 'names: another host', probe: { kind: 'dns', ip: gateway.ip, name: world.unlistedHost }, reachedWith: ['open'] },
    never('other environment: TCP', { kind: 'tcp', ip: other.ip, port }),
    never('other environment: UDP', { kind: 'udp', ip: other.ip, port }),
    never('other environment: ping', { kind: 'ping', ip: other.ip }),
    never('other environment: HTTP', { kind: 'tcp', ip: other.ip, port: 80, host: outside.ip }),
    never('other environment: ARP', whoHas(other.ip)),
    { title: 'gateway: ARP', probe: whoHas(gateway.ip), reachedWith: all },
    ...[gateway.ip, ...world.hostAddresses.filter((ip) => ip !== gateway.ip && !ip.startsWith('127.'))].flatMap((ip) => [
      never(`host at ${ip}: TCP`, { kind: 'tcp', ip, port }),
      never(`host at ${ip}: UDP`, { kind: 'udp', ip, port }),
      never(`host at ${ip}: ping`, { kind: 'ping', ip }),
      never(`host at ${ip}: HTTP`, { kind: 'tcp', ip, port: 80, host: ip }),
      ...(ip === gateway.ip ? [] : [never(`host at ${ip}: ARP`, whoHas(ip)), never(`host at ${ip}: names`, { kind: 'dns', ip, name: world.packageHost })]),
    ]),
    ...world.containers.map(({ ip, port: at }) => never(`container at ${ip}:${at}`, { kind: 'tcp', ip, port: at })),
    never('cloud metadata', { kind: 'tcp', ip: '169.254.169.254', port: 80 }),
    never('multicast', { kind: 'udp', ip: '224.0.0.1', port }),
    never('IPv6 neighbors', { kind: 'ping6' }),
  ];
}

/** Frames with false sources or destinations. None may arrive anywhere: look for the payloads with `seen`. */
export function spoofedFrames(world: ProbeWorld): Record<string, Probe> {
  const { guest, other, outside, gateway, port } = world;
  const frame = (payload: string, change: Record<string, unknown>): Record<string, Probe> => ({
    [payload]: { kind: 'frame', payload, port, ip: outside.ip, sourceIp: guest.ip, sourceMac: guest.mac, targetMac: gateway.mac, ...change },
  });
  return {
    ...frame('source IP of the other environment', { sourceIp: other.ip }),
    ...frame('source IP of the gateway', { sourceIp: gateway.ip }),
    ...frame('source IP of loopback', { sourceIp: '127.0.0.1' }),
    ...frame('source IP from outside', { sourceIp: '203.0.113.9' }),
    ...frame('source MAC of the other environment', { sourceMac: other.mac }),
    ...frame('source MAC of the gateway', { sourceMac: gateway.mac }),
    ...frame('source MAC and IP of the other environment', { sourceMac: other.mac, sourceIp: other.ip }),
    ...frame('tagged for a VLAN', { vlan: 1 }),
    ...frame('to the other environment, its MAC', { ip: other.ip, targetMac: other.mac }),
    ...frame('to the other environment, broadcast MAC', { ip: other.ip, targetMac: 'ff:ff:ff:ff:ff:ff' }),
    ...frame('to the other environment from the gateway', { ip: other.ip, sourceIp: gateway.ip }),
    ...frame('to loopback of the host', { ip: '127.0.0.1' }),
    ...frame('to everyone', { ip: '255.255.255.255', targetMac: 'ff:ff:ff:ff:ff:ff' }),
    ...frame('to the host, broadcast MAC', { ip: gateway.ip, targetMac: 'ff:ff:ff:ff:ff:ff' }),
  };
}

/** The same frame with true addresses, which arrives outside when the policy is `open`: it shows that the spoofing is what stopped the others. */
export function honestFrame(world: ProbeWorld): Record<string, Probe> {
  const { guest, outside, gateway, port } = world;
  return { honest: { kind: 'frame', payload: 'honest', port, ip: outside.ip, sourceIp: guest.ip, sourceMac: guest.mac, targetMac: gateway.mac } };
}

/** ARP messages in which a guest claims addresses that are not its own. Traffic must not be redirected. */
export function arpLies(world: ProbeWorld): Record<string, Probe> {
  const { guest, other, gateway } = world;
  const claim = (ip: string, operation: number): Probe => ({ kind: 'arp', operation, ip, sourceIp: ip, sourceMac: guest.mac, frameMac: guest.mac, targetMac: operation === 2 ? gateway.mac : 'ff:ff:ff:ff:ff:ff' });
  return { 'other, reply': claim(other.ip, 2), 'other, announced': claim(other.ip, 1), 'gateway, reply': claim(gateway.ip, 2), 'gateway, announced': claim(gateway.ip, 1), 'outside, announced': claim(world.outside.ip, 1) };
}
