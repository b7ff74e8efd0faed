// Disks that hosts start from, kept between runs: a Debian that has booted once, with its inventory, and one with set-up's downloads.
// The latter is built natively in the disk's root: under emulation it takes a quarter of an hour.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../../common/run-command.ts';
import { hostImage, type HostImage, type Release } from './host-image.ts';
import { HostVm } from './host-vm.ts';

export interface BareHost {
  image: HostImage;
  disk: string;
  /** The output of inventory.sh for it. */
  inventory: string;
}

const HOUR_MS = 3_600_000;
const CLONE = '/root/somnus';

/** Booted once, so that it has a machine id, keys and whatever else a first boot creates. */
export async function bareHost(release: Release): Promise<BareHost> {
  const image = await hostImage(release);
  const folder = dirname(image.disk);
  const bare = { image, disk: join(folder, 'bare.qcow2'), inventory: join(folder, 'inventory') };
  if (existsSync(bare.inventory)) return bare;
  await rm(bare.disk, { force: true });
  await HostVm.overlay(image.disk, bare.disk);
  await using host = await HostVm.boot(image, bare.disk, join(folder, 'first-boot.log'));
  const found = await host.ok('bash -s', { input: await readFile(join(import.meta.dirname, 'inventory.sh'), 'utf8') });
  await host.powerOff();
  await writeFile(bare.inventory, found);
  return bare;
}

/** With Debian's packages, Node, npm packages and the guest image, as left by an interrupted set-up. */
export async function preparedHost(bare: BareHost, repository: string): Promise<string> {
  const { stdout: key } = await runCommand('bash', ['-c', `. ${repository}/deploy/lib.sh; echo "\${FETCH_PACKAGES[@]} \${PACKAGES[@]} $NODE_WHEEL"; git -C ${repository} rev-parse HEAD:package-lock.json HEAD:images HEAD:agent HEAD:common`]);
  const disk = join(dirname(bare.disk), `prepared-${createHash('sha256').update(key).digest('hex').slice(0, 12)}.qcow2`);
  if (existsSync(disk)) return disk;
  const work = await mkdtemp(join(dirname(bare.disk), 'new-'));
  try {
    const raw = join(work, 'disk');
    const root = join(work, 'root');
    await mkdir(root);
    await runCommand('qemu-img', ['convert', '-O', 'raw', bare.disk, raw], { timeoutMs: HOUR_MS });
    // Mounts are in a separate namespace: they end with the last process.
    await runCommand('unshare', ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'bash', join(import.meta.dirname, 'prepare.sh'), raw, root, repository, CLONE], { timeoutMs: HOUR_MS });
    await runCommand('qemu-img', ['convert', '-O', 'qcow2', raw, `${work}/prepared`], { timeoutMs: HOUR_MS });
    await rename(`${work}/prepared`, disk);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return disk;
}
