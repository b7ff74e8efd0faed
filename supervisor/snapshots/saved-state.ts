// A VM at a point in time: an independent folder of clones, complete or absent. Hibernation, snapshots and forks use it. It is built in staging, made
// durable, then renamed, so a folder with its final name is complete.
import { constants } from 'node:fs';
import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { sleep } from '../../common/deadline.ts';
import { readJsonFile, syncFolder } from '../../common/durable-file.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { openPlainFile } from '../host/untrusted-files.ts';
import { setFileOwners } from '../vms/file-owners.ts';
import type { Vm } from '../vms/vm.ts';
import { VmManifest } from '../vms/manifest.ts';
import { domainXml } from '../operations/start.ts';
import { stateFault } from './cpu-registers.ts';
import { loadDeviceState, saveDeviceState } from './device-state.ts';
import { withFrozenFileSystems } from './frozen-file-systems.ts';

const INFO_FILE = 'info.json';
export const stateFiles = ['kernel', 'initrd', 'disk', 'ram', 'state'] as const;
type StateFile = (typeof stateFiles)[number];

export const FileStamp = z.strictObject({
  sizeBytes: z.int(),
  /** Both times belong to the clone, so any write to it changes them. */
  mtimeMs: z.number(),
  ctimeMs: z.number(),
});
export type FileStamp = z.infer<typeof FileStamp>;

/** info.json: what the folder contains, and what the VM needs to run again. */
export const SavedState = z.strictObject({
  formatVersion: z.literal(1),
  savedAt: z.iso.datetime(),
  environmentId: z.string(),
  /** The operation that made it; unknown for states made by an older version. */
  operationId: z.string().optional(),
  /** Whether it has RAM and device state, or only the disk. */
  memory: z.boolean(),
  ...VmManifest.pick({ hardware: true, shape: true, imageVersion: true, kernelCmdline: true, generation: true }).shape,
  /** CRC-32 of the device state, in hexadecimal. */
  stateCrc32: z.string().nullable(),
  files: z.partialRecord(z.enum(stateFiles), FileStamp),
});
export type SavedState = z.infer<typeof SavedState>;

/** Before the VM is suspended, its files are flushed up to this many times, until a flush is this short. */
const FLUSH_ATTEMPTS = 4;
const SHORT_FLUSH_MS = 20;
/** QEMU listens as soon as it starts. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface SaveOptions {
  /** Also save the memory; the VM must have one. */
  memory: boolean;
  /** The operation that the state belongs to. */
  operationId?: string | undefined;
  /** Leave a running VM suspended afterwards. */
  staySuspended?: boolean;
  signal: AbortSignal;
}

/**
 * Saves the VM, in any state, as the folder `target` in the pool. A running VM is resumed afterwards. Repeatable: what an interrupted attempt left
 * behind is rebuilt; the caller resumes the VM that it left suspended.
 * @returns how long a running VM was suspended, in milliseconds
 * @throws invalid_state when the memory is requested and the VM has none, as after a power cut; unavailable when QEMU does not save registers to
 * continue from; insufficient_space; guest_unreachable when the file systems cannot be frozen; libvirt, timeout, cancelled. Nothing is at `target`
 * then.
 */
export async function saveState(vm: Vm, target: string, options: SaveOptions): Promise<{ suspendedMs: number }> {
  const staging = stagingOf(target);
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true, mode: 0o700 });
  try {
    const manifest = await vm.manifest();
    const saved = await collect(vm, manifest, staging, options);
    await seal(staging, saved.info);
    await rename(staging, target);
    await syncFolder(dirname(target));
    return { suspendedMs: saved.suspendedMs };
  } catch (thrown) {
    await rm(staging, { recursive: true, force: true });
    throw toSomnusError(thrown);
  }
}

/** Copies a saved state to `target` in constant time. Repeatable. */
export async function cloneState(vm: Vm, source: string, target: string): Promise<void> {
  const staging = stagingOf(target);
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true, mode: 0o700 });
  const { files: _, ...info } = await readState(source);
  for (const file of filesOf(info)) await vm.host.pool.clone(join(source, file), join(staging, file));
  await seal(staging, info);
  await rename(staging, target);
  await syncFolder(dirname(target));
}

/** @throws not_found, corrupt */
export async function readState(folder: string): Promise<SavedState> {
  return await readJsonFile(join(folder, INFO_FILE), SavedState);
}

/** Replaces the environment's own files with the saved ones, those of memory only on request; the VM must be off. Repeatable. */
export async function placeState(vm: Vm, folder: string, { memory }: { memory: boolean }): Promise<void> {
  const saved = await readState(folder);
  const { pool } = vm.host;
  for (const file of filesOf({ memory })) {
    if (file === 'state') continue;
    const fresh = join(vm.folder, `.${file}`);
    await rm(fresh, { force: true });
    await pool.clone(join(folder, file), fresh);
    await rename(fresh, join(vm.folder, file));
  }
  if (!memory) await vm.releaseRam();
  const { hardware, shape, imageVersion, kernelCmdline } = saved;
  await vm.changeManifest({ hardware, shape, imageVersion, kernelCmdline });
}

/**
 * Starts a VM from a saved memory. It is suspended at the point where it was saved. The network device must exist.
 * @throws corrupt, unsupported as `checkState`; libvirt, timeout, cancelled: the VM is off then
 */
export async function loadState(vm: Vm, folder: string, signal: AbortSignal): Promise<void> {
  try {
    await load(vm, folder, signal);
  } catch (error) {
    await vm.powerOff().catch((left: unknown) => vm.log.warn({ event: 'vm.left-without-guest', err: left }));
    throw error;
  }
}

async function load(vm: Vm, folder: string, signal: AbortSignal): Promise<void> {
  const { driver } = vm.host;
  await placeState(vm, folder, { memory: true });
  const manifest = await vm.manifest();
  await vm.prepareRunDir(vm.userOf(manifest));
  await vm.confine();
  await setFileOwners(vm, manifest);
  if (!(await vm.domain())) await driver.define(domainXml(vm, manifest), { signal }); // otherwise the domain would disappear when QEMU ends
  await driver.createFromXml(domainXml(vm, manifest, { incoming: true }), { paused: true, signal });
  await connectPorts(vm, manifest, signal); // first: a guest that resumes with no host on a port notices, and must then detect the host again
  await loadDeviceState(driver, { domainName: vm.domainName, runDir: vm.runDir, user: vm.userOf(manifest), file: join(folder, 'state'), signal });
}

async function connectPorts(vm: Vm, { hardware }: Pick<VmManifest, 'hardware'>, signal: AbortSignal): Promise<void> {
  const { guests } = vm.host;
  await Promise.all([guests.port(vm), ...(hardware.helper === true ? [guests.helper(vm)] : [])].map(async (port) => await port.connect({ timeoutMs: CONNECT_TIMEOUT_MS, signal })));
}

/** Records the new sizes and times of files whose content was found correct. */
export async function restamp(folder: string, saved: SavedState, stamps: SavedState['files']): Promise<void> {
  await replaceFile(folder, INFO_FILE, { ...saved, files: { ...saved.files, ...stamps } } satisfies SavedState);
}

/** Writes JSON beside the saved files, atomically. @throws when the folder is gone */
export async function replaceFile(folder: string, name: string, content: unknown): Promise<void> {
  const staging = join(folder, `.${name}`);
  await writeFile(staging, JSON.stringify(content, null, 2));
  await flush(staging);
  await rename(staging, join(folder, name));
  await syncFolder(folder);
}

/** Returns where a saved state is built; after a crash it is garbage. */
export function stagingOf(target: string): string {
  return join(dirname(target), `.${basename(target)}`);
}

type Info = Omit<SavedState, 'files' | 'savedAt' | 'stateCrc32'>;

async function collect(vm: Vm, manifest: VmManifest, staging: string, options: SaveOptions): Promise<{ info: Info; suspendedMs: number }> {
  const { pool } = vm.host;
  const clone = async (folder: string, ...files: StateFile[]): Promise<void> => {
    for (const file of files) await pool.clone(join(folder, file), join(staging, file));
  };
  const { hardware, shape, imageVersion, kernelCmdline, generation } = manifest;
  const { operationId } = options;
  const info = (memory: boolean): Info => ({ formatVersion: 1, environmentId: vm.id, ...(operationId === undefined ? {} : { operationId }), memory, hardware, shape, imageVersion, kernelCmdline, generation });
  const observed = await vm.observe();
  if (observed === 'empty' || (options.memory && observed === 'stopped')) {
    throw new SomnusError('invalid_state', 'The VM is not running, so there is no memory to save', { hint: 'The disk is as the VM left it; use `--disk-only` to take a snapshot of the disk alone.' });
  }
  await clone(vm.folder, 'kernel', 'initrd');
  switch (observed) {
    case 'running':
    case 'suspended':
      if (options.memory) {
        await connectPorts(vm, manifest, options.signal); // so that the guest continues with the host on its ports
        return { info: info(true), suspendedMs: await collectRunning(vm, staging, clone, options) };
      }
      await withFrozenFileSystems(vm, options.signal, async () => await clone(vm.folder, 'disk'));
      return { info: info(false), suspendedMs: 0 };
    case 'hibernated': {
      const { files: _, savedAt: _at, stateCrc32: _crc, ...hibernated } = await readState(vm.hibernationFolder);
      if (options.memory && !hibernated.memory) throw new SomnusError('corrupt', `${vm.hibernationFolder} contains no memory`, { details: { path: vm.hibernationFolder } });
      await clone(vm.hibernationFolder, 'disk', ...(options.memory ? ['ram', 'state'] as const : []));
      return { info: { ...hibernated, memory: options.memory, operationId }, suspendedMs: 0 };
    }
    case 'stopped':
      await clone(vm.folder, 'disk');
      return { info: info(false), suspendedMs: 0 };
    case 'missing':
      throw new SomnusError('corrupt', `${vm.folder} is missing`, { details: { path: vm.folder } });
  }
}

/** Number of saves before giving up on registers that the VM can continue from; about one save in forty was observed to be bad. */
const SAVE_ATTEMPTS = 6;
/** How long the VM runs between attempts, doubled each time: long enough to leave the few instructions that cause it. */
const RUN_BETWEEN_MS = 10;

type Clone = (folder: string, ...files: StateFile[]) => Promise<void>;

/** Saves the VM until it can continue from the registers. */
async function collectRunning(vm: Vm, staging: string, clone: Clone, options: SaveOptions): Promise<number> {
  const { driver } = vm.host;
  const isRunning = async (): Promise<boolean> => (await vm.domain())?.state === 'running';
  const wasRunning = await isRunning();
  const resumeAfter = wasRunning && options.staySuspended !== true;
  await using undo = new AsyncDisposableStack();
  let suspendedMs = 0;
  for (let attempt = 1; ; attempt += 1) {
    suspendedMs += await collectOnce(vm, staging, clone, { running: await isRunning(), resumeAfter, signal: options.signal });
    const fault = stateFault(await readFile(join(staging, 'state')));
    if (fault === undefined) {
      undo.move(); // nothing is undone
      return suspendedMs;
    }
    vm.log.warn({ event: 'state.registers-not-valid', fault, attempt });
    if (attempt === SAVE_ATTEMPTS) {
      throw new SomnusError('unavailable', `QEMU saved CPU registers that the VM could not continue from, ${SAVE_ATTEMPTS} times in a row (${fault})`, {
        hint: 'Nothing was saved. Try again; under emulation, a program in the VM that uses cmpxchg16b constantly can cause this.', details: { fault, attempts: SAVE_ATTEMPTS },
      });
    }
    for (const file of ['ram', 'disk', 'state']) await rm(join(staging, file), { force: true });
    if (!wasRunning && attempt === 1) { // restores the state it was found in
      undo.defer(async () => await driver.suspend(vm.domainName).catch((error: unknown) => vm.log.warn({ event: 'state.not-suspended-again', err: toSomnusError(error) })));
    }
    if (!(await isRunning())) await driver.resume(vm.domainName);
    await sleep(RUN_BETWEEN_MS * 2 ** (attempt - 1), options.signal);
  }
}

async function collectOnce(vm: Vm, staging: string, clone: Clone, { running, resumeAfter, signal }: { running: boolean; resumeAfter: boolean; signal: AbortSignal }): Promise<number> {
  const { driver } = vm.host;
  await flushWhileRunning([vm.ramFile, vm.diskFile]);
  let [suspendedAt, resumedAt] = [0, 0];
  const suspend = async (): Promise<void> => {
    await driver.suspend(vm.domainName, { signal });
    suspendedAt = performance.now();
  };
  const resume = async (): Promise<void> => {
    if (suspendedAt === 0 || resumedAt > 0 || !resumeAfter) return;
    await driver.resume(vm.domainName);
    resumedAt = performance.now();
  };
  try {
    await saveDeviceState(driver, {
      domainName: vm.domainName, runDir: vm.runDir, user: await vm.runningUser(), file: join(staging, 'state'), signal, suspend: running ? suspend : undefined,
      whileSuspended: async () => {
        await Promise.all([clone(vm.folder, 'ram'), clone(vm.folder, 'disk')]);
        await resume();
      },
    });
  } finally {
    await resume();
  }
  return Math.max(0, Math.round(resumedAt - suspendedAt));
}

/**
 * Flushes files before the VM is suspended, since dirty data must be written while it is suspended. Repeats, because the VM writes more during a long
 * flush, until little is left.
 */
async function flushWhileRunning(files: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < FLUSH_ATTEMPTS; attempt += 1) {
    const startedAt = performance.now();
    await Promise.all(files.map(flush));
    if (performance.now() - startedAt < SHORT_FLUSH_MS) return;
  }
}

/** Makes the files durable and writes info.json. */
async function seal(staging: string, info: Omit<SavedState, 'files' | 'savedAt' | 'stateCrc32'>): Promise<void> {
  const files: SavedState['files'] = {};
  await Promise.all(filesOf(info).map(async (file) => {
    await flush(join(staging, file));
    files[file] = await stamp(join(staging, file));
  }));
  const saved: SavedState = { ...info, savedAt: new Date().toISOString(), stateCrc32: info.memory ? await checksum(join(staging, 'state')) : null, files };
  await writeFile(join(staging, INFO_FILE), JSON.stringify(saved, null, 2));
  await flush(join(staging, INFO_FILE));
  await syncFolder(staging);
}

/** Returns the files of a saved state with memory, or without. */
export function filesOf({ memory }: Pick<SavedState, 'memory'>): readonly StateFile[] {
  return memory ? stateFiles : ['kernel', 'initrd', 'disk'];
}

export async function stamp(path: string): Promise<FileStamp> {
  const { size, mtimeMs, ctimeMs } = await lstat(path);
  return { sizeBytes: size, mtimeMs, ctimeMs };
}

async function checksum(path: string): Promise<string> {
  return crc32(await readFile(path)).toString(16).padStart(8, '0');
}

async function flush(path: string): Promise<void> {
  await using file = await openPlainFile(path, constants.O_RDWR);
  await file.datasync();
}
