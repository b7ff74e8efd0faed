// Runs a Debian host in a VM: from bare to a running Somnus, through its user's actions, and back to bare. For deploy/test.sh --host; takes most of an hour.
//   node tests/host/host-test.ts [--release 12|13] [--bare] [--from REVISION] [--keep] [--disk FILE --start-at TITLE]
//   node tests/host/host-test.ts [--release 12|13] --attach PORT --start-at TITLE
// The disk after Debian's packages, Node and the guest image is cached; --bare starts without them. --from sets REVISION up first, and upgrades it.
// --disk continues on the disk of an earlier run, which has been set up and was powered off, from the check TITLE on.
// --keep leaves the host running after the last check, until Ctrl-C or its shutdown; --attach runs the checks from TITLE (or its beginning) on, on a host that was kept.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from '../../common/run-command.ts';
import { CACHE_DIR, type Release } from './host-image.ts';
import { HostVm } from './host-vm.ts';
import { bareHost, preparedHost } from './prepared-host.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const CLONE = '/root/somnus';
/** The host computes many times slower than real hardware. */
const SETTINGS = 'deadlineScale: 10\n';
/** Without a balloon: QEMU returns each 4 KiB page with a separate call, which takes minutes here at each start. */
const SMALL = 'name: small\ndescription: For slow hosts.\nshape: {vcpus: 1, vcpusMax: 1, memoryMiB: 512, memoryMaxMiB: 512, diskGiB: 20, cpuQuotaPercent: null, ioWeight: null}\ngpu: false\n';
/** Accounts stay when a Debian package is purged, and its tools note what they did: `man 8 deluser`, Debian policy 9.2. */
const LEFT_BY_DEBIAN = /^[<>] (?:user|group): (?:polkitd|dnsmasq|docker|rdma|libvirt|libvirt-qemu|redis|kvm|messagebus|systemd-\w+):|^[<>] content: \w+ +\/etc\/(?:passwd|group|shadow|gshadow|subuid|subgid)$|\/var\/lib\/(?:machines|portables|logrotate\/status) |\/run\/adduser /;
const COMPARED_WITH_CACHE = /^[<>] (?:package|iptables|nftables|mount|loop|unit|service):/;
const DENIALS = 'journalctl -k -b --no-pager | grep \'apparmor="DENIED"\' | grep \'profile="\\(libvirt-\\|virt-aa-helper\\)\' | grep -v \'comm="dd"\' || true';

const { values } = parseArgs({ options: { release: { type: 'string', default: '12' }, bare: { type: 'boolean', default: false }, from: { type: 'string' }, log: { type: 'string' }, keep: { type: 'boolean', default: false }, attach: { type: 'string' }, disk: { type: 'string' }, 'start-at': { type: 'string', default: '' } } });
const release = Number(values.release) as Release;
const startedAt = Date.now();
const results = { passed: 0, failed: 0 };
let skipping = values['start-at'] !== '';

const seconds = (since: number): string => `${Math.round((Date.now() - since) / 1000)} s`;
const say = (text: string): void => { process.stdout.write(`${text}\n`); };

/** Checks one thing that a user does or sees. Reports a failure and continues: setting up a host takes long. */
async function check(title: string, work: () => Promise<unknown>): Promise<void> {
  skipping &&= !title.startsWith(values['start-at']);
  if (skipping) return;
  const since = Date.now();
  try {
    const found = await work();
    results.passed += 1;
    say(`  ok      ${title} (${seconds(since)})${typeof found === 'string' && found !== '' ? `: ${found}` : ''}`);
  } catch (error) {
    results.failed += 1;
    say(`  FAILED  ${title} (${seconds(since)})\n          ${(error as Error).message.split('\n').join('\n          ')}`);
  }
}

function expectEqual(found: string, wanted: string, what: string): void {
  if (found !== wanted) throw new Error(`${what} should be\n${wanted}\nand is\n${found}`);
}

const bare = await bareHost(release);
const logFile = values.log ?? join(CACHE_DIR, 'last-run.log');
const disk = join(CACHE_DIR, `run-${process.pid}.qcow2`);
const stopped = new Promise<void>((resolve) => { for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve()); });
let host: HostVm | undefined;
void stopped.then(async () => {
  await host?.[Symbol.asyncDispose]();
  await rm(disk, { force: true });
  process.exit(130);
});
try {
  host = values.attach === undefined ? await boot() : HostVm.attach(bare.image, Number(values.attach), logFile);
  await play(host);
} catch (error) {
  results.failed += 1;
  say(`  FAILED  ${(error as Error).message}`);
}
say(`\n${seconds(startedAt)} in all\n${results.passed} passed, ${results.failed} failed`);
if (values.keep && host !== undefined) {
  say(`The host runs until Ctrl-C or until it is shut down: ${host.sshCommand}`);
  await Promise.race([stopped, host.ended()]);
}
await host?.[Symbol.asyncDispose]();
await rm(disk, { force: true });
process.exitCode = results.failed === 0 ? 0 : 1;

async function boot(): Promise<HostVm> {
  const base = values.disk ?? (values.bare ? bare.disk : await preparedHost(bare, REPOSITORY));
  await rm(logFile, { force: true });
  await HostVm.overlay(base, disk);
  say(`Debian ${release} in a VM, ${values.disk !== undefined ? `with the disk ${values.disk}` : values.bare ? 'from bare' : 'with packages and guest image from the cache'}; log: ${logFile}`);
  const since = Date.now();
  const booted = await HostVm.boot(bare.image, disk, logFile);
  say(`  booted (${seconds(since)}): ${booted.sshCommand}`);
  return booted;
}

async function play(vm: HostVm): Promise<void> {
  const somnus = async (args: string): Promise<string> => (await vm.ok(`somnus ${args}`)).trim();
  const guest = async (name: string, command: string): Promise<string> => await somnus(`exec ${name} -- sh -c ${quoted(command)}`);
  const field = async (name: string, key: string): Promise<string> => String((JSON.parse(await somnus(`show ${name} -o json`)) as Record<string, unknown>)[key]);
  const qemuPids = async (): Promise<string> => (await vm.ok('pgrep -f "[g]uest=somnus-" | sort -n | tr "\\n" " "')).trim();
  /** The steps of the last operation of this kind with their times, without the short ones. */
  const steps = async (kind: string): Promise<string> => {
    const { items } = JSON.parse(await somnus('op ls --limit 10 -o json')) as { items: { kind: string; steps: { name: string; startedAt?: string; endedAt?: string }[] }[] };
    return (items.find((item) => item.kind === kind)?.steps ?? []).map(({ name, startedAt, endedAt }) => ({ name, took: Math.round((Date.parse(endedAt ?? '') - Date.parse(startedAt ?? '')) / 1000) }))
      .filter(({ took }) => took > 0).map(({ name, took }) => `${name} ${took} s`).join(', ');
  };
  const noDenials = async (): Promise<void> => { expectEqual((await vm.ok(DENIALS)).trim(), '', 'what AppArmor denied'); };

  if (values.attach === undefined && values.disk === undefined) await vm.ok(`mkdir -p /etc/somnus && printf ${quoted(SETTINGS)} >/etc/somnus/somnus.yaml`);
  // What the run before it had begun there continues when the host boots.
  if (values.disk !== undefined) await vm.ok('until curl -sf -o /dev/null http://127.0.0.1:7777/readyz; do sleep 2; done; for id in $(somnus op ls --status running -q); do somnus op cancel $id; done');
  if (values.from !== undefined) {
    const { from } = values;
    await check(`Set-up of ${from}`, async () => {
      await vm.checkOut(REPOSITORY, from, CLONE);
      await vm.ok(`cd ${CLONE} && ./deploy/quickstart.sh --no-demo --pool-size 10`);
    });
    await check('An environment with a snapshot, and a hibernated one, created by that version', async () => {
      await somnus('create old --profile idle');
      await guest('old', 'echo kept > /root/old.txt');
      await somnus('snapshot create old before');
      await somnus('fork old sleeper');
      await somnus('hibernate sleeper');
    });
  }

  await check('The README\'s first command sets Somnus up', async () => {
    await vm.checkOut(REPOSITORY, 'HEAD', CLONE);
    await vm.ok(`cd ${CLONE} && ./deploy/quickstart.sh --no-demo --pool-size 10`);
  });
  if (values.from !== undefined) {
    await check('What the previous version created exists after the upgrade, running and hibernated', async () => {
      expectEqual(await guest('old', 'cat /root/old.txt'), 'kept', 'the file');
      await somnus('wake sleeper');
      await somnus('snapshot restore old before');
      await somnus('rm old --purge --yes');
      await somnus('rm sleeper --purge --yes');
    });
  }
  await check('The accelerator', async () => await vm.ok('somnus status | grep accelerator').then((line) => line.trim()));
  await check('create, with a custom profile', async () => {
    await vm.ok(`mkdir -p /var/lib/somnus/profiles && printf ${quoted(SMALL)} >/var/lib/somnus/profiles/small.yaml`);
    await somnus('create one --profile small');
    return await steps('environment.create');
  });
  await check('exec', async () => {
    expectEqual(await guest('one', 'echo first > /root/file; cat /root/file'), 'first', 'the file');
    await guest('one', 'setsid sh -c "while sleep 1; do date +%s >> /root/ticks; done" >/dev/null 2>&1 &');
  });
  await check('snapshot', async () => {
    await somnus('snapshot create one good');
    return await steps('snapshot.create');
  });
  await check('restore: files and programs are back', async () => {
    await guest('one', 'echo second > /root/file; pkill -f "[w]hile sleep"');
    await somnus('snapshot restore one good');
    expectEqual(await guest('one', 'cat /root/file; pgrep -fc "[w]hile sleep"'), 'first\n1', 'file and programs');
    return await steps('snapshot.restore');
  });
  await check('fork', async () => {
    await somnus('fork one two');
    expectEqual(await guest('two', 'cat /root/file; hostname'), 'first\ntwo', 'file and name');
    return await steps('environment.fork');
  });
  await check('hibernate and wake', async () => {
    await somnus('hibernate two');
    await somnus('wake two');
    expectEqual(await guest('two', 'pgrep -fc "[w]hile sleep"'), '1', 'programs');
    return `${await steps('environment.hibernate')}; ${await steps('environment.wake')}`;
  });
  await check('AppArmor confines each VM under its own profile', async () => {
    const labels = (await vm.ok('for pid in $(pgrep -f "[g]uest=somnus-"); do cat /proc/$pid/attr/current; done')).trim().split('\n');
    if (labels.length !== 2 || new Set(labels).size !== 2 || !labels.every((label) => /^libvirt-[0-9a-f-]{36} \(enforce\)$/.test(label))) throw new Error(labels.join('\n'));
  });
  await check('AppArmor has denied nothing', noDenials);
  await check('The doctor has verified that no VM can open another\'s memory', async () => {
    const { checks } = JSON.parse((await vm.run('somnus doctor -o json')).output) as { checks: { name: string; status: string; found: string }[] };
    const found = checks.find(({ name }) => name === 'apparmor');
    if (found?.status !== 'ok') throw new Error(JSON.stringify(checks));
    return found.found;
  });
  await check('systemctl restart: the same QEMU processes, and the API answers', async () => {
    const before = await qemuPids();
    const since = Date.now();
    await vm.ok('systemctl restart somnus; until curl -sf -o /dev/null http://127.0.0.1:7777/healthz; do sleep 0.5; done');
    const health = seconds(since);
    await vm.ok('until curl -sf -o /dev/null http://127.0.0.1:7777/readyz; do sleep 0.5; done');
    expectEqual(await qemuPids(), before, 'QEMU\'s processes');
    return `/healthz after ${health}, ready after ${seconds(since)}`;
  });
  await check('A filter that another program deletes is back at once', async () => {
    const table = `inet somnus_${(await vm.ok('cat /var/lib/somnus/instance')).trim()}`;
    const since = Date.now();
    await vm.ok(`nft delete table ${table}; timeout 40 sh -c 'until nft list table ${table} >/dev/null 2>&1; do sleep 0.2; done'`); // reconciliation would need up to a minute
    return `after ${seconds(since)}`;
  });
  await check('Reboot: running VMs run again with their files, hibernated ones stay hibernated', async () => {
    await somnus('hibernate two');
    await vm.reboot();
    await vm.ok('until [ "$(somnus show one -o json | grep -o \'"state": *"running"\')" ] && somnus exec one -- true; do sleep 5; done');
    expectEqual(await guest('one', 'cat /root/file'), 'first', 'the file');
    expectEqual(await field('two', 'state'), 'hibernated', 'the state of the hibernated environment');
    await somnus('wake two');
    expectEqual(await guest('two', 'pgrep -fc "[w]hile sleep"'), '1', 'programs');
  });
  await check('AppArmor has denied nothing since the reboot', noDenials);
  /** Debian 13 has neither the file nor its folder. */
  const localRules = '/etc/apparmor.d/local/abstractions/libvirt-qemu';
  const addRule = (rule: string): string => `mkdir -p ${dirname(localRules)}; [ ! -e ${localRules} ] || cp -p ${localRules} /root/rules.before; echo '${rule}' >>${localRules}`;
  const restoreRules = `if [ -e /root/rules.before ]; then mv /root/rules.before ${localRules}; else rm -f ${localRules}; rmdir --ignore-fail-on-non-empty ${dirname(localRules)}; fi`;
  await check('The doctor finds a rule that lets one VM open another\'s memory', async () => {
    await vm.ok(`${addRule('/var/lib/somnus/pool/environments/** rw,')}; somnus stop two; somnus start two`);
    const { output } = await vm.run('somnus doctor');
    await vm.ok(`${restoreRules}; somnus stop two; somnus start two`);
    if (!/apparmor +failed +AppArmor lets env_\w+ open the memory of env_/.test(output)) throw new Error(output);
  });
  await check('The doctor finds a file that AppArmor denies', async () => {
    await vm.ok(`${addRule('audit deny /var/lib/somnus/pool/environments/*/ram w,')}; somnus stop two; somnus start two 2>&1 || true`);
    const { output } = await vm.run('somnus doctor');
    await vm.ok(`${restoreRules}; somnus start two`);
    if (!/apparmor +failed +AppArmor denied env_\w+ access .* to \S+\/ram/.test(output)) throw new Error(output);
  });
  await check('Purging an environment leaves no profile', async () => {
    await somnus('rm two --purge --yes');
    expectEqual((await vm.ok('ls /etc/apparmor.d/libvirt | grep -c "^libvirt-.*[^s]$" || true')).trim(), '1', 'the number of profiles');
  });
  await check('Uninstall: the host is as before', async () => {
    await vm.ok(`cd ${CLONE} && ./deploy/uninstall.sh --yes`);
    await vm.ok(`rm -rf ${CLONE}`);
    const after = await vm.ok('bash -s', { input: await readFile(join(import.meta.dirname, 'inventory.sh'), 'utf8') });
    await mkdir(CACHE_DIR, { recursive: true });
    await writeFile(join(CACHE_DIR, 'inventory.after'), after);
    const { stdout } = await runCommand('diff', [bare.inventory, join(CACHE_DIR, 'inventory.after')], { allowExit: [1] });
    const lines = stdout.split('\n').filter((line) => /^[<>]/.test(line) && !LEFT_BY_DEBIAN.test(line));
    // The packages of the cached disk came without set-up's record of the host: what is of Docker and libvirt there belongs to the host.
    expectEqual((values.bare ? lines : lines.filter((line) => COMPARED_WITH_CACHE.test(line) || /somnus/i.test(line))).join('\n'), '', 'the difference');
  });
}

function quoted(text: string): string {
  return `'${text.replaceAll('\'', '\'\\\'\'')}'`;
}
