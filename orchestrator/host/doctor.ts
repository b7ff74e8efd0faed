// Checks this host and suggests fixes. Works with and without a running control plane; changes nothing.
import { mkdtempDisposable, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import type { Config } from '../../common/config.ts';
import { toSomnusError } from '../../common/errors.ts';
import { exists } from '../../common/exists.ts';
import { dataPaths } from '../../common/paths.ts';
import { runCommand } from '../../common/run-command.ts';
import { hostPackageSources, withheldCredentials } from '../../images/host-settings.ts';
import { imageInputs } from '../../images/image-version.ts';
import { rememberedAccel } from '../../supervisor/host/accel.ts';
import { hostAddresses, hostRoutes, usedBy } from '../../supervisor/network/host-addresses.ts';
import { ImageStore } from '../../supervisor/storage/image-store.ts';
import { poolLevel, usedPercent } from '../../supervisor/storage/pool-level.ts';
import type { StoragePool } from '../../supervisor/storage/pool.ts';
import { poolOf } from '../../supervisor/storage/xfs-pool.ts';
import type { PoolState } from '../environments/pool-watch.ts';
import type { PartReport } from '../startup/parts.ts';
import type { ClockDoubt } from '../clock/trusted-clock.ts';
import { freeBytesAt, LOW_BYTES, spaceProblem } from '../store/space-reserve.ts';
import type { Trouble } from './troubles.ts';
import { missingModelFiles } from '../../common/embedding/model-files.ts';
import { checkAppArmor } from './check-apparmor.ts';
import { failed, ok, warning, type Finding } from './finding.ts';
import type { DoctorCheck, DoctorReport } from './host.ts';

/** Only known by a running control plane. */
export interface DoctorKnowledge {
  pool: Pick<PoolState, 'level' | 'paused'>;
  damagedSnapshots: readonly { environment: string; name: string; damage: string }[];
  /** The number of others that the caller may not see. */
  othersDamagedSnapshots: number;
  troubles: readonly (Trouble & { /** What it is about, for those who may know. */ of: string | null })[];
  parts: readonly PartReport[];
  clock: ClockDoubt | undefined;
}

export async function runDoctor(config: Config, known?: DoctorKnowledge): Promise<DoctorReport> {
  const pool = poolOf(config);
  const checks: Record<string, () => Promise<Finding>> = {
    accelerator: async () => await checkAccelerator(config),
    'kvm-permission': checkKvmPermission,
    libvirt: async () => await checkLibvirt(config),
    qemu: checkQemu,
    apparmor: async () => await checkAppArmor(config, pool),
    isolation: async () => await checkIsolation(config),
    pool: async () => await checkPool(pool, known?.pool),
    'data-folder': async () => await checkDataFolder(config, known?.parts.find(({ name }) => name === 'data-folder')),
    ...(known ? { snapshots: async () => checkSnapshots(known), 'control-plane': async () => checkParts(known.parts), clock: async () => checkClock(known.clock), 'background-work': async () => checkTroubles(known.troubles) } : {}),
    network: async () => await checkNetwork(config),
    docker: async () => await checkContainerEngine(),
    redis: async () => await checkRedis(config),
    image: async () => await checkImage(pool),
    'package-settings': checkPackageSettings,
    'embedding-model': async () => await checkEmbeddingModel(config),
  };
  const findings = await Promise.all(Object.entries(checks).map(async ([name, check]): Promise<DoctorCheck> => {
    try {
      return { name, ...await check() };
    } catch (error) {
      return { name, ...failed(`could not be checked: ${toSomnusError(error).message}`, 'Run this as root; see the log.') };
    }
  }));
  return { ok: findings.every(({ status }) => status !== 'failed'), checks: findings };
}

async function checkAccelerator(config: Config): Promise<Finding> {
  const { accelFile } = dataPaths(config.dataDir);
  const verdict = await rememberedAccel(accelFile);
  const details = { setting: config.accel, verdict: verdict ?? null };
  if (config.accel !== 'auto') return ok(`${config.accel}, as configured`, details);
  if (!(await exists('/dev/kvm'))) return warning('no /dev/kvm: guests are emulated (TCG), many times slower', 'Enable virtualization in the firmware, or nested virtualization if this host is a VM.', details);
  if (!verdict) return warning('KVM has not been tested since the host booted', 'Test it now with `somnus doctor --probe`; otherwise the first VM start does.', details);
  if (verdict.use === 'kvm') return ok(verdict.reason, details);
  return warning(verdict.reason, `Guests are emulated (TCG). If KVM should work, see \`dmesg\`, then test it with \`somnus doctor --probe\`. Somnus also tests it again when the host is idle and after each boot.`, details);
}

async function checkKvmPermission(): Promise<Finding> {
  const device = await stat('/dev/kvm').catch(() => undefined);
  if (!device) return ok('no /dev/kvm, so no access is needed');
  const details = { mode: (device.mode & 0o777).toString(8), gid: device.gid };
  const allowed = await runCommand('setpriv', ['--reuid', 'libvirt-qemu', '--regid', 'kvm', '--clear-groups', 'sh', '-c', '[ -r /dev/kvm ] && [ -w /dev/kvm ]']).then(() => true, () => false);
  if (allowed) return ok('QEMU can use /dev/kvm', details);
  return failed(
    'QEMU cannot use /dev/kvm: libvirt detects KVM as root but not as QEMU\'s user, discards its capability cache each time, and every start takes a minute longer',
    'chgrp kvm /dev/kvm && chmod 660 /dev/kvm (udev does so on most hosts).', details,
  );
}

async function checkLibvirt(config: Config): Promise<Finding> {
  const { stdout } = await runCommand('virsh', ['--quiet', '--connect', config.libvirt.uri, 'version'], { timeoutMs: 20_000 })
    .catch((error: unknown) => ({ stdout: `! ${toSomnusError(error).message}` }));
  if (!stdout.startsWith('!')) return ok(/^Using library: (.+)$/m.exec(stdout)?.[1] ?? 'answers', { uri: config.libvirt.uri });
  return failed(`libvirt does not answer at ${config.libvirt.uri}: ${stdout.slice(2)}`, 'systemctl start libvirtd, or `virtlogd -d; libvirtd -d` without systemd.', { uri: config.libvirt.uri });
}

async function checkQemu(): Promise<Finding> {
  const { stdout } = await runCommand('qemu-system-x86_64', ['--version']).catch(() => ({ stdout: '' }));
  const version = /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  return version === undefined ? failed('QEMU is not installed', 'apt-get install qemu-system-x86') : ok(`QEMU ${version}`, { version });
}

/** Asks libvirt what it would start, since its configuration decides about the sandbox. */
const EMPTY_VM = '<domain type="qemu"><name>somnus-doctor</name><memory unit="MiB">64</memory><vcpu>1</vcpu><os><type arch="x86_64" machine="pc">hvm</type></os></domain>';

async function checkIsolation(config: Config): Promise<Finding> {
  const virsh = async (...args: string[]): Promise<string> => (await runCommand('virsh', ['--quiet', '--connect', config.libvirt.uri, ...args], { timeoutMs: 20_000 })).stdout;
  await using folder = await mkdtempDisposable(join(tmpdir(), 'somnus-doctor-'));
  const file = join(folder.path, 'vm.xml'); // virsh needs a file name, and Node's pipes have none
  await writeFile(file, EMPTY_VM);
  const [command, capabilities] = await Promise.all([virsh('domxml-to-native', 'qemu-argv', '--xml', file), virsh('capabilities')]);
  if (!/-sandbox on\b/.test(command)) return failed('QEMU runs without its sandbox (seccomp); if a guest takes over its QEMU, only the permissions of QEMU\'s user limit it', 'Set seccomp_sandbox = 1 in /etc/libvirt/qemu.conf and restart libvirtd; each VM gets it at its next start.');
  if (!/<model>dac<\/model>/.test(capabilities)) return failed('libvirt does not run each VM as its own user, so VMs could open each other\'s files', 'Add "dac" to security_driver in /etc/libvirt/qemu.conf and restart libvirtd.');
  return ok('each VM\'s QEMU runs as its own user, in QEMU\'s sandbox');
}

async function checkPool(pool: StoragePool, seen: DoctorKnowledge['pool'] = { level: 'ok', paused: [] }): Promise<Finding> {
  const usage = await pool.usage().catch(() => undefined);
  if (!usage || (usage.backing === 'loop' && usage.fileSystem !== 'xfs')) return failed('the pool is not mounted', 'Create and mount it with `somnus up`.');
  const percent = usedPercent(usage);
  const level = seen.level === 'ok' ? poolLevel(usage, 0) : seen.level;
  const found = `${usage.fileSystem} on a ${usage.backing === 'loop' ? 'pool file' : 'folder'}, ${gib(usage.freeBytes)} of ${gib(usage.totalBytes)} GiB free`;
  const details = { ...usage, usedPercent: percent };
  if (!usage.reflink) return warning(`${found}; it has no reflink, so snapshots and forks are slow full copies`, 'Remove pool.path from the configuration, or set it to a folder on XFS or btrfs.', details);
  const freeSpace = 'Enlarge it with `somnus pool grow SIZE`; `somnus pool show` lists other ways to free space.';
  if (level === 'full') return failed(`${found}: the pool is full${seen.paused.length === 0 ? '' : `; paused until space is free: ${seen.paused.join(', ')}`}`, freeSpace, { ...details, paused: seen.paused });
  if (level === 'filling') return warning(`${found}: ${percent} % used`, freeSpace, details);
  return ok(found, details);
}

export function checkSnapshots({ damagedSnapshots: damaged, othersDamagedSnapshots: others }: Pick<DoctorKnowledge, 'damagedSnapshots' | 'othersDamagedSnapshots'>): Finding {
  const ofOthers = others === 0 ? [] : [`${others} ${others === 1 ? 'snapshot of another user is' : 'snapshots of other users are'} damaged`];
  if (damaged.length === 0) return others === 0 ? ok('no known damage') : warning(ofOthers.join(), 'Run `somnus doctor` with an admin key to see which.');
  return failed([...damaged.map(({ environment, name, damage }) => `${environment} ${name}: ${damage}`), ...ofOthers].join('; '), 'Take new snapshots and check the disk with `dmesg` and `smartctl -a`. `somnus snapshot check NAME SNAP` checks a snapshot again; `somnus snapshot rm NAME SNAP` removes it.', { damaged });
}

function checkParts(parts: DoctorKnowledge['parts']): Finding {
  const missing = parts.filter(({ name, state }) => state !== 'ready' && name !== 'data-folder'); // data-folder has its own check
  if (missing.length === 0) return ok('all parts are ready');
  const found = missing.map(({ name, state, message }) => `${name} is ${state}${message === null ? '' : `: ${message}`}`).join('; ');
  const details = { missing };
  return missing.some(({ state }) => state === 'unavailable') ? failed(found, 'Everything else works. Somnus keeps trying; see its log.', details) : warning(found, 'Wait a moment.', details);
}

/** Without a control plane, checks what it would find at its start. */
async function checkDataFolder({ dataDir }: Config, part?: PartReport): Promise<Finding> {
  if (!(await exists(dataDir))) return ok(`${dataDir} does not exist yet`);
  const freeBytes = freeBytesAt(dataDir);
  const details = { freeBytes };
  const { hint, message } = spaceProblem(dataDir, 'low', freeBytes);
  if (part?.state === 'unavailable' || part?.state === 'degraded') return failed(part.message ?? message, hint, details);
  return freeBytes < LOW_BYTES ? failed(message, hint, details) : ok(`${gib(freeBytes)} GiB free on the disk that holds ${dataDir}`, details);
}

function checkClock(doubt: DoctorKnowledge['clock']): Finding {
  if (doubt === undefined) return ok('the clock is steady');
  const found = doubt.kind === 'jumped' ? `the clock jumped to ${doubt.wall}; expected ${doubt.expected}` : `the host was off and the time cannot be verified: the clock shows ${doubt.wall}, the last known time is ${doubt.expected}`;
  return warning(`${found}. Nothing is deleted because of its age until the clock has been steady for a day`, 'If the date is right, run `somnus clock accept`. Otherwise, set the host\'s clock.', { ...doubt });
}

function checkTroubles(troubles: DoctorKnowledge['troubles']): Finding {
  if (troubles.length === 0) return ok('nothing has failed');
  const found = troubles.map(({ area, of, message, since }) => `${area}${of === null ? '' : ` of ${of}`}: ${of === null ? 'failed' : message} (since ${since})`).join('; ');
  return warning(found, 'Somnus tries again automatically, and other work continues; see the control plane\'s log.', { troubles: troubles.filter(({ of }) => of !== null) });
}

async function checkNetwork(config: Config): Promise<Finding> {
  const { subnet } = config.network;
  const installation = await readFile(dataPaths(config.dataDir).installationFile, 'utf8').catch(() => '');
  const conflict = usedBy(subnet, { addresses: await hostAddresses(), routes: await hostRoutes(), own: `smn${installation.trim()}-` });
  if (conflict !== undefined) {
    return warning(
      `network.subnet ${subnet} is also used by something else: ${conflict}. Environments and that network cannot reach each other, and this host may reach only one of them`,
      'Set network.subnet in the configuration to a private /16 that nothing else uses, then run `somnus down` and `somnus up`. Running environments get a new address at once, others when they start, wake or are restored.',
      { subnet, conflict },
    );
  }
  const { stdout: routes } = await runCommand('ip', ['-4', 'route', 'show', 'default']);
  if (routes.trim() === '') return warning('this host has no default route, so environments cannot reach other networks', 'Set up the host\'s network.');
  const nft = await runCommand('nft', ['--version']).then(() => true, () => false);
  if (!nft) return failed('nftables is not installed, so environments cannot be isolated', 'apt-get install nftables');
  const uplink = /dev (\S+)/.exec(routes)?.[1] ?? '';
  // Forwarding is enabled only for the devices that need it, not for the whole host.
  const forwarding = (await readFile(`/proc/sys/net/ipv4/conf/${uplink}/forwarding`, 'utf8').catch(() => '')).trim() === '1';
  if (!forwarding) return warning(`IPv4 forwarding is off for ${uplink}, so environments cannot reach other networks`, `\`somnus up\` turns it on; find out what turns it off (sysctl net.ipv4.conf.${uplink}.forwarding).`);
  return ok(`default route through ${uplink}, forwarding is on`);
}

const PODMAN_SOCKET = '/run/podman/podman.sock';

/** Checks Docker, also where Podman answers at Docker's socket; otherwise Podman at its own. */
export async function checkContainerEngine(sockets: readonly (string | undefined)[] = [undefined, PODMAN_SOCKET]): Promise<Finding> {
  const { default: Docker } = await import('dockerode'); // a sixth of what the control plane loads, and only used here
  const failures: string[] = [];
  for (const socketPath of sockets) {
    try {
      const { Version, Components }: { Version: string; Components?: { Name: string }[] } = await new Docker({ timeout: 5_000, ...(socketPath === undefined ? {} : { socketPath }) }).version();
      const podman = Components?.some(({ Name }) => /podman/i.test(Name)) === true; // old versions of Docker report no components
      return ok(podman ? `Podman ${Version} is used as Docker, at ${socketPath ?? 'Docker\'s socket'}` : `Docker ${Version}`, { engine: podman ? 'podman' : 'docker', version: Version });
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  if (await runCommand('podman', ['--version']).then(() => true, () => false)) {
    return warning(`Podman is installed, but its service does not answer: ${failures.at(-1)}`, 'systemctl enable --now podman.socket. VMs work without it; containers do not.');
  }
  return warning(`Docker does not answer: ${failures[0]}`, 'apt-get install docker.io, then systemctl start docker, or `dockerd` without systemd. VMs work without it; containers do not.');
}

async function checkRedis(config: Config): Promise<Finding> {
  const { url } = config.redis;
  if (url === undefined) {
    const { stdout } = await runCommand('redis-server', ['--version']).catch(() => ({ stdout: '' }));
    const version = /v=(\S+)/.exec(stdout)?.[1];
    return version === undefined ? failed('redis-server is not installed, and no other Redis is configured', 'apt-get install redis-server, or set redis.url.') : ok(`redis-server ${version}, run privately by Somnus`, { version });
  }
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 5_000, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => {}); // reported below
  try {
    await redis.connect();
    await redis.ping();
    return ok('the configured Redis answers');
  } catch (error) {
    return failed(`the configured Redis does not answer: ${(error as Error).message}`, 'Start it, correct redis.url, or remove redis.url to use a private Redis.');
  } finally {
    redis.disconnect();
  }
}

async function checkImage(pool: StoragePool): Promise<Finding> {
  const images = new ImageStore(pool);
  const current = await images.currentVersion();
  if (current === undefined) return failed('no guest image has been built', 'somnus image build');
  const wanted = (await imageInputs()).version;
  if (current !== wanted) return warning(`image ${current}; the recipe has changed since it was built`, 'Run `somnus image build`. New environments use the new image; existing ones do not change.', { current, wanted });
  return ok(`image ${current}`, { current });
}

async function checkPackageSettings(): Promise<Finding> {
  const nodePrefix = dirname(dirname(process.execPath));
  const [withheld, sources] = await Promise.all([withheldCredentials(nodePrefix), hostPackageSources(nodePrefix)]);
  const details = { withheld, throughGateway: sources.map(({ base }) => base) };
  if (withheld.length > 0) return warning(`guests do not get the passwords for: ${withheld.join(', ')}`, 'Guests use these without a password. If one is needed, configure a proxy that does not need one, or set the password in the environments that may know it.', details);
  if (sources.length === 0) return ok('guests use this host\'s package sources, none of which needs a password', details);
  return ok(`guests use this host's package sources; ${sources.length} of them through Somnus, which adds the password: ${details.throughGateway.join(', ')}`, details);
}

async function checkEmbeddingModel(config: Config): Promise<Finding> {
  const own = config.models.embeddingDir;
  const folder = own ?? dataPaths(config.dataDir).embeddingDir;
  const missing = await missingModelFiles(folder);
  if (missing.length === 0) return ok('the embedding model is installed', { folder });
  if (own !== undefined) return failed(`${folder} does not contain ${missing.join(' and ')}`, 'Copy the model\'s files there, or correct models.embeddingDir.', { missing });
  return warning('the embedding model has not been downloaded, so memory searches by keywords only', 'Run deploy/quickstart.sh again. You can set models.embeddingUrl to a mirror, or models.embeddingDir to a folder with the model.', { missing });
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
