// Opens other firewalls for our taps: Docker (and ufw) drop unknown traffic in iptables' own chains, even if our table accepts it. These rules accept
// traffic of our taps only; nftables-ruleset decides what guests may do, and its drops still apply.
import type { Logger } from '../../common/log.ts';
import { runCommand } from '../../common/run-command.ts';

export interface FirewallRule { chain: string; match: '-i' | '-o' }

/** Returns where our taps must be allowed, from iptables' filter rules (`iptables -S`). */
export function neededRules(rules: string): FirewallRule[] {
  const lines = new Set(rules.split('\n'));
  const forward = lines.has('-N DOCKER-USER') ? ['DOCKER-USER'] : lines.has('-P FORWARD DROP') ? ['FORWARD'] : [];
  const input = lines.has('-P INPUT DROP') ? ['INPUT'] : [];
  return [
    ...forward.flatMap((chain): FirewallRule[] => [{ chain, match: '-i' }, { chain, match: '-o' }]),
    ...input.map((chain): FirewallRule => ({ chain, match: '-i' })),
  ];
}

/** Adds the missing rules. Does nothing on a host without iptables. Repeatable. */
export async function addFirewallRules(installation: string, log: Logger): Promise<void> {
  const rules = await filterRules(log);
  const present = new Set(rules.split('\n'));
  for (const { chain, match } of neededRules(rules)) {
    if (present.has(`-A ${chain} ${match} smn${installation}-+ -j ACCEPT`)) continue;
    await runCommand('iptables', ['-w', '5', '-I', chain, match, `smn${installation}-+`, '-j', 'ACCEPT']);
    log.info({ event: 'network.firewall-rule-added', chain, match });
  }
}

/** Removes every rule of the installation from all chains. Repeatable. */
export async function removeFirewallRules(installation: string, log: Logger): Promise<void> {
  for (const rule of (await filterRules(log)).split('\n')) {
    const [, chain, match] = /^-A (\S+) (-[io]) (\S+) -j ACCEPT$/.exec(rule) ?? [];
    if (chain !== undefined && match !== undefined && rule.includes(` smn${installation}-+ `)) {
      await runCommand('iptables', ['-w', '5', '-D', chain, match, `smn${installation}-+`, '-j', 'ACCEPT'], { allowExit: [1] });
    }
  }
}

async function filterRules(log: Logger): Promise<string> {
  try {
    return (await runCommand('iptables', ['-w', '5', '-S'], { timeoutMs: 10_000 })).stdout;
  } catch (error) {
    log.debug({ event: 'network.no-iptables', err: error });
    return '';
  }
}
