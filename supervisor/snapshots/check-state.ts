// Checks that a saved state is still what was saved. Sizes, times and the device state are always checked. The whole content is read when times
// differ, on request, and periodically. Its checksums are computed after a snapshot is ready, since computing them first would delay it by seconds.
import { crc32 } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile } from '../../common/durable-file.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Hardware, Vm } from '../vms/vm.ts';
import { checksumFiles, type ChecksumOptions } from './checksum-process.ts';
import { stateFault } from './cpu-registers.ts';
import { filesOf, readState, replaceFile, restamp, stamp, stateFiles, type FileStamp, type SavedState } from './saved-state.ts';

const CHECKSUMS_FILE = 'checksums.json';

/** What is possible without the memory. */
const DISK_ONLY = 'The disk is not affected: restore or fork the snapshot with --disk-only; for a hibernated environment, `somnus stop` discards the memory, and `somnus start` boots from the disk.';

/** CRC-32 of each file, skipping holes: see images/sparse-checksum.ts. */
const Checksums = z.strictObject({ formatVersion: z.literal(1), files: z.partialRecord(z.enum(stateFiles), z.string()) });

/**
 * Checks that a saved state can be restored on this host, with memory or from its disk alone: its files are unchanged since they were saved or match
 * their checksums, the device state matches byte for byte, and QEMU is the version that wrote it.
 * @param options.readAll compares all content with its checksums, if there are any, even if the times match
 * @throws corrupt naming the file; unsupported as `assertLoadable`
 */
export async function checkState(vm: Vm, folder: string, { memory, readAll = false, signal = new AbortController().signal }: { memory: boolean; readAll?: boolean; signal?: AbortSignal }): Promise<void> {
  const saved = await readState(folder);
  if (memory && !saved.memory) throw new SomnusError('corrupt', `${folder} contains no memory`, { details: { path: folder } });
  await checkFiles(folder, saved, ['kernel', 'initrd', 'disk'], { readAll, signal });
  if (!memory) return;
  try {
    await checkFiles(folder, await readState(folder), ['ram'], { readAll, signal }); // it may have new stamps now
    await checkDeviceState(folder, saved);
  } catch (error) {
    if (!(error instanceof SomnusError) || error.code !== 'corrupt') throw error;
    throw new SomnusError('corrupt', error.message, { hint: `Nothing was changed. ${DISK_ONLY}`, details: error.details, cause: error });
  }
  assertLoadable(saved.hardware, await vm.host.hardware());
}

/**
 * Checks that QEMU can load a memory that was saved on `saved`. Every host has emulation, but not every host has KVM.
 * @throws unsupported with the difference, and what is possible without the memory
 */
export function assertLoadable(saved: Hardware, now: Hardware): void {
  const refuse = (message: string, hint: string): never => {
    throw new SomnusError('unsupported', message, { hint: `${hint} ${DISK_ONLY}`, details: { saved, host: now } });
  };
  if (now.qemuVersion !== saved.qemuVersion) {
    refuse(`The memory was saved by QEMU ${saved.qemuVersion}; QEMU ${now.qemuVersion} on this host cannot load it`, `To use the memory, install QEMU ${saved.qemuVersion}.`);
  }
  if (saved.accel === 'kvm' && now.accel !== 'kvm') {
    refuse('The memory was saved under KVM; this host now runs VMs under emulation (TCG), which cannot load it', 'To use the memory, enable KVM; `somnus doctor --probe` tests it now.');
  }
}

/**
 * Checks that a VM can continue from the saved registers, then reads all files and compares them with their checksums; computes the checksums if
 * there are none yet. Repeatable.
 * @throws corrupt naming the file; not_found when the folder is gone; cancelled, unavailable
 */
export async function readThrough(folder: string, options: ChecksumOptions): Promise<void> {
  const saved = await readState(folder);
  const deviceState = await checkDeviceState(folder, saved);
  const fault = deviceState && stateFault(deviceState);
  if (fault !== undefined) {
    const path = join(folder, 'state');
    throw new SomnusError('corrupt', `${path} holds CPU registers that the VM cannot continue from (${fault})`, { hint: 'Take another snapshot.', details: { path, fault } });
  }
  if (await readChecksums(folder)) return await compare(folder, saved, filesOf(saved), options);
  const assertUntouched = async (): Promise<void> => {
    const [touched] = await touchedFiles(folder, saved, filesOf(saved).filter((file) => file !== 'state')); // the device state has its own checksum
    if (touched) throw changed(touched);
  };
  await assertUntouched();
  const sums = await checksumsOf(folder, filesOf(saved), options);
  await assertUntouched(); // detects changes during the read
  await replaceFile(folder, CHECKSUMS_FILE, { formatVersion: 1, files: sums } satisfies z.infer<typeof Checksums>);
}

async function checkFiles(folder: string, saved: SavedState, files: readonly StateFile[], { readAll, signal }: { readAll: boolean; signal: AbortSignal }): Promise<void> {
  if (readAll && await readChecksums(folder)) return await compare(folder, saved, files, { signal });
  const touched = await touchedFiles(folder, saved, files);
  if (touched.length > 0) await compare(folder, saved, touched, { signal });
}

type StateFile = keyof SavedState['files'];
interface Touched { file: StateFile; path: string; before: FileStamp | undefined; now: FileStamp }

/** @throws corrupt when a file is missing */
async function touchedFiles(folder: string, saved: SavedState, files: readonly StateFile[]): Promise<Touched[]> {
  const found = await Promise.all(files.map(async (file): Promise<Touched> => {
    const path = join(folder, file);
    const now = await stamp(path).catch((cause: unknown) => { throw new SomnusError('corrupt', `${path} is missing`, { details: { path }, cause }); });
    return { file, path, before: saved.files[file], now };
  }));
  return found.filter(({ before, now }) => before === undefined || now.sizeBytes !== before.sizeBytes || now.mtimeMs !== before.mtimeMs || now.ctimeMs !== before.ctimeMs);
}

/** Compares content with checksums. Files with the right content but other times get new stamps. */
async function compare(folder: string, saved: SavedState, files: readonly (StateFile | Touched)[], options: ChecksumOptions): Promise<void> {
  const touched = await touchedFiles(folder, saved, filesOf(saved));
  const known = await readChecksums(folder);
  const names = files.map((each) => (typeof each === 'string' ? each : each.file));
  const unlike = touched.find(({ file, before, now }) => names.includes(file) && (!known?.files[file] || before?.sizeBytes !== now.sizeBytes));
  if (unlike) throw changed(unlike);
  const sums = await checksumsOf(folder, names, options);
  const wrong = names.find((file) => sums[file] !== known?.files[file]);
  if (wrong !== undefined) throw new SomnusError('corrupt', `${join(folder, wrong)} does not match its checksum`, { details: { path: join(folder, wrong), saved: known?.files[wrong], found: sums[wrong] } });
  const right = touched.filter(({ file }) => names.includes(file));
  if (right.length > 0) await restamp(folder, saved, Object.fromEntries(right.map(({ file, now }) => [file, now])));
}

/** @returns the device state, if there is one */
async function checkDeviceState(folder: string, saved: SavedState): Promise<Buffer | undefined> {
  if (!saved.memory) return undefined;
  const path = join(folder, 'state');
  const content = await readFile(path).catch((cause: unknown) => { throw new SomnusError('corrupt', `${path} cannot be read`, { details: { path }, cause }); });
  if (crc32(content).toString(16).padStart(8, '0') !== saved.stateCrc32) throw new SomnusError('corrupt', `${path} does not match its checksum`, { details: { path } });
  return content;
}

async function readChecksums(folder: string): Promise<z.infer<typeof Checksums> | undefined> {
  return await readJsonFile(join(folder, CHECKSUMS_FILE), Checksums).catch((error: unknown) => {
    if (error instanceof SomnusError && error.code === 'not_found') return undefined;
    throw error;
  });
}

async function checksumsOf(folder: string, files: readonly StateFile[], options: ChecksumOptions): Promise<Partial<Record<StateFile, string>>> {
  const sums = await checksumFiles(files.map((file) => join(folder, file)), options);
  return Object.fromEntries(files.map((file) => [file, sums.get(join(folder, file)) ?? '']));
}

function changed({ path, before, now }: Touched): SomnusError {
  return new SomnusError('corrupt', `${path} was changed after it was saved`, { details: { path, saved: before, found: now } });
}
