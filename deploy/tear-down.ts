// Removes what a control plane created on this host. The control plane must not be running. For uninstall.sh, and for tests that clean up after themselves.
//   node deploy/tear-down.ts --list | --all | --keep-data
import { readdir, readFile, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { claimFolder, dataFolder, imageCacheFolder, memoryKeysFolder, poolFolder, removeClaimed, type FolderKind } from '../common/claimed-folder.ts';
import { loadConfig, type Config } from '../common/config.ts';
import { stretchDeadlines } from '../common/deadline.ts';
import { exists } from '../common/exists.ts';
import { createLogger, type Logger } from '../common/log.ts';
import { dataPaths } from '../common/paths.ts';
import { processSettings } from '../common/process-settings.ts';
import { runCommand } from '../common/run-command.ts';
import { DockerEngine } from '../orchestrator/containers/docker-engine.ts';
import { removeProfilesFor } from '../supervisor/host/apparmor.ts';
import { restoreLibvirtFolder } from '../supervisor/host/libvirt-folder.ts';
import { LibvirtDriver } from '../supervisor/libvirt/libvirt-driver.ts';
import { environmentOfDomain, isActive } from '../supervisor/vms/vm.ts';
import { VmManifest } from '../supervisor/vms/manifest.ts';
import { createHostNetwork } from '../supervisor/network/linux-network.ts';

const LIBVIRT_QEMU_FOLDER = '/var/lib/libvirt/qemu';

/**
 * Removes domains, containers, networks and the pool's mount and, without `keepData`, what Somnus keeps in the data folder and the pool's folder, by name. Does not touch other
 * installations. Repeatable. Returns the paths that stay in these folders because they are not Somnus's.
 */
export async function tearDown(config: Config, log: Logger, options: { keepData: boolean }): Promise<string[]> {
  const paths = dataPaths(config.dataDir);
  const installation = await readFile(join(paths.dataDir, 'instance'), 'utf8').then((text) => text.trim(), () => undefined);
  if (installation !== undefined) {
    await removeDomains(config, installation, log);
    await removeRunFolders(installation);
    await removeProfilesFor(await realpath(paths.runDir).catch(() => paths.runDir)); // each VM has its socket there
    const network = createHostNetwork({ installation, subnet: config.network.subnet, packageHosts: [], log });
    await network.destroy();
    await network.close();
    await removeContainers(config, installation).catch((err: unknown) => log.debug({ event: 'tear-down.no-containers', err })); // Docker may not be installed
  }
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4]);
  if (mounts.includes(paths.poolDir)) await runCommand('umount', [paths.poolDir], { timeoutMs: 120_000 });
  if (options.keepData) return [];
  if (!(await otherInstallations())) await restoreLibvirtFolder(paths.libvirtFolderRecord);
  const { keyFile } = config.api;
  if (keyFile !== undefined && dirname(keyFile) === paths.dataDir) await rm(keyFile, { force: true });
  return [...config.pool.path === undefined ? [] : await removeFolder(config.pool.path, poolFolder), ...await removeFolder(paths.memoryKeysDir, memoryKeysFolder), ...await removeFolder(paths.dataDir, dataFolder)];
}

async function removeContainers({ containers }: Config, installation: string): Promise<void> {
  const engine = new DockerEngine(containers.socket);
  for (const name of await engine.containersOf(installation)) await engine.remove(name);
  if (!(await otherInstallations())) await engine.removeImages();
}

/** Returns the paths that stay. Earlier versions left no mark, so a folder that is certainly ours gets one first. */
async function removeFolder(path: string, kind: FolderKind): Promise<string[]> {
  if (!(await exists(path))) return [];
  try {
    claimFolder(path, kind);
  } catch {
    return [path]; // nothing in it is ours
  }
  return (await removeClaimed(path, kind)).map((name) => join(path, name));
}

/** Whether another control plane has a gateway on this host. */
async function otherInstallations(): Promise<boolean> {
  return (await readdir('/sys/class/net')).some((name) => /^smn[0-9a-f]{4}-gw$/.test(name));
}

async function removeDomains(config: Config, installation: string, log: Logger): Promise<void> {
  await using driver = new LibvirtDriver({ uri: config.libvirt.uri, log });
  for (const domain of await driver.list()) {
    if (environmentOfDomain(installation, domain.name) === undefined) continue;
    if (isActive(domain)) await driver.destroy(domain.name);
    if (domain.persistent) await driver.undefine(domain.name);
  }
}

/** What libvirt leaves of VMs that ran when the host lost power. */
async function removeRunFolders(installation: string): Promise<void> {
  for (const name of await readdir(LIBVIRT_QEMU_FOLDER).catch(() => [])) {
    if (new RegExp(`^domain-\\d+-somnus-${installation}-`).test(name)) await rm(join(LIBVIRT_QEMU_FOLDER, name), { recursive: true, force: true });
  }
}

/** Names of the environments in the data folder, from their manifests; their ids while the pool is not mounted. */
async function environmentNames(config: Config): Promise<string[]> {
  const namesIn = async (folder: string, note: string): Promise<string[]> => {
    const ids = await readdir(folder).catch(() => []);
    return await Promise.all(ids.map(async (id) => {
      const text = await readFile(join(folder, id, 'manifest.json'), 'utf8').catch(() => '{}');
      const manifest = VmManifest.safeParse(JSON.parse(text));
      return (manifest.success ? manifest.data.name : id) + note;
    }));
  };
  const paths = dataPaths(config.dataDir);
  const pool = config.pool.path ?? paths.poolDir;
  const inPool = await exists(join(pool, 'environments'));
  return [...inPool ? await namesIn(join(pool, 'environments'), '') : (await readdir(paths.keysDir).catch(() => [])).map((id) => `${id} (the pool is not mounted)`), ...await namesIn(join(pool, 'quarantine'), ' (in quarantine)')];
}

if (import.meta.main) {
  const config = loadConfig(processSettings().configFile);
  stretchDeadlines(config.deadlineScale);
  const mode = process.argv[2];
  if (mode === '--list') {
    process.stdout.write((await environmentNames(config)).map((name) => `  ${name}\n`).join('') || '  (none)\n');
  } else if (mode === '--all' || mode === '--keep-data') {
    const stays = await tearDown(config, createLogger({ level: 'warn' }), { keepData: mode === '--keep-data' });
    if (mode === '--all') stays.push(...await removeFolder(config.images.cacheDir, imageCacheFolder));
    for (const path of stays) process.stdout.write(`${path} was kept: Somnus did not create it\n`);
  } else {
    process.stderr.write('usage: node deploy/tear-down.ts --list | --all | --keep-data\n');
    process.exitCode = 2;
  }
}
