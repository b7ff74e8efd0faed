// Quarantines what no record knows, and restores it. Nothing is deleted here except by `discard`: folders are renamed within their file system, and a
// running VM is hibernated first, so that it can be woken again.
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile, syncFolder, writeFileDurably } from '../../common/durable-file.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { exists } from '../../common/exists.ts';
import { runCommand } from '../../common/run-command.ts';
import { ensureKeys } from '../guest/key-folder.ts';
import { isActive, Vm, type VmHost } from '../vms/vm.ts';
import type { NetworkPolicy } from '../domain/network-policy.ts';
import { VmManifest } from '../vms/manifest.ts';
import { readState, saveState, stagingOf, type SavedState } from '../snapshots/saved-state.ts';
import { quarantineState } from '../snapshots/quarantine-state.ts';
import { isEnvironmentId, isSnapshotId, type Orphan, type OrphanKind } from './find-orphans.ts';

/** A quarantine folder, by its name `<id>-<time>`. What is in the pool stays in the pool; secrets, sockets and the rest stay in the data folder. */
export interface QuarantinePlace { name: string; inPool: string; onHost: string }

const HIBERNATE_TIMEOUT_MS = 300_000;

export function placeOf(host: VmHost, name: string): QuarantinePlace {
  return { name, inPool: join(host.pool.folders.quarantine, name), onHost: join(host.quarantineDir, name) };
}

export function nameOf({ environmentId, snapshotId }: Orphan, at: Date): string {
  return `${snapshotId ?? environmentId}-${at.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
}

/** Returns the names of everything in quarantine. */
export async function allQuarantined(host: VmHost): Promise<string[]> {
  const names = await Promise.all([host.pool.folders.quarantine, host.quarantineDir].map(async (folder) => await readdir(folder).catch(() => [])));
  return [...new Set(names.flat())].filter((name) => /^(env|snap)_[0-9a-z]{26}-\d{8}T\d{6}Z$/.test(name)).toSorted();
}

/**
 * Moves all parts of an orphan to quarantine. Safe to repeat after an interruption: the remaining parts are then quarantined under another name.
 * @returns a note about it, if there is one
 * @throws libvirt, unavailable, insufficient_space, timeout: then nothing was moved
 */
export async function quarantine(host: VmHost, orphan: Orphan, name: string): Promise<string | null> {
  const place = placeOf(host, name);
  const vm = new Vm(host, orphan.environmentId);
  if (orphan.kind === 'snapshot' || orphan.kind === 'staging') {
    const built = orphan.snapshotId === null ? join(host.pool.folders.staging, orphan.environmentId) : vm.snapshotFolder(orphan.snapshotId);
    await move(orphan.kind === 'staging' && orphan.snapshotId !== null ? stagingOf(built) : built, place.inPool);
    return null;
  }
  const note = await hibernate(vm);
  const domain = await vm.domain();
  if (domain?.persistent) {
    if (orphan.kind === 'domain') await writeFileDurably(join(place.onHost, 'domain.xml'), await host.driver.domainXml(vm.domainName, { inactive: true }));
    await vm.undefine();
  }
  await mkdir(place.onHost, { recursive: true, mode: 0o700 });
  await move(vm.keysDir, join(place.onHost, 'keys'));
  await move(vm.runDir, join(place.onHost, 'run'));
  await move(vm.folder, place.inPool);
  if ((await readdir(place.onHost)).length === 0) await rm(place.onHost, { recursive: true });
  return note;
}

export interface Contents {
  kind: OrphanKind;
  environmentId: string;
  snapshotId: string | null;
  /** The VM's name. */
  title: string | null;
  /** Why it cannot be restored; null when it can. */
  blockedReason: string | null;
}

/** Returns what a quarantine folder contains; undefined when it does not exist. */
export async function readQuarantined(host: VmHost, name: string): Promise<Contents | undefined> {
  const place = placeOf(host, name);
  const [inPool, onHost] = await Promise.all([place.inPool, place.onHost].map(async (path) => await exists(path)));
  if (!inPool && !onHost) return undefined;
  const id = name.slice(0, name.lastIndexOf('-'));
  const contents = { environmentId: id, snapshotId: null, title: null };
  if (isSnapshotId(id)) {
    const state = await readSnapshot(place);
    if (state instanceof SomnusError) return { ...contents, kind: 'staging', environmentId: '', snapshotId: id, blockedReason: `it is incomplete: ${state.message}` };
    return { ...contents, kind: 'snapshot', environmentId: state.environmentId, snapshotId: id, blockedReason: null };
  }
  if (inPool) {
    const manifest = await readManifest(place, id);
    if (!(manifest instanceof SomnusError)) return { ...contents, kind: 'environment', title: manifest.name, blockedReason: null };
    const kind = await exists(join(place.inPool, 'disk')) ? 'environment' : 'staging';
    return { ...contents, kind, blockedReason: `its manifest cannot be used: ${manifest.message}` };
  }
  const parts = await readdir(place.onHost);
  const kind = parts.includes('domain.xml') ? 'domain' : parts.includes('keys') ? 'keys' : 'run';
  return { ...contents, kind, blockedReason: { domain: 'it has only a definition, without a disk', keys: 'it has only keys, without an environment', run: 'it has only a console log and sockets' }[kind] };
}

/** The name and network of a restored VM. */
export interface RestoredVm { name: string; network: { index: number; policy: NetworkPolicy } }

/** Restores a VM's folder and keys, with another name and network index if needed: the guest gets both when it next runs. Repeatable. */
export async function restoreFolder(host: VmHost, name: string, change: (manifest: VmManifest) => RestoredVm): Promise<Vm> {
  const place = placeOf(host, name);
  const vm = new Vm(host, name.slice(0, name.lastIndexOf('-')));
  if (await exists(vm.folder)) throw new SomnusError('invalid_state', `${vm.folder} already exists`, { details: { path: vm.folder } });
  if (await exists(join(place.onHost, 'keys')) && !(await exists(vm.keysDir))) await move(join(place.onHost, 'keys'), vm.keysDir);
  await ensureKeys(vm.keysDir);
  const before = await readManifest(place, vm.id);
  if (before instanceof SomnusError) throw before;
  const { name: title, network } = change(before);
  const now: VmManifest = { ...before, name: title, network: { ...network, ...addressOf(host, network.index) }, generation: before.generation + 1 };
  await writeFileDurably(join(place.inPool, 'manifest.json'), `${JSON.stringify(now, null, 2)}\n`);
  await move(place.inPool, vm.folder);
  await rm(place.onHost, { recursive: true, force: true }); // the sockets and the console log
  return vm;
}

/** Restores a snapshot to its environment's folder. @throws not_found when that folder does not exist */
export async function restoreSnapshotFolder(host: VmHost, name: string): Promise<SavedState> {
  const place = placeOf(host, name);
  const state = await readSnapshot(place);
  if (state instanceof SomnusError) throw state;
  const vm = new Vm(host, state.environmentId);
  if (!(await exists(vm.folder))) throw new SomnusError('not_found', `The environment ${vm.id} of this snapshot does not exist`, { hint: 'Restore that environment first.' });
  await move(place.inPool, vm.snapshotFolder(name.slice(0, name.lastIndexOf('-'))));
  return state;
}

/** Deletes it permanently. Repeatable. */
export async function discard(host: VmHost, name: string): Promise<void> {
  const place = placeOf(host, name);
  const unlinked = join(host.pool.folders.staging, `${name}.removed`);
  if (await exists(place.inPool)) await rename(place.inPool, unlinked);
  await rm(unlinked, { recursive: true, force: true });
  await rm(place.onHost, { recursive: true, force: true });
}

/** Returns the state of each complete snapshot in a VM's folder, by id. */
export async function snapshotsIn(vm: Vm): Promise<Map<string, SavedState>> {
  const ids = (await readdir(join(vm.folder, 'snapshots')).catch(() => [])).filter(isSnapshotId);
  const states = await Promise.all(ids.map(async (id) => await readState(vm.snapshotFolder(id)).then((state): [string, SavedState][] => [[id, state]], () => [])));
  return new Map(states.flat());
}

/** Ends a VM without losing its memory, which is saved as for a hibernation. @returns why it could not be saved, when only the disk is left */
async function hibernate(vm: Vm): Promise<string | null> {
  if (!(await vm.isActive())) return null;
  let note: string | null = null;
  try {
    await vm.manifest();
    await quarantineState(vm, vm.hibernationFolder); // from another moment
    await saveState(vm, vm.hibernationFolder, { memory: true, staySuspended: true, signal: AbortSignal.timeout(HIBERNATE_TIMEOUT_MS) });
  } catch (thrown) {
    const error = toSomnusError(thrown);
    if (error.code === 'unavailable' || error.code === 'timeout' || error.code === 'insufficient_space') throw error; // it keeps running; the next pass tries again
    note = `its memory could not be saved (${error.message}); its disk is unchanged`;
    vm.log.warn({ event: 'orphan.memory-not-saved', err: error });
    if (isActive(await vm.domain())) await vm.host.driver.destroy(vm.domainName, { graceful: true });
  }
  await vm.powerOff();
  await vm.releaseRam();
  return note;
}

async function readManifest(place: QuarantinePlace, id: string): Promise<VmManifest | SomnusError> {
  const manifest = await readJsonFile(join(place.inPool, 'manifest.json'), VmManifest).catch((error: unknown) => toSomnusError(error));
  if (manifest instanceof SomnusError || manifest.environmentId === id) return manifest;
  return new SomnusError('corrupt', `${place.inPool} belongs to ${manifest.environmentId}`);
}

async function readSnapshot(place: QuarantinePlace): Promise<SavedState | SomnusError> {
  const state = await readState(place.inPool).catch((error: unknown) => toSomnusError(error));
  return state instanceof SomnusError || isEnvironmentId(state.environmentId) ? state : new SomnusError('corrupt', `${place.inPool} names no environment`);
}

function addressOf(host: VmHost, index: number): { ip: string; mac: string } {
  const { ip, mac } = host.network.address(index);
  return { ip, mac };
}

/** Does nothing when `from` does not exist. */
async function move(from: string, to: string): Promise<void> {
  if (!(await exists(from))) return;
  await mkdir(join(to, '..'), { recursive: true, mode: 0o700 });
  await rename(from, to);
  await syncFolder(join(to, '..'));
  await syncFolder(join(from, '..'));
}

/** Returns the bytes on the disk, including shared ones. Walks through all files. */
export async function sizeInQuarantine(host: VmHost, name: string): Promise<number> {
  const { inPool, onHost } = placeOf(host, name);
  const paths = (await Promise.all([inPool, onHost].map(async (path) => (await exists(path) ? [path] : [])))).flat();
  const { stdout } = await runCommand('du', ['--summarize', '--block-size=1', '--total', '--', ...paths], { timeoutMs: 60_000, allowExit: [1] });
  return Number(/^(\d+)\ttotal$/m.exec(stdout)?.[1] ?? 0);
}
