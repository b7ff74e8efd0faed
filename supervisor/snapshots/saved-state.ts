// A VM at a point in time: a folder of clones, complete or absent, that depends on no other. Sleep, snapshots and forks are made of it.
// Built beside its place, made durable, then renamed: what has its name is whole.
import { constants } from 'node:fs';
import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { sleep } from '../../common/deadline.ts';
import { readJsonFile, syncFolder } from '../../common/durable-file.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { openPlainFile } from '../host/untrusted-files.ts';
import { giveToQemu } from '../vms/file-owners.ts';
import { UndoStack } from '../../common/undo-stack.ts';
import type { Vm } from '../vms/vm.ts';
import { VmManifest } from '../vms/manifest.ts';
import { domainXml } from '../vms/start.ts';
import { stateFault } from './cpu-registers.ts';
import { loadDeviceState, saveDeviceState } from './device-state.ts';
import { withFrozenFileSystems } from './frozen-file-systems.ts';

const INFO_FILE = 'info.json';
export const stateFiles = ['kernel', 'initrd', 'disk', 'ram', 'state'] as const;
type StateFile = (typeof stateFiles)[number];

export const FileStamp = z.strictObject({
  sizeBytes: z.int(),
  /** Both times are the clone's own: whoever writes to it changes them. */
  mtimeMs: z.number(),
  ctimeMs: z.number(),
});
export type FileStamp = z.infer<typeof FileStamp>;

/** info.json: what is in the folder, and what it needs to run again. */
export const SavedState = z.strictObject({
  formatVersion: z.literal(1),
  savedAt: z.iso.datetime(),
  environmentId: z.string(),
  /** The operation that made it; unknown of those that an older version made. */
  operationId: z.string().optional(),
  /** With RAM and device state; else only what was on the disk. */
  memory: z.boolean(),
  ...VmManifest.pick({ hardware: true, shape: true, imageVersion: true, kernelCmdline: true, generation: true }).shape,
  /** CRC-32 of the device state, as hexadecimal digits. */
  stateCrc32: z.string().nullable(),
  files: z.partialRecord(z.enum(stateFiles), FileStamp),
});
export type SavedState = z.infer<typeof SavedState>;

/** A flush before the VM is suspended is repeated, at most so often, until one is as short as this. */
const FLUSH_ATTEMPTS = 4;
const SHORT_FLUSH_MS = 20;
/** QEMU listens from its start. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface SaveOptions {
  /** Memory too: then the VM must have one. */
  memory: boolean;
  /** The operation whose state it is. */
  operationId?: string | undefined;
  /** Leave a running VM standing still afterwards. */
  staySuspended?: boolean;
  signal: AbortSignal;
}

/**
 * Saves the VM, whatever state it is in, as the folder `target` in the pool. A running one goes on afterwards. Repeatable: what an interrupted attempt left is built
 * anew; to resume the VM that it left standing still is the caller's.
 * @returns how long a running VM stood still, in milliseconds
 * @throws invalid_state when it is to have a memory and the VM has none, as after a power cut; unavailable when QEMU saves no registers to continue from; insufficient_space; guest_unreachable when its file systems cannot be frozen; libvirt, timeout, cancelled. Nothing is at `target` then.
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

/** Makes `target` a copy of a saved state, in constant time. Repeatable. */
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

/** Puts the files in the place of the environment's own, those of memory only when asked to; the VM must be off. What was there is gone. Repeatable. */
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
 * Starts a VM on a saved memory: it stands where it was saved, to be resumed. The network device must be there.
 * @throws corrupt, unsupported as `checkState`; libvirt, timeout, cancelled: the VM is off then
 */
export async function loadState(vm: Vm, folder: string, signal: AbortSignal): Promise<void> {
  try {
    await load(vm, folder, signal);
  } catch (error) {
    await vm.powerOff().catch((left: unknown) => vm.log.warn({ err: left }, 'vm.left-without-guest'));
    throw error;
  }
}

async function load(vm: Vm, folder: string, signal: AbortSignal): Promise<void> {
  const { driver } = vm.host;
  await placeState(vm, folder, { memory: true });
  const manifest = await vm.manifest();
  await vm.prepareRunDir(vm.userOf(manifest));
  await vm.confine();
  await giveToQemu(vm, manifest);
  if (!(await vm.domain())) await driver.define(domainXml(vm, manifest), { signal }); // else the domain would vanish when QEMU ends
  await driver.createFromXml(domainXml(vm, manifest, { incoming: true }), { paused: true, signal });
  await vm.host.guests.port(vm).connect({ timeoutMs: CONNECT_TIMEOUT_MS, signal }); // a guest that goes on before the host is there notices, and has to notice the host again
  await loadDeviceState(driver, { domainName: vm.domainName, runDir: vm.runDir, user: vm.userOf(manifest), file: join(folder, 'state'), signal });
}

/** Takes new size and times for files whose content was found to be right. */
export async function restamp(folder: string, saved: SavedState, stamps: SavedState['files']): Promise<void> {
  await replaceFile(folder, INFO_FILE, { ...saved, files: { ...saved.files, ...stamps } } satisfies SavedState);
}

/** Writes JSON beside the saved files, whole or not at all. @throws when the folder has gone */
export async function replaceFile(folder: string, name: string, content: unknown): Promise<void> {
  const staging = join(folder, `.${name}`);
  await writeFile(staging, JSON.stringify(content, null, 2));
  await flush(staging);
  await rename(staging, join(folder, name));
  await syncFolder(folder);
}

/** Where a saved state is built; litter after a crash. */
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
    throw new SomnusError('invalid_state', 'The VM is not running, so there is no memory to save', { hint: 'The disk is as the VM left it. `--disk-only` takes a snapshot of the disk alone.' });
  }
  await clone(vm.folder, 'kernel', 'initrd');
  switch (observed) {
    case 'running':
    case 'suspended':
      if (options.memory) return { info: info(true), suspendedMs: await collectRunning(vm, staging, clone, options) };
      await withFrozenFileSystems(vm, options.signal, async () => await clone(vm.folder, 'disk'));
      return { info: info(false), suspendedMs: 0 };
    case 'hibernated': {
      const { files: _, savedAt: _at, stateCrc32: _crc, ...asleep } = await readState(vm.hibernationFolder);
      if (options.memory && !asleep.memory) throw new SomnusError('corrupt', `${vm.hibernationFolder} holds no memory`, { details: { path: vm.hibernationFolder } });
      await clone(vm.hibernationFolder, 'disk', ...(options.memory ? ['ram', 'state'] as const : []));
      return { info: { ...asleep, memory: options.memory, operationId }, suspendedMs: 0 };
    }
    case 'stopped':
      await clone(vm.folder, 'disk');
      return { info: info(false), suspendedMs: 0 };
    case 'missing':
      throw new SomnusError('corrupt', `${vm.folder} is not there`, { details: { path: vm.folder } });
  }
}

/** How often the VM is saved before it is given up on getting registers that it can continue from: one save in forty was seen to have others. */
const SAVE_ATTEMPTS = 6;
/** How long the VM runs between attempts, doubled each time: long enough to leave the few instructions that cause it. */
const RUN_BETWEEN_MS = 10;

type Clone = (folder: string, ...files: StateFile[]) => Promise<void>;

/** Saves until the registers are ones that the VM can continue from. */
async function collectRunning(vm: Vm, staging: string, clone: Clone, options: SaveOptions): Promise<number> {
  const { driver } = vm.host;
  const isRunning = async (): Promise<boolean> => (await vm.domain())?.state === 'running';
  const wasRunning = await isRunning();
  const resumeAfter = wasRunning && options.staySuspended !== true;
  await using undo = new UndoStack((name, error) => vm.log.warn({ err: toSomnusError(error), name }, 'state.not-suspended-again'));
  let suspendedMs = 0;
  for (let attempt = 1; ; attempt += 1) {
    suspendedMs += await collectOnce(vm, staging, clone, { running: await isRunning(), resumeAfter, signal: options.signal });
    const fault = stateFault(await readFile(join(staging, 'state')));
    if (fault === undefined) {
      undo.commit();
      return suspendedMs;
    }
    vm.log.warn({ fault, attempt }, 'state.registers-not-valid');
    if (attempt === SAVE_ATTEMPTS) {
      throw new SomnusError('unavailable', `QEMU saved CPU registers that the VM could not continue from, ${SAVE_ATTEMPTS} times in a row (${fault})`, {
        hint: 'Nothing was saved. Try again; under emulation, a program in the VM that uses cmpxchg16b all the time causes this.', details: { fault, attempts: SAVE_ATTEMPTS },
      });
    }
    for (const file of ['ram', 'disk', 'state']) await rm(join(staging, file), { force: true });
    if (!wasRunning && attempt === 1) undo.push('suspend', async () => await driver.suspend(vm.domainName)); // as it was found
    if (!(await isRunning())) await driver.resume(vm.domainName);
    await sleep(RUN_BETWEEN_MS * 2 ** (attempt - 1), options.signal);
  }
}

async function collectOnce(vm: Vm, staging: string, clone: Clone, { running, resumeAfter, signal }: { running: boolean; resumeAfter: boolean; signal: AbortSignal }): Promise<number> {
  const { driver } = vm.host;
  await flushWhileRunning([vm.ramFile, vm.diskFile]);
  let [stoodFrom, stoodUntil] = [0, 0];
  const suspend = async (): Promise<void> => {
    await driver.suspend(vm.domainName, { signal });
    stoodFrom = performance.now();
  };
  const goOn = async (): Promise<void> => {
    if (stoodFrom === 0 || stoodUntil > 0 || !resumeAfter) return;
    await driver.resume(vm.domainName);
    stoodUntil = performance.now();
  };
  try {
    await saveDeviceState(driver, {
      domainName: vm.domainName, runDir: vm.runDir, user: await vm.runningUser(), file: join(staging, 'state'), signal, suspend: running ? suspend : undefined,
      whileStill: async () => {
        await Promise.all([clone(vm.folder, 'ram'), clone(vm.folder, 'disk')]);
        await goOn();
      },
    });
  } finally {
    await goOn();
  }
  return Math.max(0, Math.round(stoodUntil - stoodFrom));
}

/** What is dirty when the VM is suspended is written while it is. A flush that took long leaves what was written meanwhile, so it is repeated, until little is left. */
async function flushWhileRunning(files: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < FLUSH_ATTEMPTS; attempt += 1) {
    const startedAt = performance.now();
    await Promise.all(files.map(flush));
    if (performance.now() - startedAt < SHORT_FLUSH_MS) return;
  }
}

/** Makes the files durable and says in the folder what they are. */
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

/** What is in the folder of one with memory, and of one without. */
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
