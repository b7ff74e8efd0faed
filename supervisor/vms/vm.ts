// One environment's VM on this host: the paths of its parts, and its state according to libvirt and the disk. The actions are in the other files of
// this folder.
import { createHash } from 'node:crypto';
import { chmod, chown, lchown, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { stretched } from '../../common/deadline.ts';
import { readJsonFile, writeFileDurably } from '../../common/durable-file.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { runFiles } from '../domain/domain-xml.ts';
import type { Guests } from '../guest/guests.ts';
import { removeProfile, writeProfile } from '../host/apparmor.ts';
import { lastWords } from '../guest/last-words.ts';
import { letQemuPassLibvirtFolder } from '../host/libvirt-folder.ts';
import { isPlainFile } from '../host/untrusted-files.ts';
import type { DomainSummary, VmDriver } from '../libvirt/vm-driver.ts';
import type { HostNetwork } from '../network/network.ts';
import type { HostAbilities } from '../profiles/plan.ts';
import type { TemplateStore } from '../snapshots/template-store.ts';
import type { StoragePool } from '../storage/pool.ts';
import { VmManifest } from './manifest.ts';
import { vmUser, type VmUser } from './vm-user.ts';

/** libvirt, which waits longer, ends a QEMU that needs more time than this to write its data. */
const QUIT_TIMEOUT_MS = 1000;
const QEMU_TIMEOUT_MS = 5000;

/** What memory states depend on. A restore is refused unless it is the same as when the state was saved. */
export type Hardware = VmManifest['hardware'];

/** What all VMs of a host share. */
export interface VmHost {
  /** Four hex digits that prefix the names of everything created on the host. */
  installation: string;
  pool: StoragePool;
  driver: VmDriver;
  network: HostNetwork;
  guests: Guests;
  templates: TemplateStore;
  /** The hardware for VMs that start now. */
  hardware(): Promise<Hardware>;
  abilities: HostAbilities;
  /** The group QEMU runs in, which may use /dev/kvm. Each VM has its own user. */
  qemuGid: number;
  /** The file that records the mode of libvirt's folder before QEMU needed to traverse it. */
  libvirtFolderRecord: string;
  /** Secrets, one folder per environment, mode 0700. */
  keysDir: string;
  /** Sockets and console logs, one folder per environment. */
  runDir: string;
  /** Quarantined keys and other small files that no record knows, mode 0700; disks and memory stay in the pool. */
  quarantineDir: string;
  log: Logger;
}

export interface VmContext { vm: Vm }

/**
 * The VM's state according to libvirt and the disk, in the terms of domain/states.ts. `empty` means that QEMU runs without a guest, because it never
 * received the memory state it waits for.
 */
export type ObservedState = 'running' | 'suspended' | 'empty' | 'stopped' | 'hibernated' | 'missing';

export class Vm {
  readonly host: VmHost;
  readonly id: string;

  constructor(host: VmHost, id: string) {
    this.host = host;
    this.id = id;
  }

  /** The domain's UUID, which is also in the manifest. */
  get uuid(): string { return derivedUuid(this.host.installation, this.id); }
  get domainName(): string { return domainName(this.host.installation, this.id); }
  get folder(): string { return this.host.pool.folders.environment(this.id); }
  get keysDir(): string { return join(this.host.keysDir, this.id); }
  get runDir(): string { return join(this.host.runDir, this.id); }
  get consoleLog(): string { return join(this.runDir, runFiles.consoleLog); }
  get ramFile(): string { return join(this.folder, 'ram'); }
  get diskFile(): string { return join(this.folder, 'disk'); }
  /** While the VM is hibernated, holds its memory, device state and disk from the same moment. */
  get hibernationFolder(): string { return join(this.folder, 'hibernation'); }
  snapshotFolder(snapshotId: string): string { return join(this.folder, 'snapshots', snapshotId); }
  get log(): Logger { return this.host.log.child({ environmentId: this.id }); }

  /** @throws not_found, corrupt */
  async manifest(): Promise<VmManifest> {
    return await readJsonFile(join(this.folder, 'manifest.json'), VmManifest);
  }

  async changeManifest(change: Partial<VmManifest>): Promise<VmManifest> {
    const manifest = VmManifest.parse({ ...await this.manifest(), ...change });
    await writeFileDurably(join(this.folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  }

  async domain(): Promise<DomainSummary | undefined> {
    return await this.host.driver.find(this.domainName);
  }

  /** Whether QEMU runs for this VM, suspended or not, and has its guest. @throws unavailable */
  async isAlive(): Promise<boolean> {
    return ['running', 'suspended'].includes(await this.observe());
  }

  /** Whether QEMU runs for this VM, with or without a guest. */
  async isActive(): Promise<boolean> {
    return isActive(await this.domain());
  }

  async isHibernated(): Promise<boolean> {
    return await stat(this.hibernationFolder).then(() => true, () => false);
  }

  async observe(): Promise<ObservedState> {
    const domain = await this.domain();
    if (isActive(domain) && domain?.state !== 'paused') return 'running';
    if (isActive(domain)) return await this.#waitsForState() ? 'empty' : 'suspended';
    if (await this.isHibernated()) return 'hibernated';
    return await stat(this.folder).then(() => 'stopped' as const, () => 'missing' as const);
  }

  /** Whether QEMU still waits for a memory state, which libvirt reports as paused. */
  async #waitsForState(): Promise<boolean> {
    const answer = await this.host.driver.monitor(this.domainName, 'query-status', {}, { timeoutMs: QEMU_TIMEOUT_MS }).catch(() => undefined) as { status?: string } | undefined;
    return answer?.status === 'inmigrate' || answer?.status === 'prelaunch';
  }

  /** Returns the user that QEMU runs as from its next start on. */
  userOf({ network }: Pick<VmManifest, 'network'>): VmUser {
    return vmUser(this.host.installation, network.index, this.host.qemuGid);
  }

  /** Returns the user of the running QEMU, which differs from `userOf` if an older version started it. */
  async runningUser(): Promise<VmUser> {
    const { uid, gid } = await lstat(this.ramFile);
    return { uid, gid };
  }

  /**
   * Creates the folder for sockets and logs before QEMU starts. It belongs to root: QEMU may enter it and write to only one folder in it. Files that
   * older versions let QEMU write become root's, and everything that is not a plain file is deleted.
   */
  async prepareRunDir({ uid, gid }: VmUser): Promise<void> {
    await mkdir(this.runDir, { recursive: true, mode: 0o710 });
    await chown(this.runDir, 0, gid);
    await chmod(this.runDir, 0o710);
    for (const name of await readdir(this.runDir)) {
      const path = join(this.runDir, name);
      if (isPlainFile(await lstat(path))) await lchown(path, 0, 0);
      else await rm(path, { recursive: true });
    }
    const own = join(this.runDir, runFiles.qemuFolder);
    await mkdir(own, { mode: 0o700 });
    await chown(own, uid, gid);
    await letQemuPassLibvirtFolder(this.host.libvirtFolderRecord);
  }

  /** Writes the VM's AppArmor profile, on hosts with AppArmor. Call it before each start, when the run folder exists. */
  async confine(): Promise<void> {
    await writeProfile({
      uuid: this.uuid, environmentId: this.id, files: [{ folder: this.folder, name: 'ram' }, { folder: this.runDir, name: runFiles.stateSocket }, { folder: join(this.runDir, runFiles.qemuFolder), name: runFiles.stateSocket }],
    });
  }

  /** Ends QEMU if it is running. Repeatable. */
  async powerOff(): Promise<void> {
    this.host.guests.forget(this.id);
    if (!(await this.isActive())) return;
    if (await this.#quit()) return;
    try {
      await this.host.driver.destroy(this.domainName);
    } catch (error) {
      if (await this.isActive()) throw error; // otherwise it ended on its own
    }
  }

  /** Asks QEMU to quit, because libvirt's own way checks only every 0.2 s whether it has ended. @returns whether it ended in time */
  async #quit(): Promise<boolean> {
    const off = this.waitUntilOff(stretched(QUIT_TIMEOUT_MS)).catch(() => false);
    await this.host.driver.monitor(this.domainName, 'quit', {}, { timeoutMs: QUIT_TIMEOUT_MS }).catch(() => {}); // the answer may be lost with QEMU
    return await off;
  }

  /** Removes the definition and the AppArmor profile, if they exist; the VM must be off. Repeatable. */
  async undefine(): Promise<void> {
    if (await this.domain()) await this.host.driver.undefine(this.domainName);
    await removeProfile(this.uuid);
  }

  /** Deletes the RAM file of a VM that is not running, to free its space. */
  async releaseRam(): Promise<void> {
    await rm(this.ramFile, { force: true });
  }

  /**
   * Runs `work` until it finishes or the VM ends. With `bootIsEnd`, a guest that reboots also counts as ended, because it should have continued from
   * a saved memory.
   * @throws guest_panicked when the guest's kernel panics first; guest_unreachable when the VM ends for another reason. Both include the last lines
   * of its console.
   */
  async whileActive<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>, { bootIsEnd = false } = {}): Promise<T> {
    const ended = new AbortController();
    const unsubscribe = this.host.driver.onLifecycle(({ name, event, detail }) => {
      if (name !== this.domainName) return;
      if (event === 'crashed' && detail === 'panicked') ended.abort(new SomnusError('guest_panicked', "The guest's kernel panicked before it was ready"));
      else if (event === 'rebooted' && bootIsEnd) ended.abort(new SomnusError('guest_panicked', 'The guest rebooted instead of continuing from its memory'));
      else if (event === 'stopped' || event === 'crashed') ended.abort(new SomnusError('guest_unreachable', `The VM ended (${detail}) before it was ready`, { hint: 'See the console with `somnus logs NAME --console`.' }));
    });
    try {
      if (!(await this.isActive())) throw await this.#withConsoleLines(this.#endBeforeReady(await this.domain()));
      return await work(AbortSignal.any([signal, ended.signal]));
    } catch (error) {
      throw ended.signal.aborted && !signal.aborted ? await this.#withConsoleLines(ended.signal.reason as SomnusError) : error;
    } finally {
      unsubscribe();
    }
  }

  /** Returns why a VM ended before this process was listening: libvirt reports a guest panic as `crashed`. */
  #endBeforeReady(domain: DomainSummary | undefined): SomnusError {
    const reason = domain?.reason ?? 'gone';
    if (reason === 'crashed') return new SomnusError('guest_panicked', "The guest's kernel panicked, or QEMU ended, before the VM was ready");
    return new SomnusError('guest_unreachable', `The VM ended (${reason}) before it was ready`, { hint: 'See the console with `somnus logs NAME --console`.' });
  }

  /** Adds the last lines of the console to the error, because undoing the operation deletes the console log. */
  async #withConsoleLines(error: SomnusError): Promise<SomnusError> {
    const console = await lastWords(this.consoleLog);
    const reason = console.findLast((line) => /panic|BUG|Oops|fault|error/i.test(line)) ?? console.at(-1);
    return new SomnusError(error.code, reason === undefined ? error.message : `${error.message}; its console shows: ${reason}`, { hint: error.hint, details: { ...error.details, console }, cause: error });
  }

  /** Waits until QEMU has ended. @returns false if `timeoutMs` elapses first */
  async waitUntilOff(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    promise.catch(() => {}); // the signal may fire while libvirt is still being asked
    const timer = setTimeout(resolve, timeoutMs, false);
    const onAbort = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', onAbort, { once: true });
    const unsubscribes = [
      this.host.driver.onLifecycle((event) => {
        if (event.name === this.domainName && (event.event === 'stopped' || event.event === 'crashed')) resolve(true);
      }),
      // Events are missed while the driver is disconnected, so check again after it reconnects.
      this.host.driver.onConnection((state) => {
        if (state === 'connected') void this.isActive().then((active) => { if (!active) resolve(true); }, () => {});
      }),
    ];
    try {
      signal?.throwIfAborted();
      if (!(await this.isActive())) return true;
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      for (const unsubscribe of unsubscribes) unsubscribe();
    }
  }
}

export function domainName(installation: string, environmentId: string): string {
  return `somnus-${installation}-${environmentId}`;
}

/** Returns the environment of a domain; undefined for domains that do not belong to this installation. */
export function environmentOfDomain(installation: string, name: string): string | undefined {
  const prefix = `somnus-${installation}-`;
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

export function isActive(domain: DomainSummary | undefined): boolean {
  return domain !== undefined && domain.state !== 'shut_off' && domain.state !== 'crashed';
}

/** Derives a UUID from its seeds, so that a repeated step produces the same one. */
export function derivedUuid(...seeds: string[]): string {
  const hex = createHash('sha256').update(seeds.join('\0')).digest('hex');
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
