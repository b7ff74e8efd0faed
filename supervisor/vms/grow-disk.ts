// Grows a disk while its VM is off. The host only extends the file and never reads the file system, because the guest wrote it; the guest grows the
// file system at boot.
import { constants } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { AgentStatus } from '../../agent/contract.ts';
import { openPlainFile } from '../host/untrusted-files.ts';
import type { Vm } from './vm.ts';

const GIB = 1024 ** 3;
/** Agents with this contract version or later grow the file system themselves. */
const GROWS_BY_ITSELF = 2;
const GROW_TIMEOUT_MS = 120_000;

/** Does nothing when the disk is already as large: a disk never shrinks. Repeatable. @throws corrupt when the path is not a plain file */
export async function growDisk(disk: string, toGiB: number): Promise<void> {
  await using file = await openPlainFile(disk, constants.O_RDWR);
  if ((await file.stat()).size < toGiB * GIB) await file.truncate(toGiB * GIB);
}

/**
 * Grows the file system of a guest whose older agent does not, with the same program, started from the host. Never throws: the VM runs, and its next
 * start tries again.
 */
export async function growOldGuest(vm: Vm, { contractVersion }: Pick<AgentStatus, 'contractVersion'>, signal: AbortSignal): Promise<void> {
  if (contractVersion >= GROWS_BY_ITSELF) return;
  try {
    const channel = await vm.host.guests.channel(vm);
    const grow = await channel.exec({ command: ['/usr/lib/systemd/systemd-growfs', '/'], env: {}, timeoutMs: GROW_TIMEOUT_MS }, signal);
    grow.stdin.end();
    grow.stdout.resume();
    const [{ code }, stderr] = await Promise.all([grow.exit, text(grow.stderr)]);
    if (code !== 0) vm.log.warn({ event: 'guest.disk-not-grown', code, stderr: stderr.slice(-300) });
  } catch (error) {
    vm.log.warn({ event: 'guest.disk-not-grown', err: error });
  }
}
