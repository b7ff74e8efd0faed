// The addresses of this host and the networks they are in, those of idle interfaces (a bridge without containers, a tap nobody has opened) included:
// `os.networkInterfaces()` leaves them out. Reads only.
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

/** Whether two IPv4 networks, written as address/prefix, have an address in common. */
export function overlaps(a: string, b: string): boolean {
  const [first, second] = [networkOf(a), networkOf(b)];
  const size = 2 ** (32 - Math.min(first.prefix, second.prefix));
  return Math.floor(first.bits / size) === Math.floor(second.bits / size);
}

function networkOf(cidr: string): { bits: number; prefix: number } {
  const [address = '', prefix = ''] = cidr.split('/');
  return { bits: address.split('.').reduce((value, part) => value * 256 + Number(part), 0), prefix: Number(prefix) };
}
