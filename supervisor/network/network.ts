// The network of one host's environments: interface and pure address plan. Each environment has its own routed tap, without a bridge: a segment with
// two ends, the VM and the host.
import { createHash } from 'node:crypto';
import type { NetworkPolicy } from '../domain/network-policy.ts';

/** Identifies one environment on the host's network. */
export interface Segment {
  /** 1–65000; determines everything else. */
  index: number;
  policy: NetworkPolicy;
}

export interface SegmentAddress { ip: string; mac: string; tapName: string }

export interface HostNetwork {
  /**
   * Creates what all segments share (gateway address, filter table, forwarding, resolver, proxy), and repairs it. Repeatable.
   * @throws SomnusError `config_invalid` when the host already uses the subnet for something else and this installation is not in it yet
   */
  ensure(): Promise<void>;
  /** Describes what else on the host uses addresses of the subnet, as of the last `ensure`; null when nothing does. */
  readonly conflict: string | null;
  /**
   * Creates or repairs an environment's tap, route, neighbor and filter entries, even while the VM runs. The link is up at first and then keeps its
   * state, unless `linkUp` says otherwise. Repeatable.
   */
  attach(segment: Segment, options?: { linkUp?: boolean }): Promise<SegmentAddress>;
  /** Opens or closes the segment for packets; the tap remains. */
  setLink(index: number, up: boolean): Promise<void>;
  setPolicy(index: number, policy: NetworkPolicy): Promise<void>;
  /**
   * Sets which pairs of environments, by their indexes, may exchange traffic; closes all others. The policy `none` still closes everything. Pairs are forgotten when the control plane ends, and an index
   * when its segment is detached. Repeatable.
   */
  setPeers(pairs: readonly (readonly [number, number])[]): Promise<void>;
  /** Removes an environment's tap and entries. Repeatable. */
  detach(index: number): Promise<void>;
  /** Returns the indexes of all segments on the host, with or without a record. */
  list(): Promise<number[]>;
  address(index: number): SegmentAddress;
  /** The guests' gateway and DNS server. */
  readonly gateway: { ip: string; mac: string };
  close(): Promise<void>;
  /** Removes everything of this installation. Repeatable. */
  destroy(): Promise<void>;
}

/** Names of everything on the host start with the installation, so that control planes never conflict. */
export interface AddressPlan { installation: string; subnet: string }

/** Pure: the same index gives the same address. `installation` is four hex digits, `subnet` a /16 such as 10.83.0.0/16. */
export function segmentAddress(plan: AddressPlan, index: number): SegmentAddress {
  if (!Number.isInteger(index) || index < 1 || index > 65_000) throw new RangeError(`segment index ${index} is out of range`);
  const [a, b] = plan.subnet.split('.');
  const host = index + 256; // the first 256 addresses belong to the host
  const hex = index.toString(16).padStart(4, '0');
  const salt = createHash('sha256').update(plan.installation).digest('hex');
  return {
    ip: `${a}.${b}.${host >> 8}.${host & 255}`,
    mac: `52:54:${salt.slice(0, 2)}:${salt.slice(2, 4)}:${hex.slice(0, 2)}:${hex.slice(2, 4)}`,
    tapName: `smn${plan.installation}-${hex}`,
  };
}

/** Pure: returns the index of an address, or undefined for addresses without a segment. */
export function segmentIndex(plan: AddressPlan, ip: string): number | undefined {
  const [, , high, low] = ip.split('.').map(Number);
  const index = (high ?? 0) * 256 + (low ?? 0) - 256;
  return index >= 1 && index <= 65_000 && segmentAddress(plan, index).ip === ip ? index : undefined;
}
