// Setting aside what no record knows, and bringing it back. Nothing is ever deleted here: folders are renamed within their file system, and a VM that runs is put to sleep
// on disk first, so that it can be woken where it stood.
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile, syncFolder, writeFileDurably } from '../../common/durable-file.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { exists } from '../../common/exists.ts';
import { runCommand } from '../../common/run-command.ts';
import { ensureKeys } from '../vms/keys.ts';
import { isActive, Vm, type VmHost } from '../vms/vm.ts';
import { VmManifest, type NetworkPolicy } from '../vms/manifest.ts';
import { readState, saveState, stagingOf, type SavedState } from '../snapshots/saved-state.ts';
import { quarantineState } from '../snapshots/quarantine-state.ts';
import { isEnvironmentId, isSnapshotId, type Orphan, type OrphanKind } from './find.ts';

/** A folder of the quarantine, by its name `<id>-<time>`. What is in the pool stays there; secrets, sockets and the rest stay in the data folder. */
export interface QuarantinePlace { name: string; inPool: string; onHost: string }

const SLEEP_TIMEOUT_MS = 300_000;

export function placeOf(host: VmHost, name: string): QuarantinePlace {
  return { name, inPool: join(host.pool.folders.quarantine, name), onHost: join(host.quarantineDir, name) };
}

export function nameOf({ environmentId, snapshotId }: Orphan, at: Date): string {
  return `${snapshotId ?? environmentId}-${at.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
}

/** Everything that stands in quarantine, by name. */
export async function allQuarantined(host: VmHost): Promise<string[]> {
  const names = await Promise.all([host.pool.folders.quarantine, host.quarantineDir].map(async (folder) => await readdir(folder).catch(() => [])));
  return [...new Set(names.flat())].filter((name) => /^(env|snap)_[0-9a-z]{26}-\d{8}T\d{6}Z$/.test(name)).toSorted();
}

/**
 * Moves all there is of it into quarantine. Can be repeated when it was interrupted: what is left is then set aside under another name.
 * @returns what is to be said of it, if anything
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
  const note = await putToSleep(vm);
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
  /** What the VM was called. */
  title: string | null;
  /** Why it cannot come back; null when it can. */
  blockedReason: string | null;
}

/** What stands there. Undefined when nothing does. */
export async function lookInto(host: VmHost, name: string): Promise<Contents | undefined> {
  const place = placeOf(host, name);
  const [inPool, onHost] = await Promise.all([place.inPool, place.onHost].map(async (path) => await exists(path)));
  if (!inPool && !onHost) return undefined;
  const id = name.slice(0, name.lastIndexOf('-'));
  const contents = { environmentId: id, snapshotId: null, title: null };
  if (isSnapshotId(id)) {
    const state = await readSnapshot(place);
    if (state instanceof SomnusError) return { ...contents, kind: 'staging', environmentId: '', snapshotId: id, blockedReason: `it was never finished: ${state.message}` };
    return { ...contents, kind: 'snapshot', environmentId: state.environmentId, snapshotId: id, blockedReason: null };
  }
  if (inPool) {
    const manifest = await readManifest(place, id);
    if (!(manifest instanceof SomnusError)) return { ...contents, kind: 'environment', title: manifest.name, blockedReason: null };
    const kind = await exists(join(place.inPool, 'disk')) ? 'environment' : 'staging';
    return { ...contents, kind, blockedReason: `what it needs to run again is not there: ${manifest.message}` };
  }
  const parts = await readdir(place.onHost);
  const kind = parts.includes('domain.xml') ? 'domain' : parts.includes('keys') ? 'keys' : 'run';
  return { ...contents, kind, blockedReason: { domain: 'it is a definition without a disk', keys: 'they are keys without an environment', run: 'it holds a console log and sockets only' }[kind] };
}

/** What a VM that comes back is now. */
export interface ComeBack { name: string; network: { index: number; policy: NetworkPolicy } }

/** Puts a VM's folder and keys back, under another name and at another place on the network if need be: the guest learns both when it next runs. Repeatable. */
export async function restoreFolder(host: VmHost, name: string, change: (manifest: VmManifest) => ComeBack): Promise<Vm> {
  const place = placeOf(host, name);
  const vm = new Vm(host, name.slice(0, name.lastIndexOf('-')));
  if (await exists(vm.folder)) throw new SomnusError('invalid_state', `${vm.folder} exists already`, { details: { path: vm.folder } });
  if (await exists(join(place.onHost, 'keys')) && !(await exists(vm.keysDir))) await move(join(place.onHost, 'keys'), vm.keysDir);
  await ensureKeys(vm);
  const before = await readManifest(place, vm.id);
  if (before instanceof SomnusError) throw before;
  const { name: title, network } = change(before);
  const now: VmManifest = { ...before, name: title, network: { ...network, ...addressOf(host, network.index) }, generation: before.generation + 1 };
  await writeFileDurably(join(place.inPool, 'manifest.json'), `${JSON.stringify(now, null, 2)}\n`);
  await move(place.inPool, vm.folder);
  await rm(place.onHost, { recursive: true, force: true }); // sockets and a console log
  return vm;
}

/** Puts a snapshot back in its environment's folder. @throws not_found when that is not there */
export async function restoreSnapshotFolder(host: VmHost, name: string): Promise<SavedState> {
  const place = placeOf(host, name);
  const state = await readSnapshot(place);
  if (state instanceof SomnusError) throw state;
  const vm = new Vm(host, state.environmentId);
  if (!(await exists(vm.folder))) throw new SomnusError('not_found', `The environment ${vm.id} of this snapshot is not there`, { hint: 'Restore that environment first.' });
  await move(place.inPool, vm.snapshotFolder(name.slice(0, name.lastIndexOf('-'))));
  return state;
}

/** Deletes for good. Repeatable. */
export async function discard(host: VmHost, name: string): Promise<void> {
  const place = placeOf(host, name);
  const doomed = join(host.pool.folders.staging, `${name}.removed`);
  if (await exists(place.inPool)) await rename(place.inPool, doomed);
  await rm(doomed, { recursive: true, force: true });
  await rm(place.onHost, { recursive: true, force: true });
}

/** The state of each snapshot in a VM's folder that is whole, by id. */
export async function snapshotsIn(vm: Vm): Promise<Map<string, SavedState>> {
  const ids = (await readdir(join(vm.folder, 'snapshots')).catch(() => [])).filter(isSnapshotId);
  const states = await Promise.all(ids.map(async (id) => await readState(vm.snapshotFolder(id)).then((state): [string, SavedState][] => [[id, state]], () => [])));
  return new Map(states.flat());
}

/** Ends a VM so that nothing is lost: its memory stands on the disk as if it had been hibernated. @returns why that was not possible, when its disk is all there is */
async function putToSleep(vm: Vm): Promise<string | null> {
  if (!(await vm.isActive())) return null;
  let note: string | null = null;
  try {
    await vm.manifest();
    await quarantineState(vm, vm.hibernationFolder); // of another moment
    await saveState(vm, vm.hibernationFolder, { memory: true, staySuspended: true, signal: AbortSignal.timeout(SLEEP_TIMEOUT_MS) });
  } catch (thrown) {
    const error = toSomnusError(thrown);
    if (error.code === 'unavailable' || error.code === 'timeout' || error.code === 'insufficient_space') throw error; // it runs on; the next look tries again
    note = `its memory could not be saved (${error.message}); its disk is as it was`;
    vm.log.warn({ err: error }, 'orphan.memory-not-saved');
    if (isActive(await vm.domain())) await vm.host.driver.destroy(vm.domainName, { graceful: true });
  }
  await vm.powerOff();
  await vm.releaseRam();
  return note;
}

async function readManifest(place: QuarantinePlace, id: string): Promise<VmManifest | SomnusError> {
  const manifest = await readJsonFile(join(place.inPool, 'manifest.json'), VmManifest).catch((error: unknown) => toSomnusError(error));
  if (manifest instanceof SomnusError || manifest.environmentId === id) return manifest;
  return new SomnusError('corrupt', `${place.inPool} says that it is ${manifest.environmentId}`);
}

async function readSnapshot(place: QuarantinePlace): Promise<SavedState | SomnusError> {
  const state = await readState(place.inPool).catch((error: unknown) => toSomnusError(error));
  return state instanceof SomnusError || isEnvironmentId(state.environmentId) ? state : new SomnusError('corrupt', `${place.inPool} names no environment`);
}

function addressOf(host: VmHost, index: number): { ip: string; mac: string } {
  const { ip, mac } = host.network.address(index);
  return { ip, mac };
}

/** Nothing when there is nothing. */
async function move(from: string, to: string): Promise<void> {
  if (!(await exists(from))) return;
  await mkdir(join(to, '..'), { recursive: true, mode: 0o700 });
  await rename(from, to);
  await syncFolder(join(to, '..'));
  await syncFolder(join(from, '..'));
}

/** Bytes on the disk, what it shares with others included: all of it is walked through. */
export async function sizeInQuarantine(host: VmHost, name: string): Promise<number> {
  const { inPool, onHost } = placeOf(host, name);
  const paths = (await Promise.all([inPool, onHost].map(async (path) => (await exists(path) ? [path] : [])))).flat();
  const { stdout } = await runCommand('du', ['--summarize', '--block-size=1', '--total', '--', ...paths], { timeoutMs: 60_000, allowExit: [1] });
  return Number(/^(\d+)\ttotal$/m.exec(stdout)?.[1] ?? 0);
}
