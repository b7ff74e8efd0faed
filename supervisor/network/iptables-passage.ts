// Passage through filters of others: Docker (and ufw) drop what they do not know in iptables' own chains, whatever our table accepts.
// Our rules there accept for our taps alone; what guests may do is decided by nftables-ruleset, which drops it regardless.
import type { Logger } from '../../common/log.ts';
import { runCommand } from '../../common/run-command.ts';

export interface Passage { chain: string; match: '-i' | '-o' }

/** Where our taps must be let through, given all of iptables' filter rules (`iptables -S`). */
export function neededPassages(rules: string): Passage[] {
  const lines = new Set(rules.split('\n'));
  const forward = lines.has('-N DOCKER-USER') ? ['DOCKER-USER'] : lines.has('-P FORWARD DROP') ? ['FORWARD'] : [];
  const input = lines.has('-P INPUT DROP') ? ['INPUT'] : [];
  return [
    ...forward.flatMap((chain): Passage[] => [{ chain, match: '-i' }, { chain, match: '-o' }]),
    ...input.map((chain): Passage => ({ chain, match: '-i' })),
  ];
}

/** Opens what is needed and not open yet. Does nothing on a host without iptables. Repeatable. */
export async function openPassages(instance: string, log: Logger): Promise<void> {
  const rules = await filterRules(log);
  const present = new Set(rules.split('\n'));
  for (const { chain, match } of neededPassages(rules)) {
    if (present.has(`-A ${chain} ${match} smn${instance}-+ -j ACCEPT`)) continue;
    await runCommand('iptables', ['-w', '5', '-I', chain, match, `smn${instance}-+`, '-j', 'ACCEPT']);
    log.info({ event: 'network.passage_opened', chain, match });
  }
}

/** Takes every rule of the instance away, in whatever chain it is. Repeatable. */
export async function closePassages(instance: string, log: Logger): Promise<void> {
  for (const rule of (await filterRules(log)).split('\n')) {
    const [, chain, match] = /^-A (\S+) (-[io]) (\S+) -j ACCEPT$/.exec(rule) ?? [];
    if (chain !== undefined && match !== undefined && rule.includes(` smn${instance}-+ `)) {
      await runCommand('iptables', ['-w', '5', '-D', chain, match, `smn${instance}-+`, '-j', 'ACCEPT'], { allowExit: [1] });
    }
  }
}

async function filterRules(log: Logger): Promise<string> {
  try {
    return (await runCommand('iptables', ['-w', '5', '-S'], { timeoutMs: 10_000 })).stdout;
  } catch (error) {
    log.debug({ event: 'network.no_iptables', err: error });
    return '';
  }
}
