// File owners in a VM's folder: the folder belongs to root, and the VM's QEMU can open only its own four files there.
import { chmod, chown, lchown } from 'node:fs/promises';
import { join } from 'node:path';
import type { Vm } from './vm.ts';
import type { VmManifest } from './manifest.ts';

/** QEMU writes the first two and only reads the others. */
const modes = { ram: 0o600, disk: 0o600, kernel: 0o400, initrd: 0o400 } as const;

/**
 * Sets owners and modes before each start of QEMU, which must be off: clones belong to root, and files from an older version or another network index
 * have other owners. Repeatable.
 */
export async function setFileOwners(vm: Vm, manifest: VmManifest): Promise<void> {
  const { uid, gid } = vm.userOf(manifest);
  await chown(vm.folder, 0, gid);
  await chmod(vm.folder, 0o710);
  await Promise.all(Object.entries(modes).map(async ([file, mode]) => {
    const path = join(vm.folder, file);
    await lchown(path, uid, gid);
    await chmod(path, mode);
  }));
}
