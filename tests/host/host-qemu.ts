// The QEMU that a host runs in: Debian 13's, whatever this host has. QEMU 7.2 resets Debian 13's kernel as soon as a VM runs under KVM in emulation,
// and with five-level paging sometimes emulates it wrongly. Unpacked, not installed, and kept in the cache.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readHostSettings } from '../../images/host-settings.ts';
import { CACHE_DIR, unpackDebian } from './host-image.ts';

const RELEASE = 13;

/** The command that starts it: the program and its first arguments. Unpacks it unless the cache has it. */
export async function hostQemu(): Promise<{ program: string; args: string[] }> {
  const root = join(CACHE_DIR, 'qemu');
  if (!existsSync(root)) {
    await mkdir(CACHE_DIR, { recursive: true, mode: 0o700 });
    const staging = await mkdtemp(join(CACHE_DIR, 'new-'));
    try {
      await unpackDebian(RELEASE, staging, await readHostSettings('/usr'), { variant: 'extract', packages: ['qemu-system-x86'] });
      await rename(staging, root);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }
  const usr = join(root, 'usr');
  return { program: join(usr, 'lib64/ld-linux-x86-64.so.2'), args: ['--library-path', join(usr, 'lib/x86_64-linux-gnu'), join(usr, 'bin/qemu-system-x86_64'), '-L', join(usr, 'share/qemu'), '-L', join(usr, 'share/seabios')] };
}
