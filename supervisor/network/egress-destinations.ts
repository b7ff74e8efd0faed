// Decides where the egress proxy may connect for a guest: never back to this host, however a name resolves.
import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { SomnusError } from '../../common/errors.ts';
import type { HostAddress } from './host-addresses.ts';

export interface HostSurroundings {
  subnet: string;
  addresses: readonly HostAddress[];
  /** Interfaces with a default route; the networks of all others (Docker's, libvirt's) belong to the host. */
  uplinks: readonly string[];
}

/** Returns a test for addresses that are the host itself, in its virtual networks, or not unicast. */
export function forbiddenDestinations({ subnet, addresses, uplinks }: HostSurroundings): (address: string) => boolean {
  const own = new BlockList();
  for (const network of [subnet, '0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '100.100.100.200/32', '168.63.129.16/32']) addSubnet(own, network);
  for (const network of ['::/127', 'fe80::/10', 'ff00::/8', '64:ff9b::/96']) addSubnet(own, network);
  for (const { device, family, address, prefix } of addresses) {
    if (uplinks.includes(device)) own.addAddress(address, family); else own.addSubnet(address, prefix, family);
  }
  return (address) => {
    const plain = address.replace(/%.*$/, '');
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
    if (mapped !== undefined) return own.check(mapped, 'ipv4');
    return isIP(plain) === 0 || own.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  };
}

function addSubnet(list: BlockList, cidr: string): void {
  const [address = '', prefix = ''] = cidr.split('/');
  list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Resolves a name to all its addresses. */
export type ResolveName = (name: string) => Promise<LookupAddress[]>;

/**
 * Resolves names as the host does, including /etc/hosts, at most `concurrent` at a time and each only once: while the name server does not answer, a
 * lookup blocks one of libuv's four threads, which file operations need too.
 */
export function hostResolver(concurrent = 2): ResolveName {
  const running = new Map<string, Promise<LookupAddress[]>>();
  const queue: (() => void)[] = [];
  let free = concurrent;
  const resolve = async (name: string): Promise<LookupAddress[]> => {
    if (free === 0) await new Promise<void>((proceed) => { queue.push(proceed); }); else free -= 1;
    const { promise, resolve: done, reject } = Promise.withResolvers<LookupAddress[]>();
    lookup(name, { all: true }, (error, addresses) => { if (error) reject(error); else done(addresses); });
    try {
      return await promise;
    } finally {
      const next = queue.shift();
      if (next) next(); else free += 1;
    }
  };
  return (name) => {
    const known = running.get(name) ?? resolve(name).finally(() => running.delete(name));
    running.set(name, known);
    return known;
  };
}

/** A lookup function for `net.connect` that returns only addresses that are not forbidden. */
export function guardedLookup(resolveName: ResolveName, isForbidden: (address: string) => boolean): LookupFunction {
  return (name, options, callback) => {
    resolveName(name).then((found) => {
      const allowed = found.filter(({ address }) => !isForbidden(address));
      const [first] = allowed;
      if (!first) throw new SomnusError('forbidden', 'The name resolves to this host or to nothing');
      if (options.all) callback(null, allowed); else callback(null, first.address, first.family);
    }).catch((error: Error) => callback(error, ''));
  };
}
