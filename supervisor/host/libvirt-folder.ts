// Lets QEMU traverse libvirt's folder. QEMU reads a secret from there when it starts. Debian allows only libvirt's own QEMU user to traverse it; each
// of our VMs runs as another user, who must be able to traverse it too (not list or read it). The previous mode is recorded, and uninstall restores
// it.
import { chmod, readFile, rm, stat } from 'node:fs/promises';
import { writeFileDurably } from '../../common/durable-file.ts';

const LIBVIRT_FOLDER = '/var/lib/libvirt/qemu';
const PASS_FOR_OTHERS = 0o001;

/** Repeatable. Call it before each start, since an upgrade of libvirt's package resets the mode. */
export async function letQemuPassLibvirtFolder(recordFile: string, folder = LIBVIRT_FOLDER): Promise<void> {
  const mode = await modeOf(folder);
  if (mode === undefined || (mode & PASS_FOR_OTHERS) !== 0) return;
  await writeFileDurably(recordFile, mode.toString(8));
  await chmod(folder, mode | PASS_FOR_OTHERS);
}

/** Restores the recorded mode, unless it has been changed since. Repeatable. */
export async function restoreLibvirtFolder(recordFile: string, folder = LIBVIRT_FOLDER): Promise<void> {
  const before = Number.parseInt(await readFile(recordFile, 'utf8').catch(() => ''), 8);
  if (Number.isNaN(before)) return;
  if (await modeOf(folder) === (before | PASS_FOR_OTHERS)) await chmod(folder, before);
  await rm(recordFile, { force: true });
}

async function modeOf(folder: string): Promise<number | undefined> {
  return await stat(folder).then(({ mode }) => mode & 0o7777, () => undefined);
}
