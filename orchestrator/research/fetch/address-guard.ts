// Lets the fetcher connect to public addresses only: never to this host, its networks or environments, or reserved addresses, whichever name, redirect or notation leads there.
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { SomnusError } from '../../../common/errors.ts';

// From IANA's special-purpose address registries (RFC 6890). In IPv6, only global unicast addresses are public, which excludes mapped and translated IPv4 addresses.
const reservedIPv4 = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24',
  '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'];
const publicIPv6 = '2000::/3';
const reservedIPv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']; // with Teredo and 6to4, which contain IPv4 addresses

const reserved = blockList([...reservedIPv4, ...reservedIPv6]);
const globalUnicast = blockList([publicIPv6]);

export interface AddressGuard {
  /** @throws SomnusError `address_refused` */
  assertPublic(address: string, host: string): void;
}

/** Also refuses `networks`, such as those of environments. `ownAddresses` returns the addresses of this host; it is called for each check, because they change. */
export function addressGuard({ networks = [], ownAddresses = addressesOfHost }: { networks?: readonly string[]; ownAddresses?: () => readonly string[] } = {}): AddressGuard {
  const refused = blockList(networks);
  return {
    assertPublic(address, host) {
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      const isPublic = isIP(address) !== 0 && !reserved.check(address, family) && !refused.check(address, family) && (family === 'ipv4' || globalUnicast.check(address, family));
      if (isPublic && !ownAddresses().includes(address)) return;
      throw new SomnusError('address_refused', `${host} is not a public address`, { details: { host } });
    },
  };
}

function addressesOfHost(): string[] {
  return Object.values(networkInterfaces()).flatMap((found) => found?.map(({ address }) => address) ?? []);
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
