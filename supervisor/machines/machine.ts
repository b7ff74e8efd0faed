// One environment's VM on this host: where its parts are and what libvirt and the disk say of it. The acts are in the files beside this one.
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
import type { StoragePool } from '../storage/pool.ts';
import { MachineManifest } from './manifest.ts';
import { vmUser, type VmUser } from './vm-user.ts';

/** A QEMU that has more to write than this takes is ended by libvirt, which waits longer. */
const QUIT_TIMEOUT_MS = 1000;
const QEMU_TIMEOUT_MS = 5000;

/** What memory states depend on: the same on restore as on save, or it is refused. */
export type Hardware = MachineManifest['hardware'];

/** What all machines of a host share. */
export interface MachineHost {
  /** Four hex digits; start of the names of all that is made on the host. */
  instance: string;
  pool: StoragePool;
  driver: VmDriver;
  network: HostNetwork;
  guests: Guests;
  /** What VMs started now run on. */
  hardware(): Promise<Hardware>;
  abilities: HostAbilities;
  /** The group QEMU runs in, which may use /dev/kvm. The user is each VM's own. */
  qemuGid: number;
  /** Where it is written down how libvirt's folder was before QEMU had to pass through it. */
  libvirtFolderRecord: string;
  /** Secrets, a folder per environment, 0700. */
  keysDir: string;
  /** Sockets and console logs, a folder per environment. */
  runDir: string;
  /** Keys and the rest of what no record knows, 0700; disks and memory stay in the pool. */
  quarantineDir: string;
  log: Logger;
}

export interface MachineContext { machine: Machine }

/** What libvirt and the disk say, in the words of domain/states.ts; `empty`: QEMU runs, but holds no guest, since nobody gave it the memory state that it waits for. */
export type ObservedState = 'running' | 'suspended' | 'empty' | 'stopped' | 'hibernated' | 'missing';

export class Machine {
  readonly host: MachineHost;
  readonly id: string;

  constructor(host: MachineHost, id: string) {
    this.host = host;
    this.id = id;
  }

  /** The domain's; the manifest has it, too. */
  get uuid(): string { return derivedUuid(this.host.instance, this.id); }
  get domainName(): string { return domainName(this.host.instance, this.id); }
  get folder(): string { return this.host.pool.folders.environment(this.id); }
  get keysDir(): string { return join(this.host.keysDir, this.id); }
  get runDir(): string { return join(this.host.runDir, this.id); }
  get consoleLog(): string { return join(this.runDir, runFiles.consoleLog); }
  get ramFile(): string { return join(this.folder, 'ram'); }
  get diskFile(): string { return join(this.folder, 'disk'); }
  /** While the VM sleeps on disk: its memory, device state and disk as they belong together. */
  get hibernationFolder(): string { return join(this.folder, 'hibernation'); }
  snapshotFolder(snapshotId: string): string { return join(this.folder, 'snapshots', snapshotId); }
  get log(): Logger { return this.host.log.child({ environmentId: this.id }); }

  /** @throws not_found, corrupt */
  async manifest(): Promise<MachineManifest> {
    return await readJsonFile(join(this.folder, 'manifest.json'), MachineManifest);
  }

  async changeManifest(change: Partial<MachineManifest>): Promise<MachineManifest> {
    const manifest = MachineManifest.parse({ ...await this.manifest(), ...change });
    await writeFileDurably(join(this.folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  }

  async domain(): Promise<DomainSummary | undefined> {
    return await this.host.driver.find(this.domainName);
  }

  /** Whether QEMU runs for it, suspended or not, and holds its guest. @throws unavailable */
  async isAlive(): Promise<boolean> {
    return ['running', 'suspended'].includes(await this.observe());
  }

  /** Whether QEMU runs for it, whatever it holds. */
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

  /** libvirt calls a QEMU paused that was started for a memory state and never got it. */
  async #waitsForState(): Promise<boolean> {
    const answer = await this.host.driver.monitor(this.domainName, 'query-status', {}, { timeoutMs: QEMU_TIMEOUT_MS }).catch(() => undefined) as { status?: string } | undefined;
    return answer?.status === 'inmigrate' || answer?.status === 'prelaunch';
  }

  /** Whom its QEMU runs as, from its next start on. */
  userOf({ network }: Pick<MachineManifest, 'network'>): VmUser {
    return vmUser(this.host.instance, network.index, this.host.qemuGid);
  }

  /** Whom the QEMU that runs now runs as: what an older version has started has another user than `userOf` says. */
  async runningUser(): Promise<VmUser> {
    const { uid, gid } = await lstat(this.ramFile);
    return { uid, gid };
  }

  /**
   * Makes the folder for sockets and logs, before QEMU starts. It is root's: QEMU enters it and writes in one folder of it alone. What older versions let QEMU write
   * in is root's from here on, and of what lies there only plain files are kept.
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

  /** Gives the VM an AppArmor profile, where the host has AppArmor: before each start. The run folder must be there. */
  async confine(): Promise<void> {
    await writeProfile({
      uuid: this.uuid, environmentId: this.id, files: [{ folder: this.folder, name: 'ram' }, { folder: this.runDir, name: runFiles.stateSocket }, { folder: join(this.runDir, runFiles.qemuFolder), name: runFiles.stateSocket }],
    });
  }

  /** Ends QEMU if it runs. Repeatable. */
  async powerOff(): Promise<void> {
    this.host.guests.forget(this.id);
    if (!(await this.isActive())) return;
    if (await this.#quit()) return;
    try {
      await this.host.driver.destroy(this.domainName);
    } catch (error) {
      if (await this.isActive()) throw error; // else it ended by itself meanwhile
    }
  }

  /** Asks QEMU to end: what libvirt does to end it looks only every 0.2 s whether it has. @returns whether it ended in time */
  async #quit(): Promise<boolean> {
    const off = this.waitUntilOff(stretched(QUIT_TIMEOUT_MS)).catch(() => false);
    await this.host.driver.monitor(this.domainName, 'quit', {}, { timeoutMs: QUIT_TIMEOUT_MS }).catch(() => {}); // the answer may be lost with QEMU
    return await off;
  }

  /** Removes the definition and the AppArmor profile, if there are any; the VM must be off. Repeatable. */
  async undefine(): Promise<void> {
    if (await this.domain()) await this.host.driver.undefine(this.domainName);
    await removeProfile(this.uuid);
  }

  /** RAM of a VM that does not run is worth nothing: gives its space back. */
  async releaseRam(): Promise<void> {
    await rm(this.ramFile, { force: true });
  }

  /**
   * Runs `work` until it ends or the VM does. `bootIsEnd`: a guest that boots anew ends it, too, since it was to continue from a saved memory.
   * @throws guest_panicked when the guest's kernel panics first; guest_unreachable when the VM ends for another reason. Both with the last lines on its console.
   */
  async whileActive<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>, { bootIsEnd = false } = {}): Promise<T> {
    const ended = new AbortController();
    const unsubscribe = this.host.driver.onLifecycle(({ name, event, detail }) => {
      if (name !== this.domainName) return;
      if ((event === 'crashed' && detail === 'panicked') || (event === 'rebooted' && bootIsEnd)) ended.abort(new SomnusError('guest_panicked', "The guest's kernel panicked before it was ready"));
      else if (event === 'stopped' || event === 'crashed') ended.abort(new SomnusError('guest_unreachable', `The VM ended (${detail}) before it was ready`, { hint: 'See its console with `somnus logs`.' }));
    });
    try {
      if (!(await this.isActive())) throw await this.#withLastWords(this.#endBeforeReady(await this.domain()));
      return await work(AbortSignal.any([signal, ended.signal]));
    } catch (error) {
      throw ended.signal.aborted && !signal.aborted ? await this.#withLastWords(ended.signal.reason as SomnusError) : error;
    } finally {
      unsubscribe();
    }
  }

  /** What ended a VM that was gone before anybody listened: libvirt ends one whose guest panics as `crashed`. */
  #endBeforeReady(domain: DomainSummary | undefined): SomnusError {
    const reason = domain?.reason ?? 'gone';
    if (reason === 'crashed') return new SomnusError('guest_panicked', "The guest's kernel panicked, or QEMU ended, before the VM was ready");
    return new SomnusError('guest_unreachable', `The VM ended (${reason}) before it was ready`, { hint: 'See its console with `somnus logs`.' });
  }

  /** The error with what the guest said last: its console goes with the VM when what was begun is undone. */
  async #withLastWords(error: SomnusError): Promise<SomnusError> {
    const console = await lastWords(this.consoleLog);
    const said = console.findLast((line) => /panic|BUG|Oops|fault|error/i.test(line)) ?? console.at(-1);
    return new SomnusError(error.code, said === undefined ? error.message : `${error.message}; its console says: ${said}`, { hint: error.hint, details: { ...error.details, console }, cause: error });
  }

  /** Waits until QEMU has ended. @returns false when `timeoutMs` pass first */
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
      // Events are missed while the driver is not connected: look again when it is.
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

export function domainName(instance: string, environmentId: string): string {
  return `somnus-${instance}-${environmentId}`;
}

/** The environment whose domain this is; undefined for domains that are not this instance's. */
export function environmentOfDomain(instance: string, name: string): string | undefined {
  const prefix = `somnus-${instance}-`;
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

export function isActive(domain: DomainSummary | undefined): boolean {
  return domain !== undefined && domain.state !== 'shut_off' && domain.state !== 'crashed';
}

/** A UUID that follows from its seeds, so that a repeated step makes the same one. */
export function derivedUuid(...seeds: string[]): string {
  const hex = createHash('sha256').update(seeds.join('\0')).digest('hex');
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
