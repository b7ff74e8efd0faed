// The name servers this host itself asks, followed as its settings change.
import { readFileSync } from 'node:fs';

const recheckAfterMs = 1000;

/** Addresses in a resolv.conf, in order. */
export function nameserversOf(resolvConf: string): string[] {
  return resolvConf.split('\n').map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1]).filter((address) => address !== undefined);
}

/**
 * A function that answers with the current name servers. systemd-resolved's stub (127.0.0.53) also answers names that are this host's own business
 * (/etc/hosts, LLMNR), so what is behind it is asked instead.
 */
export function hostNameservers(path = '/etc/resolv.conf', behindStub = '/run/systemd/resolve/resolv.conf'): () => readonly string[] {
  let checkedAtMs = -Infinity;
  let servers: readonly string[] = [];
  return () => {
    const now = performance.now();
    if (now - checkedAtMs >= recheckAfterMs) {
      checkedAtMs = now;
      const stated = nameserversOf(readText(path));
      const direct = stated.every((server) => server === '127.0.0.53') ? nameserversOf(readText(behindStub)) : [];
      servers = direct.length > 0 ? direct : stated;
    }
    return servers;
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // a resolv.conf being replaced; the next look finds it
  }
}
