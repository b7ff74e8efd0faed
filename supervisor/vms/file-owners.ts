// Whose the files of a VM are: its folder is root's, and its QEMU can open its own four files there and nothing else.
import { chmod, chown, lchown } from 'node:fs/promises';
import { join } from 'node:path';
import type { Vm } from './vm.ts';
import type { VmManifest } from './manifest.ts';

/** What QEMU writes, and what it only reads. */
const modes = { ram: 0o600, disk: 0o600, kernel: 0o400, initrd: 0o400 } as const;

/** Before each start of QEMU, which must be off: clones are root's, and what an older version or another place on the network used has another owner. Repeatable. */
export async function giveToQemu(vm: Vm, manifest: VmManifest): Promise<void> {
  const { uid, gid } = vm.userOf(manifest);
  await chown(vm.folder, 0, gid);
  await chmod(vm.folder, 0o710);
  await Promise.all(Object.entries(modes).map(async ([file, mode]) => {
    const path = join(vm.folder, file);
    await lchown(path, uid, gid);
    await chmod(path, mode);
  }));
}
