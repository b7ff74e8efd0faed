// Converts libvirt's named counters of a domain (virDomainListGetStats) to our DomainStats. Pure.
import { stateWord } from './libvirt-words.ts';
import type { BlockStats, DomainStats, InterfaceStats } from './vm-driver.ts';

type Values = ReadonlyMap<string, number | string>;

export function readDomainStats(name: string, uuid: string, values: Values): DomainStats {
  const number = (key: string): number | undefined => {
    const value = values.get(key);
    return typeof value === 'number' ? value : undefined;
  };
  return {
    name,
    uuid,
    state: stateWord(number('state.state') ?? 0),
    cpuTimeNs: number('cpu.time'),
    memory: {
      actualKiB: number('balloon.current'),
      rssKiB: number('balloon.rss'),
      totalKiB: number('balloon.available'), // libvirt's "available" is the guest's total memory, and "usable" what it could still use
      unusedKiB: number('balloon.unused'),
      availableKiB: number('balloon.usable'),
      reportedAtS: number('balloon.last-update') || undefined, // 0: not reported yet
    },
    blocks: list(values, 'block').map((key): BlockStats => ({
      device: String(values.get(`${key}.name`) ?? ''),
      readBytes: number(`${key}.rd.bytes`) ?? 0,
      readRequests: number(`${key}.rd.reqs`) ?? 0,
      writtenBytes: number(`${key}.wr.bytes`) ?? 0,
      writeRequests: number(`${key}.wr.reqs`) ?? 0,
      allocatedBytes: number(`${key}.physical`),
      capacityBytes: number(`${key}.capacity`),
    })),
    interfaces: list(values, 'net').map((key): InterfaceStats => ({
      device: String(values.get(`${key}.name`) ?? ''),
      // libvirt reports a tap from the guest's point of view: what the tap sends, the guest receives.
      receivedBytes: number(`${key}.rx.bytes`) ?? 0,
      receivedPackets: number(`${key}.rx.pkts`) ?? 0,
      sentBytes: number(`${key}.tx.bytes`) ?? 0,
      sentPackets: number(`${key}.tx.pkts`) ?? 0,
      droppedPackets: (number(`${key}.rx.drop`) ?? 0) + (number(`${key}.tx.drop`) ?? 0),
    })),
  };
}

/** Returns the keys `block.0`, `block.1`… of a counted group. */
function list(values: Values, group: string): string[] {
  const count = values.get(`${group}.count`);
  return Array.from({ length: typeof count === 'number' ? count : 0 }, (_, index) => `${group}.${index}`);
}
