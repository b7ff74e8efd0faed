// Reads this host's addresses and networks, including those of idle interfaces (a bridge without containers, a tap without QEMU), which
// `os.networkInterfaces()` omits.
import { z } from 'zod';
import { runCommand } from '../../common/run-command.ts';

export interface HostAddress {
  device: string;
  family: 'ipv4' | 'ipv6';
  address: string;
  prefix: number;
}

const Listing = z.array(z.object({
  ifname: z.string(),
  addr_info: z.array(z.object({ family: z.string(), local: z.string(), prefixlen: z.int() })),
}));

export async function hostAddresses(): Promise<HostAddress[]> {
  const { stdout } = await runCommand('ip', ['-json', 'address', 'show']);
  return Listing.parse(JSON.parse(stdout)).flatMap(({ ifname, addr_info: addresses }) => addresses.map(({ family, local, prefixlen }): HostAddress => ({
    device: ifname, family: family === 'inet6' ? 'ipv6' : 'ipv4', address: local, prefix: prefixlen,
  })));
}

/** An IPv4 network that this host has a route to, as address/prefix; default routes are omitted. */
export interface HostRoute { device: string; network: string }

const Routes = z.array(z.object({ dst: z.string(), dev: z.string().optional(), type: z.string().optional() }));

/** Reads every routing table, because VPNs often have their own. */
export async function hostRoutes(): Promise<HostRoute[]> {
  const { stdout } = await runCommand('ip', ['-json', '-4', 'route', 'show', 'table', 'all']);
  return Routes.parse(JSON.parse(stdout)).flatMap(({ dst, dev, type = 'unicast' }) => {
    const network = dst.includes('/') ? dst : `${dst}/32`;
    return dev === undefined || type !== 'unicast' || dst === 'default' || Number(network.split('/')[1]) <= HALF_OF_ALL ? [] : [{ device: dev, network }];
  });
}

/** VPNs often route 0.0.0.0/1 and 128.0.0.0/1 instead of the default. */
const HALF_OF_ALL = 1;

/** Returns a description of what on this host uses addresses of the subnet; undefined when nothing does. Ignores devices whose names begin with `own`. Pure. */
export function usedBy(subnet: string, { addresses, routes, own }: { addresses: readonly HostAddress[]; routes: readonly HostRoute[]; own: string }): string | undefined {
  const address = addresses.find(({ device, family, address: ip, prefix }) => family === 'ipv4' && !device.startsWith(own) && overlaps(`${ip}/${prefix}`, subnet));
  if (address) return `${address.device} has ${address.address}/${address.prefix}`;
  const route = routes.find(({ device, network }) => !device.startsWith(own) && overlaps(network, subnet));
  return route && `${route.device} routes to ${route.network}`;
}

/** Whether two IPv4 networks, written as address/prefix, share an address. */
export function overlaps(a: string, b: string): boolean {
  const [first, second] = [networkOf(a), networkOf(b)];
  const size = 2 ** (32 - Math.min(first.prefix, second.prefix));
  return Math.floor(first.bits / size) === Math.floor(second.bits / size);
}

function networkOf(cidr: string): { bits: number; prefix: number } {
  const [address = '', prefix = ''] = cidr.split('/');
  return { bits: address.split('.').reduce((value, part) => value * 256 + Number(part), 0), prefix: Number(prefix) };
}
