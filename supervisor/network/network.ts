// The network of one host's environments: interface and pure address plan.
// Each environment has a tap of its own, routed, on no bridge: a segment with two ends, the VM and the host.
import { createHash } from 'node:crypto';
import type { NetworkPolicy } from '../vms/manifest.ts';

/** What identifies one environment on the host's network. */
export interface Segment {
  /** 1–65000; everything else follows from it. */
  index: number;
  policy: NetworkPolicy;
}

export interface SegmentAddress { ip: string; mac: string; tapName: string }

export interface HostNetwork {
  /**
   * Makes what all segments share (gateway address, filter table, forwarding, resolver, proxy). Repeatable; also repairs.
   * @throws SomnusError `config_invalid` when something else of the host is in the subnet and this installation is not there yet: nothing is taken from it
   */
  ensure(): Promise<void>;
  /** What else of the host uses addresses of the subnet, in words, as the last `ensure` found it; null when nothing does. */
  readonly conflict: string | null;
  /**
   * Makes or mends an environment's tap, route, neighbour and filter entries. The VM may be running. Repeatable.
   * A link is up at first, and later as it was, unless `linkUp` says otherwise.
   */
  attach(segment: Segment, options?: { linkUp?: boolean }): Promise<SegmentAddress>;
  /** Opens or shuts the segment for packets, leaving the tap in place. */
  setLink(index: number, up: boolean): Promise<void>;
  setPolicy(index: number, policy: NetworkPolicy): Promise<void>;
  /** Takes an environment's tap and entries away. Repeatable. */
  detach(index: number): Promise<void>;
  /** Indexes of segments that exist on the host, whoever remembers them. */
  list(): Promise<number[]>;
  address(index: number): SegmentAddress;
  /** What guests use as gateway and as DNS server. */
  readonly gateway: { ip: string; mac: string };
  close(): Promise<void>;
  /** Takes away everything of this installation. Repeatable. */
  destroy(): Promise<void>;
}

/** Names of everything on the host start with the installation, so that two control planes never meet. */
export interface AddressPlan { installation: string; subnet: string }

/** Pure: same index, same address. `installation` is four hex digits, `subnet` a /16 such as 10.83.0.0/16. */
export function segmentAddress(plan: AddressPlan, index: number): SegmentAddress {
  if (!Number.isInteger(index) || index < 1 || index > 65_000) throw new RangeError(`segment index ${index} is out of range`);
  const [a, b] = plan.subnet.split('.');
  const host = index + 256; // the first 256 addresses are the host's
  const hex = index.toString(16).padStart(4, '0');
  const salt = createHash('sha256').update(plan.installation).digest('hex');
  return {
    ip: `${a}.${b}.${host >> 8}.${host & 255}`,
    mac: `52:54:${salt.slice(0, 2)}:${salt.slice(2, 4)}:${hex.slice(0, 2)}:${hex.slice(2, 4)}`,
    tapName: `smn${plan.installation}-${hex}`,
  };
}

/** Pure: the index that has an address, or undefined for addresses of no segment. */
export function segmentIndex(plan: AddressPlan, ip: string): number | undefined {
  const [, , high, low] = ip.split('.').map(Number);
  const index = (high ?? 0) * 256 + (low ?? 0) - 256;
  return index >= 1 && index <= 65_000 && segmentAddress(plan, index).ip === ip ? index : undefined;
}
