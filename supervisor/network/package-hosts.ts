// The hosts that the policy `packages` allows: parsing and matching entries, and the ports they need. Pure.
import { isIPv4 } from 'node:net';
import { SomnusError } from '../../common/errors.ts';

/** One entry of the list. Without a port it allows HTTP and HTTPS on their default ports. */
export interface PackageHost {
  /** Lower case, without the `*.` of a wildcard. */
  name: string;
  /** Matches names below `name`, at any depth, but not `name` itself. */
  wildcard: boolean;
  ports: readonly number[];
}

const defaultPorts: readonly number[] = [80, 443];

const entryPattern = /^(\*\.)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(\d{1,5}))?$/;

/** Parses `host`, `*.domain` or either with `:port`. @throws SomnusError `config_invalid` naming the entry */
export function parsePackageHost(entry: string): PackageHost {
  const [, star, name, port] = entryPattern.exec(entry.toLowerCase()) ?? [];
  const number = port === undefined ? undefined : Number(port);
  if (name === undefined || name.length > 253 || (star && (!name.includes('.') || isIPv4(name))) || (number !== undefined && (number < 1 || number > 65_535 || number === 53))) {
    throw new SomnusError('config_invalid', `network.packageHosts: ${JSON.stringify(entry)} is not a valid package host`, { hint: 'Use host, host:port or *.domain; port 53 is reserved for DNS.', details: { entry } });
  }
  return { name, wildcard: star !== undefined, ports: number === undefined ? defaultPorts : [number] };
}

/** Returns the entry for the host of a URL, or undefined when the URL has no HTTP host. */
export function packageHostOfUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  if ((protocol !== 'http:' && protocol !== 'https:') || !entryPattern.test(hostname)) return undefined;
  return port === '' ? hostname : `${hostname}:${port}`;
}

export function allowsName(hosts: readonly PackageHost[], name: string): boolean {
  return hosts.some((host) => matches(host, plainName(name)));
}

export function allowsHost(hosts: readonly PackageHost[], name: string, port: number): boolean {
  return hosts.some((host) => host.ports.includes(port) && matches(host, plainName(name)));
}

/** Returns all ports that the list needs, ascending. */
export function portsOf(hosts: readonly PackageHost[]): number[] {
  return [...new Set(hosts.flatMap((host) => host.ports))].toSorted((a, b) => a - b);
}

/** Normalizes a name: lower case, without the root's dot. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function matches(host: PackageHost, name: string): boolean {
  return host.wildcard ? name.endsWith(`.${host.name}`) && name.length > host.name.length + 1 : name === host.name;
}
