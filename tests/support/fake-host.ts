// A host without real VMs, in a folder: pool, network and hypervisor that outlive the control plane, and a control plane on them that is real from the services down to
// the steps. It can be killed at any step and started again, with or without a power cut.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, truncateSync, closeSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentManager } from '../../orchestrator/environments/environment-manager.ts';
import { registerLifecycleKinds } from '../../orchestrator/environments/lifecycle-kinds.ts';
import { Reconciler } from '../../orchestrator/environments/reconciler.ts';
import { SqliteEnvironments, type EnvironmentRecord } from '../../orchestrator/environments/sqlite-environments.ts';
import { Troubles } from '../../orchestrator/host/troubles.ts';
import { SqliteSnapshotNotices } from '../../orchestrator/memory/sqlite-snapshot-notices.ts';
import { imageBuildKind } from '../../orchestrator/images/image-manager.ts';
import { SomnusError } from '../../common/errors.ts';
import type { ExecRequest } from '../../supervisor/guest/guest-channel.ts';
import type { FaultPoints } from '../../orchestrator/operations/fault-points.ts';
import type { Operation, OperationKind } from '../../orchestrator/operations/operation.ts';
import { PackFiles } from '../../orchestrator/packs/pack-files.ts';
import { registerPackKinds } from '../../orchestrator/packs/pack-kinds.ts';
import { PackManager } from '../../orchestrator/packs/pack-manager.ts';
import { planNewPacks } from '../../orchestrator/packs/plan-new-packs.ts';
import { registerProvisionKind } from '../../orchestrator/packs/provision-kind.ts';
import { SqlitePackHistory } from '../../orchestrator/packs/sqlite-pack-history.ts';
import { ProfileChanges } from '../../orchestrator/profiles/profile-changes.ts';
import { registerProfileKind } from '../../orchestrator/profiles/profile-kind.ts';
import { SnapshotChecks, snapshotCheckKind } from '../../orchestrator/snapshots/snapshot-checks.ts';
import { registerSnapshotKinds } from '../../orchestrator/snapshots/snapshot-kinds.ts';
import { SnapshotComparison } from '../../orchestrator/snapshots/snapshot-comparison.ts';
import { SnapshotManager } from '../../orchestrator/snapshots/snapshot-manager.ts';
import { SqliteSnapshots } from '../../orchestrator/snapshots/sqlite-snapshots.ts';
import { Guests } from '../../supervisor/guest/guests.ts';
import type { Step } from '../../common/step.ts';
import { FakeHypervisor } from '../../supervisor/libvirt/fake-hypervisor.ts';
import { FakeVmDriver } from '../../supervisor/libvirt/fake-vm-driver.ts';
import { domainName, environmentOfDomain, Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import { segmentAddress, type Segment } from '../../supervisor/network/network.ts';
import type { Profile } from '../../supervisor/profiles/profile.ts';
import { readState } from '../../supervisor/snapshots/saved-state.ts';
import { TemplateStore } from '../../supervisor/snapshots/template-store.ts';
import { ImageStore } from '../../supervisor/storage/image-store.ts';
import type { StoragePool } from '../../supervisor/storage/pool.ts';
import { ownedPrefix } from './clean-up.ts';
import { alice, log, openWorkshop, type Workshop } from './operations.ts';
import { GuestInFolder, readBlock, writeBlock, type GuestDisk, type GuestMemory } from './fake-guest.ts';

const INSTANCE = 'abcd';
const SUBNET = '10.83.0.0/16';
const MIB = 2 ** 20;
const profile = (name: string, vcpus: number, memoryMiB: number): Profile => ({
  name, description: '', gpu: false, builtIn: true, shape: { vcpus, vcpusMax: 4, memoryMiB, memoryMaxMiB: 1024, diskGiB: 1, cpuQuotaPercent: null, ioWeight: null },
});
export const hostProfiles: readonly Profile[] = [profile('small', 1, 512), profile('large', 2, 768)];
const profiles = [...hostProfiles];

export interface FaultyStep { step: string; timeoutMs: number }

/** What a user would notice about an environment. */
export interface SeenEnvironment {
  name: string;
  state: string;
  wants: string;
  profile: string;
  vcpus: number;
  /** What its programs remember; null for a VM that does not exist or runs no program. */
  memory: string | null;
  disk: string | null;
  sameBoot: boolean;
  reachable: boolean;
  asleep: boolean;
  snapshots: string[];
}

export interface World { environments: SeenEnvironment[]; image: string; leftovers: string[] }

export class FakeHost implements AsyncDisposable {
  readonly folder: string;
  readonly hypervisor: FakeHypervisor;
  readonly pool: StoragePool;
  readonly #segments = new Map<number, { policy: string; up: boolean }>();
  readonly #guests = new Map<string, GuestInFolder>();
  readonly bootIds = new Map<string, string>();
  /** Whether VMs that start have the port of a helper. */
  helper = true;
  helpersAreDeaf = false;
  /** Whether environments are made from templates. */
  templates = true;

  constructor() {
    this.folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), ownedPrefix('smn')));
    for (const part of ['run', 'keys', 'quarantine', 'cache']) mkdirSync(join(this.folder, part));
    this.pool = folderPool(join(this.folder, 'pool'), (call) => { const fault = this.hypervisor.faultOf(call); if (fault) throw fault.error ?? new Error(`${call} failed, injected by the test`); });
    this.hypervisor = new FakeHypervisor((name) => {
      const id = environmentOfDomain(INSTANCE, name) ?? '';
      const guest = new GuestInFolder(this.pool.folders.environment(id), join(this.folder, 'run', id));
      guest.helperDeaf = this.helpersAreDeaf;
      this.#guests.set(id, guest);
      return guest;
    });
    writeImage(join(this.folder, 'cache', 'image1'), 'image1');
    writeImage(join(this.folder, 'cache', 'image2'), 'image2');
  }

  guest(id: string): GuestInFolder | undefined {
    return this.hypervisor.domains.get(domainName(INSTANCE, id))?.id === undefined ? undefined : this.#guests.get(id);
  }

  /** Everything that is not on disk is lost. */
  powerCut(): void {
    this.hypervisor.powerCut();
    this.#segments.clear();
  }

  machineHost(driver: FakeVmDriver, guests: Guests): VmHost {
    const address = (index: number) => segmentAddress({ installation: INSTANCE, subnet: SUBNET }, index);
    const segments = this.#segments;
    const check = (call: string): void => { const fault = this.hypervisor.faultOf(call); if (fault) throw fault.error ?? new Error(`${call} failed, injected by the test`); };
    return {
      installation: INSTANCE, pool: this.pool, templates: new TemplateStore({ pool: this.pool, enabled: this.templates, log }), driver, log, qemuGid: process.getgid?.() ?? 0, libvirtFolderRecord: join(this.folder, 'libvirt-folder.before'),
      abilities: { cpuQuota: true, ioWeight: false, gpu: null }, keysDir: join(this.folder, 'keys'), runDir: join(this.folder, 'run'), quarantineDir: join(this.folder, 'quarantine'),
      hardware: async () => ({ accel: 'tcg', machineType: 'pc-i440fx-7.2', cpuModel: 'maximum', qemuVersion: '7.2.0', ...(this.helper ? { helper: true } : {}) }),
      network: {
        ensure: async () => {}, conflict: null, close: async () => {}, destroy: async () => {}, address, gateway: { ip: '10.83.0.1', mac: '52:54:00:00:00:01' },
        attach: async ({ index, policy }: Segment, { linkUp }: { linkUp?: boolean } = {}) => {
          check('network attach');
          segments.set(index, { policy, up: linkUp ?? segments.get(index)?.up ?? true });
          return address(index);
        },
        setLink: async (index: number, up: boolean) => { check('network setLink'); segments.set(index, { policy: segments.get(index)?.policy ?? 'open', up }); },
        setPolicy: async () => {},
        setPeers: async () => {},
        detach: async (index: number) => { check('network detach'); segments.delete(index); },
        list: async () => [...segments.keys()],
      },
      guests: {
        port: (vm: Vm) => guests.port(vm),
        helper: (vm: Vm) => guests.helper(vm),
        forget: (id: string) => guests.forget(id),
        forgetChannel: () => {},
        channel: async (vm: Vm) => {
          const { network } = await vm.manifest();
          return { exec: async ({ command }: ExecRequest, signal?: AbortSignal) => this.guest(vm.id)?.run(Buffer.from(command.at(-1) ?? '', 'base64').toString(), signal) ?? (() => { throw new SomnusError('guest_unreachable', 'The VM is off'); })(), agentGet: async () => ({ status: segments.get(network.index)?.up === true ? 200 : 503, body: null }), close: async () => {} };
        },
      } as unknown as Guests,
    };
  }

  isReachable(index: number): boolean {
    return this.#segments.get(index)?.up === true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.powerCut();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A control plane on a fake host: the in-memory part of one process. */
export class FakeControlPlane implements AsyncDisposable {
  readonly host: FakeHost;
  readonly driver: FakeVmDriver;
  readonly workshop: Workshop;
  readonly environments: EnvironmentManager;
  readonly records: SqliteEnvironments;
  readonly snapshots: SnapshotManager;
  readonly snapshotRecords: SqliteSnapshots;
  readonly packs: PackManager;
  readonly profileChanges: ProfileChanges;
  readonly images: ImageStore;
  readonly vms: VmHost;
  readonly #guests = new Guests(log);
  readonly #reconciler: Reconciler;
  #dead = false;

  constructor(host: FakeHost, options: { faults?: FaultPoints; timeouts?: FaultyStep } = {}) {
    this.host = host;
    this.driver = new FakeVmDriver(host.hypervisor);
    this.workshop = openWorkshop(host.folder, options.faults ? { faults: options.faults } : {});
    const { store, events, engine, idempotency } = this.workshop;
    const register = engine.register.bind(engine);
    const shortened = <C>(steps: readonly Step<C>[]): readonly Step<C>[] => steps.map((step) => (step.name === options.timeouts?.step ? { ...step, timeoutMs: options.timeouts.timeoutMs } : step));
    engine.register = <I, C>({ steps, ...kind }: OperationKind<I, C>): void => register({ ...kind, steps: typeof steps === 'function' ? (input) => shortened(steps(input)) : shortened(steps) });
    this.vms = host.machineHost(this.driver, this.#guests);
    this.images = new ImageStore(host.pool);
    this.records = new SqliteEnvironments(store);
    this.snapshotRecords = new SqliteSnapshots(store);
    const deps = { store, environments: this.records, events, host: this.vms };
    const service = { list: async () => profiles, get: async (name: string) => profiles.find((each) => each.name === name) ?? (() => { throw new Error(`no profile ${name}`); })() };
    const troubles = new Troubles({ events, log });
    const now = (): Date => new Date();
    const assertMayMake = (): void => {};
    const monitor = {
      forget: () => {}, latest: () => undefined, read: () => [],
      onGuestStats: (listener: (id: string, stats: object) => void) => { for (const { id } of this.records.all()) queueMicrotask(() => listener(id, {})); return () => {}; },
    } as never;
    const [packFiles, packHistory] = [new PackFiles(join(host.folder, 'packs')), new SqlitePackHistory(store)];
    this.environments = new EnvironmentManager({
      store, environments: this.records, events, operations: engine, idempotency, host: this.vms, images: this.images, profiles: service, monitor, log, defaultProfile: 'small', defaultRestartPolicy: 'on-failure',
      memory: { totalMiB: 65_536, reserveMiB: 0 }, troubles, assertMayMake, planPacks: planNewPacks(packFiles),
    });
    registerLifecycleKinds(engine, { ...deps, images: this.images, profiles: service, monitor, keys: { revokeAllOf: () => {} }, removedDays: 7, now });
    registerSnapshotKinds(engine, { ...deps, snapshots: this.snapshotRecords, memory: new SqliteSnapshotNotices(store) });
    registerProfileKind(engine, deps);
    const checks = new SnapshotChecks({ store, snapshots: this.snapshotRecords, records: this.records, events, host: this.vms, scrubDays: 30, troubles, log });
    engine.register(snapshotCheckKind({ host: this.vms, checks }));
    engine.register(prebuilt(imageBuildKind({ images: this.images, events, cacheDir: join(host.folder, 'cache'), pool: host.pool, capacity: () => this.environments.capacity() }), join(host.folder, 'cache', 'image2')));
    this.snapshots = new SnapshotManager({
      store, snapshots: this.snapshotRecords, records: this.records, environments: this.environments, events, operations: engine, idempotency, host: this.vms,
      perEnvironment: 100, quotaGiB: undefined, removedDays: 7, safety: { count: 3, days: 7 }, packCount: 30, packHistory, now, troubles, assertMayMake,
      comparison: new SnapshotComparison({ environments: this.environments, images: this.images, host: this.vms }),
    });
    const packDeps = { ...deps, snapshots: this.snapshotRecords, history: packHistory, memory: new SqliteSnapshotNotices(store), assertMaySnapshot: async (id: string, count: number) => await this.snapshots.assertMayTake(id, count) };
    registerPackKinds(engine, packDeps);
    registerProvisionKind(engine, { ...packDeps, images: this.images, profiles: service, keys: { revokeAllOf: () => {} }, monitor });
    this.packs = new PackManager({ ...packDeps, files: packFiles, environments: this.environments, snapshots: this.snapshots, snapshotRecords: this.snapshotRecords, events, operations: engine, idempotency, monitor });
    this.profileChanges = new ProfileChanges({ records: this.records, environments: this.environments, operations: engine, idempotency, profiles: service, host: this.vms });
    this.#reconciler = new Reconciler({
      store, records: this.records, environments: this.environments, snapshots: this.snapshots, snapshotRecords: this.snapshotRecords, events, host: this.vms, startsAtOnce: 4, troubles, log,
      guestWatch: { hasPanicked: () => false }, watch: { look: async () => ({ again: false, segments: [], returned: [] }) },
    });
  }

  get engine() { return this.workshop.engine; }

  /** Runs waiting work until none is left. */
  async work(): Promise<void> {
    while (this.engine.waiting().length > 0) await Promise.all(this.engine.waiting().map(async (id) => await this.engine.run(id)));
  }

  async operation(id: string): Promise<Operation> {
    return await this.engine.get(alice, id);
  }

  /** Runs an operation to its end. */
  async complete(operation: Operation | null): Promise<Operation> {
    await this.work();
    return await this.operation(operation?.id ?? '');
  }

  /** Checks everything once, as at start and each minute, and carries out the results. */
  async reconcile(): Promise<void> {
    await this.#reconciler.start();
    await this.work();
    await this.#reconciler.stop();
    await this.work();
  }

  /** The process dies: nothing it had begun continues. */
  die(): void {
    this.#dead = true;
    this.driver.die();
    this.workshop.store.close();
    void this.#guests.close();
  }

  record(name: string): EnvironmentRecord | undefined {
    return this.records.find(name, alice.user);
  }

  /** What a user can see, and leftovers that should not exist. */
  async look(): Promise<World> {
    const { pool, folder } = this.host;
    const records = this.records.all().toSorted((a, b) => a.name.localeCompare(b.name));
    const known = new Set(records.map(({ id }) => id));
    const list = (path: string): string[] => (existsSync(path) ? readdirSync(path) : []);
    const strange = (path: string, what: string): string[] => list(path).filter((name) => !known.has(name)).map(() => what);
    const leftovers = [
      ...strange(pool.folders.environments, 'a folder'), ...strange(join(folder, 'keys'), 'keys'), ...strange(join(folder, 'run'), 'a run folder'), ...list(pool.folders.staging).map(() => 'a staging folder'), ...list(pool.folders.templates).filter((name) => name.startsWith('.')).map(() => 'an unfinished template'),
      ...[...this.host.hypervisor.domains.keys()].filter((name) => !known.has(environmentOfDomain(INSTANCE, name) ?? '')).map(() => 'a domain'),
      ...(await this.vms.network.list()).filter((index) => !records.some(({ networkIndex }) => networkIndex === index)).map(() => 'a tap'),
      ...records.flatMap(({ id }) => list(join(pool.folders.environment(id), 'snapshots')).filter((name) => this.snapshotRecords.get(name) === undefined).map(() => 'a snapshot folder')),
    ];
    return { environments: await Promise.all(records.map(async (record) => await this.#see(record))), image: await this.images.currentVersion() ?? 'none', leftovers };
  }

  async #see(record: EnvironmentRecord): Promise<SeenEnvironment> {
    const vm = new Vm(this.vms, record.id);
    const alive = await vm.isAlive();
    const memory = alive ? readBlock<GuestMemory>(vm.ramFile) : undefined;
    const asleep = await readState(vm.hibernationFolder).then((state) => state.memory, () => false);
    const disk = readBlock<GuestDisk>(vm.diskFile);
    const snapshots = await Promise.all(this.snapshotRecords.all(record.id).map(async ({ id, name, state, memory: withMemory }) => {
      const saved = await readState(vm.snapshotFolder(id)).catch(() => undefined);
      const held = saved === undefined ? 'nothing' : saved.memory ? readBlock<GuestMemory>(join(vm.snapshotFolder(id), 'ram'))?.text ?? 'no memory' : 'disk';
      return `${name} ${state}${withMemory ? ' with memory' : ''}: ${held}`;
    }));
    return {
      name: record.name, state: record.state, wants: record.desiredState, profile: record.profile, vcpus: record.vcpus, memory: memory?.text ?? null, disk: disk?.text ?? null,
      sameBoot: memory !== undefined && memory.bootId === this.host.bootIds.get(record.name), reachable: alive && this.host.isReachable(record.networkIndex), asleep, snapshots,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#dead) return;
    await this.engine.shutdown();
    await this.#guests.close();
    this.workshop[Symbol.dispose]();
  }
}

/** The kind with an image that is already built: a build itself takes minutes. */
function prebuilt<I>(kind: OperationKind<I, { builtFolder: string }>, builtFolder: string): OperationKind<I, { builtFolder: string }> {
  return { ...kind, open: async () => ({ builtFolder }), steps: typeof kind.steps === 'function' ? [] : kind.steps.map((step) => (step.name === 'image.build' ? { ...step, run: async () => {} } : step)) };
}

function writeImage(folder: string, version: string): void {
  mkdirSync(folder, { recursive: true });
  for (const file of ['disk', 'kernel', 'initrd']) closeSync(openSync(join(folder, file), 'w'));
  truncateSync(join(folder, 'disk'), 1024 * MIB);
  writeBlock(join(folder, 'disk'), { text: '', identity: null } satisfies GuestDisk);
  const sha256 = '0'.repeat(64);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({
    formatVersion: 1, version, createdAt: '2026-01-01T00:00:00.000Z', suite: 'bookworm', kernelCommandLine: 'quiet', kernelRelease: '6', agentVersion: '1', contractVersion: 1, nodeVersion: '24',
    disk: { file: 'disk', sizeBytes: 1024 * MIB, allocatedBytes: 4096, sparseSha256: sha256 }, kernel: { file: 'kernel', sha256 }, initrd: { file: 'initrd', sha256 }, packages: [],
  }));
}

/** A pool in a folder, whose clones copy only what matters: the start of a file, and its length. */
function folderPool(root: string, check: (call: string) => void): StoragePool {
  const [images, environments] = [join(root, 'images'), join(root, 'environments')];
  const folders = { root, images, environments, templates: join(root, 'templates'), staging: join(root, 'staging'), quarantine: join(root, 'quarantine'), environment: (id: string) => join(environments, id), image: (version: string) => join(images, version) };
  for (const folder of [images, environments, folders.templates, folders.staging, folders.quarantine]) mkdirSync(folder, { recursive: true });
  const usage = { path: root, backing: 'loop', fileSystem: 'xfs', reflink: true, totalBytes: 2 ** 40, freeBytes: 2 ** 39, reserveBytes: 0 } as const;
  return {
    folders, ensure: async () => usage, usage: async () => usage, grow: async () => usage,
    clone: async (from, to) => {
      check('pool clone');
      const { size } = statSync(from);
      if (size < MIB) return copyFileSync(from, to);
      const content = readBlock<unknown>(from);
      writeFileSync(to, '', { flag: 'wx' });
      truncateSync(to, size);
      writeBlock(to, content ?? null);
    },
  };
}

/** The image that environments are first created from. */
export async function addImage(plane: FakeControlPlane): Promise<void> {
  await mkdir(plane.host.pool.folders.staging, { recursive: true });
  await plane.images.add(join(plane.host.folder, 'cache', 'image1'));
}

