// Generates the packet filter of one installation as nftables text: the traffic allowed between environments, the host and the outside. Pure;
// linux-network.ts applies it.
//
// Every rule matches only this installation's taps, so other traffic and tables are not affected. What is not accepted here is dropped, even if other
// tables accept it; for what those drop, see iptables-rules. `entry` runs before connection tracking and before any NAT (including Docker's).
import type { NetworkPolicy } from '../domain/network-policy.ts';
import type { SegmentAddress } from './network.ts';

export interface SegmentRules extends SegmentAddress {
  policy: NetworkPolicy;
  linkUp: boolean;
}

/** The addresses of two environments whose traffic to each other is allowed. */
export type Peers = readonly [ip: string, ip: string];

export interface RulesetInput {
  installation: string;
  subnet: string;
  gatewayIp: string;
  segments: readonly SegmentRules[];
  /** Addresses that may exchange traffic, in both directions. */
  peers: readonly Peers[];
  /** Interfaces with a default route. */
  uplinks: readonly string[];
  /** The resolver's ports on the gateway's address. */
  dns: { udpPort: number; tcpPort: number };
  /** The package gateway's port on the gateway's address; guests connect to port 80. */
  packagesPort: number;
  /** The egress proxy's listeners: the port a guest connects to, mapped to the port on the gateway's address that serves it. */
  proxyPorts: ReadonlyMap<number, number>;
}

/** Maximum tracked connections per guest: the connection table belongs to the host. */
const maxFlowsPerGuest = 4096;

/** Maximum name queries, and new connections to the proxy, per guest and second: the control plane's own process serves them. */
const maxRequestsPerSecond = 500;

// Never forwarded: anything that is not unicast, and the addresses where clouds serve the host's credentials (169.254.169.254 and similar).
const forbidden = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '100.100.100.200/32', '168.63.129.16/32'];

const anyTap = (installation: string): string => `"smn${installation}-*"`;
const tableOf = (installation: string): string => `somnus_${installation}`;

/**
 * Sets the installation's tables to the given state in one transaction, whatever they contain, keeping each guest's counters. Repeatable; fails on
 * tables that another version of Somnus built differently: apply `removedRuleset` first then.
 */
export function fullRuleset(input: RulesetInput): string {
  const flush = Object.entries(setsByFamily).flatMap(([family, sets]) => [
    `flush table ${family} ${tableOf(input.installation)}`,
    ...sets.map((set) => `flush set ${family} ${tableOf(input.installation)} ${set}`),
  ]);
  // The tables first, so that everything to be flushed exists; then flushes the rules and the sets below. Without members, because nft 1.1.3 crashes
  // when it flushes a set that got members in the same transaction.
  return `${tablesText({ ...input, segments: [], peers: [], uplinks: [] })}${flush.join('\n')}\n${tablesText(input)}`;
}

const setsByFamily = { inet: ['guests', 'linked', 'open', 'packages', 'peers', 'uplinks', 'forbidden'], arp: ['guests', 'linked'] };

function tablesText(input: RulesetInput): string {
  const { installation, gatewayIp: gateway, dns, segments, peers, uplinks, packagesPort, proxyPorts } = input;
  const tap = anyTap(installation);
  const linked = segments.filter((segment) => segment.linkUp);
  const names = (some: readonly SegmentRules[]): string[] => some.map((segment) => quoted(segment.tapName));
  const ports = [...proxyPorts];
  return `table inet ${tableOf(installation)} {
  set guests { typeof iifname . ether saddr . ip saddr;${elements(linked.map(identity))} }
  set linked { type ifname;${elements(names(linked))} }
  set open { type ifname;${elements(names(segments.filter(({ policy }) => policy === 'open')))} }
  set packages { type ifname;${elements(names(segments.filter(({ policy }) => policy === 'packages')))} }
  set peers { type ipv4_addr . ipv4_addr;${elements(peers.flatMap(directions))} }
  set uplinks { type ifname;${elements(uplinks.map(quoted))} }
  set forbidden { type ipv4_addr; flags interval; auto-merge;${elements([input.subnet, ...forbidden])} }
  set flows { type ipv4_addr; size 65535; flags dynamic; }
  set asks { type ipv4_addr; size 65535; flags dynamic, timeout; timeout 1m; }

  chain entry {
    type filter hook prerouting priority raw; policy accept;
    iifname ${tap} jump from_guest
  }
  chain from_guest {
    meta protocol != ip drop
    iifname . ether saddr . ip saddr != @guests drop
    ip daddr ${gateway} accept
    fib daddr type != unicast drop
    ip saddr . ip daddr @peers accept
    ip daddr @forbidden drop
  }
  chain divert {
    type nat hook prerouting priority dstnat - 5; policy accept;
    iifname ${tap} ip saddr . ip daddr @peers return
    iifname ${tap} ip daddr ${gateway} udp dport 53 dnat ip to ${gateway}:${dns.udpPort}
    iifname ${tap} ip daddr ${gateway} tcp dport 53 dnat ip to ${gateway}:${dns.tcpPort}
    iifname @open ip daddr ${gateway} tcp dport 80 dnat ip to ${gateway}:${packagesPort}
    iifname @packages ip daddr ${gateway} tcp dport 80 dnat ip to ${gateway}:${packagesPort}
${ports.length === 0 ? '' : `    iifname @packages meta l4proto tcp dnat ip to ${gateway} : tcp dport map { ${ports.map(([port, local]) => `${port} : ${local}`).join(', ')} }
`}  }
  chain input {
    type filter hook input priority filter; policy accept;
    iifname ${tap} jump to_host
  }
  chain to_host {
    ct direction reply ct state established,related accept
    ct state new add @flows { ip saddr ct count over ${maxFlowsPerGuest} } drop
    udp dport ${dns.udpPort} update @asks { ip saddr limit rate over ${maxRequestsPerSecond}/second burst ${maxRequestsPerSecond} packets } drop
    tcp flags & (syn | ack) == syn update @asks { ip saddr limit rate over ${maxRequestsPerSecond}/second burst ${maxRequestsPerSecond} packets } drop
    ct status dnat udp dport ${dns.udpPort} accept
    ct status dnat tcp dport ${dns.tcpPort} accept
    iifname @open ct status dnat tcp dport ${packagesPort} accept
    iifname @packages ct status dnat tcp dport ${packagesPort} accept
${ports.length === 0 ? '' : `    iifname @packages ct status dnat tcp dport { ${ports.map(([, local]) => local).join(', ')} } accept
`}    drop
  }
  chain output {
    type filter hook output priority filter; policy accept;
    oifname ${tap} oifname != @linked drop
    oifname ${tap} meta nfproto != ipv4 drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname ${tap} oifname ${tap} ip saddr . ip daddr @peers jump to_peer
    oifname ${tap} jump to_guest
    iifname ${tap} jump to_outside
  }
  chain to_peer {
    oifname != @linked drop
    iifname != @open iifname != @packages drop
    oifname != @open oifname != @packages drop
    meta l4proto != { tcp, udp, icmp } drop
    ct state new add @flows { ip saddr ct count over ${maxFlowsPerGuest} } drop
    accept
  }
  chain to_guest {
    oifname @linked oifname @open iifname @uplinks ct direction reply ct state established,related accept
    drop
  }
  chain to_outside {
    iifname @open oifname @uplinks meta l4proto { tcp, udp, icmp } jump leave
    reject with icmp admin-prohibited
  }
  chain leave {
    ct state new add @flows { ip saddr ct count over ${maxFlowsPerGuest} } reject with icmp admin-prohibited
    tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
    accept
  }
  chain hide {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${input.subnet} oifname @uplinks masquerade
  }
}
table arp ${tableOf(installation)} {
  set guests { typeof iifname . arp saddr ether . arp saddr ip;${elements(linked.map(identity))} }
  set linked { type ifname;${elements(names(linked))} }

  chain input {
    type filter hook input priority filter; policy accept;
    iifname ${tap} jump from_guest
  }
  chain from_guest {
    arp operation request arp daddr ip ${gateway} iifname . arp saddr ether . arp saddr ip @guests accept
    drop
  }
  chain output {
    type filter hook output priority filter; policy accept;
    oifname ${tap} oifname != @linked drop
  }
}
`;
}

/** Updates one segment's entries in one transaction. Repeatable; fails when the tables do not exist. */
export function segmentChange(installation: string, segment: SegmentRules): string {
  const tap = quoted(segment.tapName);
  return [
    change(installation, 'inet', 'guests', identity(segment), segment.linkUp),
    change(installation, 'inet', 'linked', tap, segment.linkUp),
    change(installation, 'inet', 'open', tap, segment.policy === 'open'),
    change(installation, 'inet', 'packages', tap, segment.policy === 'packages'),
    change(installation, 'arp', 'guests', identity(segment), segment.linkUp),
    change(installation, 'arp', 'linked', tap, segment.linkUp),
  ].join('');
}

/** Removes a segment from every set. */
export function segmentRemoval(installation: string, address: SegmentAddress): string {
  return segmentChange(installation, { ...address, policy: 'none', linkUp: false });
}

/** Opens or closes the traffic between two environments in one transaction. Repeatable; fails when the tables do not exist. */
export function peersChange(installation: string, peers: Peers, open: boolean): string {
  return directions(peers).map((element) => change(installation, 'inet', 'peers', element, open)).join('');
}

function directions([a, b]: Peers): string[] {
  return [`${a} . ${b}`, `${b} . ${a}`];
}

/** Removes the installation's tables, whether or not they exist. */
export function removedRuleset(installation: string): string {
  return ['inet', 'arp'].map((family) => `add table ${family} ${tableOf(installation)}\ndelete table ${family} ${tableOf(installation)}\n`).join('');
}

/** Adding an existing element is not an error, but deleting a missing one is; so a deletion adds it first. */
function change(installation: string, family: 'inet' | 'arp', set: string, element: string, wanted: boolean): string {
  const target = `element ${family} ${tableOf(installation)} ${set} { ${element} }\n`;
  return wanted ? `add ${target}` : `add ${target}delete ${target}`;
}

function identity(segment: SegmentAddress): string {
  return `${quoted(segment.tapName)} . ${segment.mac} . ${segment.ip}`;
}

function elements(values: readonly string[]): string {
  return values.length === 0 ? '' : ` elements = { ${values.join(', ')} }`;
}

function quoted(name: string): string {
  return `"${name}"`;
}
