// The disk of a host that runs in a VM: a stock Debian with systemd and AppArmor, as its installer leaves it. Kept in a cache, named after its recipe.
// Packages come from this host's sources, with its certificates; all of that stays in the cache.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../common/run-command.ts';
import { guestSources, oneLine } from '../../images/apt-sources.ts';
import { readHostSettings, type HostSettings } from '../../images/host-settings.ts';

export type Release = 12 | 13;

export interface HostImage {
  release: Release;
  /** Raw, never written to: hosts use an overlay. */
  disk: string;
  kernel: string;
  initrd: string;
  sshKey: string;
}

/** Where disks are kept between runs. */
export const CACHE_DIR = '/var/tmp/somnus-host-test';
const SUITES: Record<Release, string> = { 12: 'bookworm', 13: 'trixie' };
const DISK_GIB = 32;
/** What the installer's "standard system" adds to `--variant=important`, a kernel, and SSH for the tests. */
const PACKAGES = ['systemd-sysv', 'linux-image-amd64', 'apparmor', 'dbus', 'openssh-server', 'ca-certificates', 'sudo', 'git', 'python3-minimal'];
const TIMEOUT_MS = 30 * 60_000;

/**
 * Files added to Debian's. QEMU's user network has fixed addresses. VMs, and the control plane that starts VMs to probe KVM, stay on one of the two CPUs:
 * otherwise emulation of their virtualization goes wrong sooner or later, and resets the host.
 */
const FILES: Record<string, string> = {
  'etc/hostname': 'debian\n',
  'etc/hosts': '127.0.0.1 localhost\n127.0.1.1 debian\n',
  'etc/fstab': '/dev/vda / ext4 errors=remount-ro 0 1\n',
  'etc/resolv.conf': 'nameserver 10.0.2.3\n',
  'etc/network/interfaces': 'auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet static\n  address 10.0.2.15/24\n  gateway 10.0.2.2\n',
  'etc/systemd/system/machine.slice.d/one-cpu.conf': '[Slice]\nAllowedCPUs=1\n',
  'etc/systemd/system/somnus.service.d/one-cpu.conf': '[Service]\nAllowedCPUs=1\n',
  'etc/systemd/journald.conf.d/console.conf': '[Journal]\nStorage=persistent\n',
};

/** Builds the image unless the cache has it. */
export async function hostImage(release: Release): Promise<HostImage> {
  const settings = await readHostSettings('/usr');
  const hash = createHash('sha256').update(JSON.stringify([release, DISK_GIB, PACKAGES, FILES, settings])).digest('hex').slice(0, 12);
  const folder = join(CACHE_DIR, `debian${release}-${hash}`);
  const image = { release, disk: join(folder, 'disk'), kernel: join(folder, 'kernel'), initrd: join(folder, 'initrd'), sshKey: join(folder, 'ssh-key') };
  if (existsSync(folder)) return image;
  await mkdir(CACHE_DIR, { recursive: true, mode: 0o700 });
  const staging = await mkdtemp(join(CACHE_DIR, 'new-'));
  try {
    await build(staging, release, settings);
    await rename(staging, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return image;
}

/** Unpacks a Debian with these packages into a folder, and installs it unless `variant` is `extract`. */
export async function unpackDebian(release: Release, root: string, settings: HostSettings, { variant, packages }: { variant: 'important' | 'extract'; packages: readonly string[] }): Promise<void> {
  await runCommand('mmdebstrap', [
    '--mode=root', `--variant=${variant}`, '--format=directory', '--quiet', `--include=${packages.join(',')}`,
    ...settings.aptOptions.map((line) => `--aptopt=${line}`), '--aptopt=Acquire::Languages "none"',
    '--dpkgopt=path-exclude=/usr/share/man/*', '--dpkgopt=path-exclude=/usr/share/locale/*', '--dpkgopt=path-exclude=/usr/share/doc/*',
    SUITES[release], root, ...guestSources(settings.aptSources, SUITES[release]).map(oneLine),
  ], { timeoutMs: TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' } });
}

async function build(staging: string, release: Release, settings: HostSettings): Promise<void> {
  const root = join(staging, 'root');
  await unpackDebian(release, root, settings, { variant: 'important', packages: PACKAGES });
  const sshKey = join(staging, 'ssh-key');
  await runCommand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'host-test', '-f', sshKey]);
  const files: Record<string, string> = { ...FILES };
  for (const { name, content } of settings.caCertificates) files[`usr/local/share/ca-certificates/${name}`] = content;
  if (Object.keys(settings.pip).length > 0) files['etc/pip.conf'] = `[global]\n${Object.entries(settings.pip).map(([key, value]) => `${key} = ${value}\n`).join('')}`;
  if (settings.npm.length > 0) files['root/.npmrc'] = `${settings.npm.join('\n')}\n`;
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await rm(join(root, path), { force: true });
    await writeFile(join(root, path), content);
  }
  await mkdir(join(root, 'root/.ssh'), { recursive: true, mode: 0o700 });
  await copyFile(`${sshKey}.pub`, join(root, 'root/.ssh/authorized_keys'));
  await runCommand('chroot', [root, 'update-ca-certificates'], { timeoutMs: 120_000 });
  const boot = await readdir(join(root, 'boot'));
  for (const name of ['vmlinuz', 'initrd.img'] as const) {
    const file = boot.find((entry) => entry.startsWith(`${name}-`));
    if (file === undefined) throw new Error(`the host has no ${name}`);
    await copyFile(join(root, 'boot', file), join(staging, name === 'vmlinuz' ? 'kernel' : 'initrd'));
  }
  await runCommand('mke2fs', ['-q', '-t', 'ext4', '-d', root, join(staging, 'disk'), `${DISK_GIB}G`], { timeoutMs: TIMEOUT_MS });
  await chmod(join(staging, 'disk'), 0o400);
  await rm(root, { recursive: true });
}
