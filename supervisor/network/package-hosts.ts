// Which hosts the policy `packages` lets through: entries, their matching, and the ports they need. Pure.
import { isIPv4 } from 'node:net';
import { SomnusError } from '../../common/errors.ts';

/** One entry of the list. Without a port it means HTTP and HTTPS on their usual ports. */
export interface PackageHost {
  /** Lower case, without the `*.` of a wildcard. */
  name: string;
  /** Matches names below `name`, at any depth, and not `name` itself. */
  wildcard: boolean;
  ports: readonly number[];
}

export const usualPorts: readonly number[] = [80, 443];

const entryPattern = /^(\*\.)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(\d{1,5}))?$/;

/** Reads `host`, `*.domain` or either with `:port`. @throws SomnusError `config_invalid` naming the entry */
export function parsePackageHost(entry: string): PackageHost {
  const [, star, name, port] = entryPattern.exec(entry.toLowerCase()) ?? [];
  const number = port === undefined ? undefined : Number(port);
  if (name === undefined || name.length > 253 || (star && (!name.includes('.') || isIPv4(name))) || (number !== undefined && (number < 1 || number > 65_535 || number === 53))) {
    throw new SomnusError('config_invalid', `network.packageHosts: ${JSON.stringify(entry)} is no package host`, { hint: 'Give host, host:port or *.domain; port 53 is for names.', details: { entry } });
  }
  return { name, wildcard: star !== undefined, ports: number === undefined ? usualPorts : [number] };
}

/** The entry for the host of a URL, or undefined when the URL has no HTTP host. */
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

/** All ports that the list needs, ascending. */
export function portsOf(hosts: readonly PackageHost[]): number[] {
  return [...new Set(hosts.flatMap((host) => host.ports))].toSorted((a, b) => a - b);
}

/** Names compare without case and without the root's dot. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function matches(host: PackageHost, name: string): boolean {
  return host.wildcard ? name.endsWith(`.${host.name}`) && name.length > host.name.length + 1 : name === host.name;
}
