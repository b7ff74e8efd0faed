// The composition root of the host: libvirt, pool, network, guests. Constructs everything at once; slow parts are brought up later.
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { packageEnvironment, type Config } from '../common/config.ts';
import type { Logger } from '../common/log.ts';
import type { DataPaths } from '../common/paths.ts';
import { runCommand } from '../common/run-command.ts';
import { hostPackageSources } from '../images/host-settings.ts';
import { Guests } from '../supervisor/guest/guests.ts';
import { readAbilities } from '../supervisor/host/abilities.ts';
import { HostHardware } from '../supervisor/host/hardware.ts';
import { LibvirtDriver } from '../supervisor/libvirt/libvirt-driver.ts';
import type { VmHost } from '../supervisor/vms/vm.ts';
import { createHostNetwork } from '../supervisor/network/linux-network.ts';
import { isEnvironmentId } from '../supervisor/recovery/find-orphans.ts';
import { TemplateStore } from '../supervisor/snapshots/template-store.ts';
import { ImageStore } from '../supervisor/storage/image-store.ts';
import type { StoragePool } from '../supervisor/storage/pool.ts';
import { poolOf } from '../supervisor/storage/xfs-pool.ts';

export interface HostParts {
  vms: VmHost;
  driver: LibvirtDriver;
  pool: StoragePool;
  images: ImageStore;
  hardware: HostHardware;
}

export interface HostPartsOptions { config: Config; paths: DataPaths; installation: string; stack: AsyncDisposableStack; log: Logger }

export async function composeHost({ config, paths, installation, stack, log }: HostPartsOptions): Promise<HostParts> {
  const driver = new LibvirtDriver({ uri: config.libvirt.uri, log });
  stack.defer(async () => await driver.close());
  const pool = poolOf(config);
  const network = createHostNetwork({ installation, subnet: config.network.subnet, packageHosts: config.network.packageHosts, packageHostsFile: paths.packageHostsFile, packageSources: rereadEvery(60_000, async () => await hostPackageSources(dirname(dirname(process.execPath)))), packageProxies: packageEnvironment(), log });
  stack.defer(async () => await network.close());
  const guests = new Guests(log);
  stack.defer(async () => await guests.close());
  const images = new ImageStore(pool);
  const hardware = new HostHardware({ setting: config.accel, accelFile: paths.accelFile, driver, images, log });
  await hardware.recall();
  hardware.begin();
  stack.defer(() => hardware.stop());
  const vms: VmHost = {
    installation, pool, driver, network, guests, templates: new TemplateStore({ pool, enabled: config.vms.templates, log }), hardware: async () => await hardware.get(), qemuGid: await qemuGid(), libvirtFolderRecord: paths.libvirtFolderRecord,
    abilities: { ...await readAbilities(), gpu: config.vms.gpu ?? null }, keysDir: paths.keysDir, runDir: paths.runDir, quarantineDir: paths.quarantineDir, log,
  };
  return { vms, driver, pool, images, hardware };
}

/** Caches the result of `read` for this long; reads again at once after a failure. */
function rereadEvery<T>(milliseconds: number, read: () => Promise<T>): () => Promise<T> {
  let last: { atMs: number; value: Promise<T> } | undefined;
  return async () => {
    if (last === undefined || performance.now() - last.atMs > milliseconds) {
      const fresh = { atMs: performance.now(), value: read() };
      last = fresh;
      fresh.value.catch(() => { if (last === fresh) last = undefined; });
    }
    return await last.value;
  };
}

/** Creates and mounts the pool. Repeatable. */
export async function bringUpPool(pool: StoragePool, log: Logger): Promise<void> {
  await pool.ensure((message) => log.info({ event: 'pool.preparing', message }));
  const { staging } = pool.folders;
  // Deletes the leftovers of deletions and copies, but not what operations were building, since those continue. Renames them first, because operations use the same names and deleting is slow.
  const names = await readdir(staging);
  const leftovers = names.filter((name) => !isEnvironmentId(name) && !name.startsWith('.litter-'));
  const renamed = leftovers.map((name) => `.litter-${name}`);
  for (const [at, name] of leftovers.entries()) {
    await rm(join(staging, renamed[at] ?? ''), { recursive: true, force: true });
    await rename(join(staging, name), join(staging, renamed[at] ?? ''));
  }
  const toDelete = [...new Set([...names.filter((name) => name.startsWith('.litter-')), ...renamed])];
  void Promise.allSettled(toDelete.map(async (name) => await rm(join(staging, name), { recursive: true, force: true })))
    .then((results) => { for (const result of results) if (result.status === 'rejected') log.warn({ event: 'pool.litter-left', err: result.reason as unknown }); });
}

/** The group of the account that runs QEMU under libvirt on Debian; it may use /dev/kvm. */
async function qemuGid(): Promise<number> {
  const { stdout } = await runCommand('getent', ['passwd', 'libvirt-qemu']);
  return Number(stdout.trim().split(':')[3]);
}
