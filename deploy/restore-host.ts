// Reverts what a Docker that set-up started changed on the host: firewall rules, FORWARD's policy, forwarding. Reverts only what differs from the state
// before set-up and is still as Docker left it; what other programs added or changed since stays. For uninstall.sh, when that Docker no longer runs.
//   node deploy/restore-host.ts BEFORE    (the folder that record_host_state of lib.sh wrote)
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../common/run-command.ts';

interface Table { policies: Map<string, string>; chains: string[]; rules: string[] }

/** Reads what `iptables-save` prints, without counters. Pure. */
export function parseRules(text: string): Map<string, Table> {
  const tables = new Map<string, Table>();
  let table: Table = { policies: new Map(), chains: [], rules: [] };
  for (const line of text.split('\n')) {
    const [, chain = '', policy = ''] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (line.startsWith('*')) tables.set(line.slice(1), table = { policies: new Map(), chains: [], rules: [] });
    else if (policy === '-') table.chains.push(chain);
    else if (chain !== '') table.policies.set(chain, policy);
    else if (line.startsWith('-A ')) table.rules.push(line.slice(3));
  }
  return tables;
}

const isDockerChain = (name: string): boolean => name === 'DOCKER' || name.startsWith('DOCKER-');

/** Arguments of the `iptables` commands that remove Docker's part. Pure. */
export function firewallRestore(beforeText: string, nowText: string): string[][] {
  const before = parseRules(beforeText);
  return [...parseRules(nowText)].flatMap(([name, now]) => {
    const known = before.get(name) ?? { policies: new Map<string, string>(), chains: [], rules: [] };
    const isNew = (rule: string): boolean => !known.rules.includes(rule);
    // A chain that contains other programs' rules stays, with the jump to it.
    const removable = now.chains.filter((chain) => isDockerChain(chain) && !known.chains.includes(chain) && now.rules.filter((rule) => chainOf(rule) === chain).every((rule) => isOfDocker(rule)));
    const rules = now.rules.filter((rule) => isNew(rule) && !now.chains.includes(chainOf(rule)) && isOfDocker(rule) && !now.chains.some((chain) => !removable.includes(chain) && jumpsTo(rule, chain)));
    const policy = name === 'filter' && (known.policies.get('FORWARD') ?? 'ACCEPT') === 'ACCEPT' && now.policies.get('FORWARD') === 'DROP';
    return [
      ...rules.map((rule) => ['-t', name, '-D', ...words(rule)]),
      ...removable.map((chain) => ['-t', name, '-F', chain]),
      ...removable.map((chain) => ['-t', name, '-X', chain]),
      ...(policy ? [['-t', name, '-P', 'FORWARD', 'ACCEPT']] : []),
    ];
  });
}

/** Tables that did not exist before and are empty now. Pure. */
export function emptiedTables(beforeText: string, nowText: string): string[] {
  const before = parseRules(beforeText);
  return [...parseRules(nowText)].flatMap(([name, { policies, chains, rules }]) =>
    (!before.has(name) && chains.length === 0 && rules.length === 0 && [...policies.values()].every((policy) => policy === 'ACCEPT') ? [name] : []));
}

function chainOf(rule: string): string {
  return rule.split(' ')[0] ?? '';
}

function jumpsTo(rule: string, chain: string): boolean {
  return rule.endsWith(` -j ${chain}`);
}

/** Recognizes Docker's own rules by its bridge, its chains, and the `RETURN` that ends them. */
function isOfDocker(rule: string): boolean {
  const inItsChain = isDockerChain(chainOf(rule)) && / -j (?:RETURN|DROP)$/.test(rule) && !/ -[sd] /.test(rule);
  return / -[io] docker0( |$)/.test(rule) || / -j DOCKER(-[A-Z0-9-]+)?$/.test(rule) || inItsChain;
}

/** Splits as a shell would: `iptables-save` quotes comments. */
function words(rule: string): string[] {
  return [...rule.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

async function restoreFirewall(before: string, family: '' | '6'): Promise<void> {
  const text = await readFile(join(before, `ip${family}tables`), 'utf8');
  const save = async (): Promise<string> => (await runCommand(`ip${family}tables-save`, [])).stdout;
  for (const args of firewallRestore(text, await save())) await runCommand(`ip${family}tables`, ['-w', '5', ...args]);
  // Only nftables can delete tables; with legacy iptables they are part of the kernel.
  for (const table of emptiedTables(text, await save())) await runCommand('nft', ['delete', 'table', `ip${family}`, table], { allowExit: [1] });
}

const SYSCTL_FOLDERS = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d'];

/** Whether this host's own settings enable forwarding. */
async function forwardingIsWanted(): Promise<boolean> {
  const inFolders = await Promise.all(SYSCTL_FOLDERS.map(async (folder) => (await readdir(folder).catch(() => [])).map((name) => join(folder, name))));
  const texts = await Promise.all(['/etc/sysctl.conf', ...inFolders.flat()].map(async (file) => await readFile(file, 'utf8').catch(() => '')));
  if (texts.some((text) => /^\s*net[./]ipv4[./](?:ip_forward|conf[./]all[./]forwarding)\s*=\s*1/m.test(text))) return true;
  const { stdout } = await runCommand('virsh', ['--quiet', 'net-list', '--name'], { allowExit: [1] }).catch(() => ({ stdout: '' }));
  return stdout.trim() !== ''; // libvirt's networks need it
}

async function restoreForwarding(before: string): Promise<void> {
  const settings = (await readFile(join(before, 'forwarding'), 'utf8')).trim().split('\n').map((line) => line.split(' '));
  const was = settings.find(([path]) => path === '/proc/sys/net/ipv4/ip_forward')?.[1];
  const is = (await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8')).trim();
  if (was !== '0' || is !== '1' || await forwardingIsWanted()) return;
  await writeFile('/proc/sys/net/ipv4/ip_forward', '0'); // also sets all interfaces
  for (const [path = '', value = ''] of settings.filter(([, setting]) => setting === '1')) await writeFile(path, value).catch(() => {}); // an interface may no longer exist
}

if (import.meta.main) {
  const before = process.argv[2] ?? '';
  const hadBridge = (await readFile(join(before, 'links'), 'utf8')).split('\n').includes('docker0');
  if (!hadBridge && await access('/sys/class/net/docker0').then(() => true, () => false)) await runCommand('ip', ['link', 'delete', 'dev', 'docker0']);
  await restoreFirewall(before, '');
  await restoreFirewall(before, '6');
  await restoreForwarding(before);
}
