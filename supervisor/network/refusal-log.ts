// Logs what segments requested and were refused, without letting a guest flood the log: each host once a minute, and a limited number of hosts a
// minute.
import type { Logger } from '../../common/log.ts';

export interface Refusal {
  index: number;
  door: 'dns' | 'http' | 'tls';
  /** As the guest wrote it. */
  host: string;
}

const windowMs = 60_000;
const hostsPerWindow = 20;
const maxHostLength = 100;

interface Window { openedAtMs: number; hosts: Set<string>; suppressed: number }

export class RefusalLog {
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #windows = new Map<number, Window>();

  constructor(log: Logger, nowMs: () => number = Date.now) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  refused({ index, door, host }: Refusal): void {
    const nowMs = this.#nowMs();
    let window = this.#windows.get(index);
    if (!window || nowMs - window.openedAtMs >= windowMs) {
      if (window && window.suppressed > 0) this.#log.info({ event: 'network.refused-more', index, count: window.suppressed });
      window = { openedAtMs: nowMs, hosts: new Set(), suppressed: 0 };
      this.#windows.set(index, window);
    }
    const shown = printableHost(host);
    if (window.hosts.has(`${door} ${shown}`) || window.hosts.size >= hostsPerWindow) {
      window.suppressed += 1;
      return;
    }
    window.hosts.add(`${door} ${shown}`);
    this.#log.info({ event: 'network.refused', index, door, host: shown });
  }

  forget(index: number): void {
    this.#windows.delete(index);
  }
}

/** Makes a guest's host name safe for a log line. */
export function printableHost(host: string): string {
  const plain = host.replaceAll(/[^A-Za-z0-9._:*-]/g, '?');
  return plain.length > maxHostLength ? `${plain.slice(0, maxHostLength)}…` : plain;
}
