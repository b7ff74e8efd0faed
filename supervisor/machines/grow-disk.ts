// Making a disk and the ext4 on it larger while the VM is off: on the host, since the guest would need seconds for it.
import { truncate } from 'node:fs/promises';
import { runCommand } from '../../common/run-command.ts';

const GIB = 1024 ** 3;
/** e2fsck's exit code when it has put something right, such as a journal that was left. */
const CORRECTED = 1;

/** Repeatable, also after it was interrupted. A disk never shrinks: less than it has changes nothing. @throws command_failed */
export async function growDisk(disk: string, { fromGiB, toGiB, clean = false }: { fromGiB: number; toGiB: number; /** Known to have been left in order. */ clean?: boolean }): Promise<void> {
  if (toGiB <= fromGiB) return;
  if (!clean) await runCommand('e2fsck', ['-p', disk], { timeoutMs: 300_000, allowExit: [CORRECTED] }); // what a VM left that was switched off
  await truncate(disk, toGiB * GIB);
  await runCommand('resize2fs', ['-f', disk], { timeoutMs: 120_000 });
}
