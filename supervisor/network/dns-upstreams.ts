// The host's own name servers, reread when its settings change.
import { readFileSync } from 'node:fs';

const recheckAfterMs = 1000;

/** Returns the addresses in a resolv.conf, in order. */
export function nameserversOf(resolvConf: string): string[] {
  return resolvConf.split('\n').map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1]).filter((address) => address !== undefined);
}

/**
 * Returns a function that returns the current name servers. systemd-resolved's stub (127.0.0.53) also answers names that are the host's own
 * (/etc/hosts, LLMNR), so its upstream servers are used instead.
 */
export function hostNameservers(path = '/etc/resolv.conf', behindStub = '/run/systemd/resolve/resolv.conf'): () => readonly string[] {
  let checkedAtMs = -Infinity;
  let servers: readonly string[] = [];
  return () => {
    const now = performance.now();
    if (now - checkedAtMs >= recheckAfterMs) {
      checkedAtMs = now;
      const configured = nameserversOf(readText(path));
      const direct = configured.every((server) => server === '127.0.0.53') ? nameserversOf(readText(behindStub)) : [];
      servers = direct.length > 0 ? direct : configured;
    }
    return servers;
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // resolv.conf is being replaced; the next check reads it
  }
}
