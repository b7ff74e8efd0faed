// QEMU reads a secret of its own from libvirt's folder when it starts. Debian lets only libvirt's own QEMU user pass through that folder; each VM of ours runs as another
// user, who must pass (not list or read) too. The mode before is recorded, and uninstall puts it back.
import { chmod, readFile, rm, stat } from 'node:fs/promises';
import { writeFileDurably } from '../../common/durable-file.ts';

const LIBVIRT_FOLDER = '/var/lib/libvirt/qemu';
const PASS_FOR_OTHERS = 0o001;

/** Repeatable; asked before each start, since an upgrade of libvirt's package sets the mode anew. */
export async function letQemuPassLibvirtFolder(recordFile: string, folder = LIBVIRT_FOLDER): Promise<void> {
  const mode = await modeOf(folder);
  if (mode === undefined || (mode & PASS_FOR_OTHERS) !== 0) return;
  await writeFileDurably(recordFile, mode.toString(8));
  await chmod(folder, mode | PASS_FOR_OTHERS);
}

/** Puts the recorded mode back, unless somebody has set another since. Repeatable. */
export async function restoreLibvirtFolder(recordFile: string, folder = LIBVIRT_FOLDER): Promise<void> {
  const before = Number.parseInt(await readFile(recordFile, 'utf8').catch(() => ''), 8);
  if (Number.isNaN(before)) return;
  if (await modeOf(folder) === (before | PASS_FOR_OTHERS)) await chmod(folder, before);
  await rm(recordFile, { force: true });
}

async function modeOf(folder: string): Promise<number | undefined> {
  return await stat(folder).then(({ mode }) => mode & 0o7777, () => undefined);
}
