// Keeps VM disks out of the host's page cache. Disks use buffered I/O (see domain/domain-xml.ts), so each block that a guest reads or writes is in
// the host's page cache in addition to the guest's own. This releases it after every 64 MiB, and a minute after the last access: clean pages would
// take memory from other VMs, and dirty pages would make the next flush long.
import { toSomnusError } from '../../common/errors.ts';
import { runCommand } from '../../common/run-command.ts';
import type { DomainStats } from '../libvirt/vm-driver.ts';
import type { Vm } from '../vms/vm.ts';

const RELEASE_AFTER_BYTES = 64 * 2 ** 20;
const RELEASE_AFTER_MS = 60_000;
/** Kept short; a busy VM is tried again later. */
const TIMEOUT_MS = 2_000;

interface Released { movedBytes: number; atMs: number }

export class DiskCache {
  readonly #released = new Map<string, Released>();

  /** Call every few seconds with what a VM has read and written. Never throws. */
  async look(vm: Vm, { blocks }: Pick<DomainStats, 'blocks'>, nowMs = Date.now()): Promise<void> {
    const movedBytes = blocks.reduce((sum, { readBytes, writtenBytes }) => sum + readBytes + writtenBytes, 0);
    const last = this.#released.get(vm.id);
    if (last === undefined || movedBytes < last.movedBytes) { // a new QEMU counts from 0
      if (await attempt(vm, bufferDisk)) this.#released.set(vm.id, { movedBytes: 0, atMs: nowMs });
      return;
    }
    const sinceBytes = movedBytes - last.movedBytes;
    if (sinceBytes < RELEASE_AFTER_BYTES && (sinceBytes === 0 || nowMs - last.atMs < RELEASE_AFTER_MS)) return;
    this.#released.set(vm.id, { movedBytes, atMs: nowMs });
    await attempt(vm, release);
  }

  /** Call when the VM has ended. Never throws. */
  async end(vm: Vm): Promise<void> {
    this.#released.delete(vm.id);
    await attempt(vm, release);
  }
}

/** @returns whether it succeeded; the next call to `look` tries again */
async function attempt(vm: Vm, work: (vm: Vm) => Promise<void>): Promise<boolean> {
  try {
    await work(vm);
    return true;
  } catch (error) {
    vm.log.debug({ event: 'disk-cache.failed', err: toSomnusError(error) });
    return false;
  }
}

/**
 * With `count=0`, dd only tells the kernel that the file is not needed (posix_fadvise DONTNEED): clean pages are dropped at once, dirty ones begin to
 * be written.
 */
async function release(vm: Vm): Promise<void> {
  await runCommand('dd', [`if=${vm.diskFile}`, 'iflag=nocache', 'count=0', 'status=none'], { timeoutMs: TIMEOUT_MS });
}

interface BlockNode { 'node-name': string; cache: { direct: boolean } }

/** Switches a running VM that an older version of Somnus started with direct I/O to buffered I/O. Repeatable. */
async function bufferDisk(vm: Vm): Promise<void> {
  const { driver } = vm.host;
  const nodes = await driver.monitor(vm.domainName, 'query-named-block-nodes', { flat: true }, { timeoutMs: TIMEOUT_MS }) as BlockNode[];
  const [storage, format] = ['libvirt-1-storage', 'libvirt-1-format'];
  if (!nodes.some((node) => node['node-name'] === storage && node.cache.direct)) return;
  const cache = { direct: false, 'no-flush': false };
  await driver.monitor(vm.domainName, 'blockdev-reopen', { // options that are left out get QEMU's defaults
    options: [
      { driver: 'file', 'node-name': storage, filename: vm.diskFile, aio: 'threads', 'auto-read-only': true, discard: 'unmap', cache },
      { driver: 'raw', 'node-name': format, file: storage, 'read-only': false, discard: 'unmap', 'detect-zeroes': 'unmap', cache },
    ],
  });
  vm.log.info({ event: 'disk-cache.direct-io-ended' });
}
