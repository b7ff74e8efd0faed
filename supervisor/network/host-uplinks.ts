// Finds the uplinks of this host: the interfaces of its IPv4 default routes. Reads the kernel's table; changes nothing.
import { readFile } from 'node:fs/promises';

/** Returns the names of the uplinks, sorted; empty while the host is offline. */
export async function hostUplinks(): Promise<string[]> {
  return uplinksOf(await readFile('/proc/net/route', 'utf8'));
}

/** Parses /proc/net/route: interface, destination, …, mask as hexadecimal numbers. VPNs often route 0.0.0.0/1 and 128.0.0.0/1 instead of /0. */
export function uplinksOf(table: string): string[] {
  const names = table.split('\n').slice(1).flatMap((line) => {
    const [name, destination, , flags, , , , mask] = line.split('\t');
    const halfOrWhole = (mask === '00000000' && destination === '00000000') || (mask === '00000080' && (destination === '00000000' || destination === '00000080'));
    const usable = (Number.parseInt(flags ?? '0', 16) & 0x201) === 1; // RTF_UP, not RTF_REJECT
    return name !== undefined && halfOrWhole && usable ? [name] : [];
  });
  return [...new Set(names)].toSorted();
}
