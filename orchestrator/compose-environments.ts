// The composition root of environments: their kinds of operations, snapshots, profiles, images, quarantine, keys, and what watches VMs.
import { availableParallelism, totalmem } from 'node:os';
import type { Config } from '../common/config.ts';
import type { DataPaths } from '../common/paths.ts';
import { ConsoleTimes } from '../supervisor/vms/console-times.ts';
import { Monitor } from '../supervisor/monitor/monitor.ts';
import { SqliteStatsHistory } from '../supervisor/monitor/sqlite-stats-history.ts';
import { Vm } from '../supervisor/vms/vm.ts';
import { ProfileFiles } from '../supervisor/profiles/profile-files.ts';
import { DiskCache } from '../supervisor/storage/disk-cache.ts';
import type { Core } from './compose-core.ts';
import type { HostParts } from './compose-host.ts';
import type { HostCapacity } from './environments/admission.ts';
import { AutomaticHostFixes } from './agent/automatic-host-fixes.ts';
import { HostFixes } from './agent/host-fixes.ts';
import { SqliteIncidentHistory } from './agent/sqlite-incident-history.ts';
import { SqliteHostFixes } from './agent/sqlite-host-fixes.ts';
import { AgentWatch } from './agent/agent-watch.ts';
import { EnvironmentAgents } from './agent/environment-agents.ts';
import type { AuditService } from './audit/audit-entry.ts';
import { Autoscaler } from './autoscaling/autoscaler.ts';
import { SqliteAutoscaling } from './autoscaling/sqlite-autoscaling.ts';
import { EnvironmentManager } from './environments/environment-manager.ts';
import { registerLifecycleKinds } from './environments/lifecycle-kinds.ts';
import { GuestWatch } from './environments/guest-watch.ts';
import { MemoryWatch } from './environments/memory-watch.ts';
import { PoolWatch } from './environments/pool-watch.ts';
import { Reconciler } from './environments/reconciler.ts';
import { SqliteEnvironments } from './environments/sqlite-environments.ts';
import { imageBuildKind, ImageManager } from './images/image-manager.ts';
import { SqliteApiKeys } from './keys/sqlite-api-keys.ts';
import { SqliteSnapshotNotices } from './memory/sqlite-snapshot-notices.ts';
import { PackFiles } from './packs/pack-files.ts';
import { registerPackKinds } from './packs/pack-kinds.ts';
import { PackManager } from './packs/pack-manager.ts';
import { planNewPacks } from './packs/plan-new-packs.ts';
import { registerProvisionKind } from './packs/provision-kind.ts';
import { SqlitePackHistory } from './packs/sqlite-pack-history.ts';
import { ProfileChanges } from './profiles/profile-changes.ts';
import { registerProfileKind } from './profiles/profile-kind.ts';
import { Quarantine } from './recovery/quarantine.ts';
import { QuarantineWatch } from './recovery/quarantine-watch.ts';
import { SqliteQuarantine } from './recovery/sqlite-quarantine.ts';
import { SnapshotChecks, snapshotCheckKind } from './snapshots/snapshot-checks.ts';
import { registerSnapshotKinds } from './snapshots/snapshot-kinds.ts';
import { SnapshotComparison } from './snapshots/snapshot-comparison.ts';
import { SnapshotManager } from './snapshots/snapshot-manager.ts';
import { SqliteSnapshots } from './snapshots/sqlite-snapshots.ts';
import type { Parts } from './startup/parts.ts';
import type { SpaceReserve } from './store/space-reserve.ts';

/** For VMs that Somnus starts automatically: a boot takes a CPU, and users' operations need capacity, too. */
const STARTS_AT_ONCE = Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)));

export interface EnvironmentsOptions {
  config: Config;
  paths: DataPaths;
  installation: string;
  core: Core;
  host: HostParts;
  parts: Parts;
  reserve: SpaceReserve;
  audit: AuditService;
  stack: AsyncDisposableStack;
}

export interface EnvironmentParts {
  environments: EnvironmentManager;
  records: SqliteEnvironments;
  snapshots: SnapshotManager;
  snapshotRecords: SqliteSnapshots;
  notices: SqliteSnapshotNotices;
  snapshotChecks: SnapshotChecks;
  packs: PackManager;
  profiles: ProfileFiles;
  profileChanges: ProfileChanges;
  images: ImageManager;
  quarantine: Quarantine;
  keys: SqliteApiKeys;
  monitor: Monitor;
  agents: EnvironmentAgents;
  agentWatch: AgentWatch;
  automaticHostFixes: AutomaticHostFixes;
  incidentHistory: SqliteIncidentHistory;
  autoscaler: Autoscaler;
  consoleTimes: ConsoleTimes;
  guestWatch: GuestWatch;
  memoryWatch: MemoryWatch;
  poolWatch: PoolWatch;
  reconciler: Reconciler;
}

export function composeEnvironments({ config, paths, installation, core, host: { vms, driver, pool, images: imageStore }, parts, reserve, audit, stack }: EnvironmentsOptions): EnvironmentParts {
  const { store, events, troubles, clock, now, operations, engine, idempotency, log } = core;
  const { defaultProfile, restartPolicy: defaultRestartPolicy, memoryReserveMiB, memoryExcess } = config.vms;
  const [records, snapshotRecords, quarantineItems, notices] = [new SqliteEnvironments(store), new SqliteSnapshots(store), new SqliteQuarantine(store), new SqliteSnapshotNotices(store)];
  const profiles = new ProfileFiles(paths.profilesDir);
  const [packFiles, packHistory] = [new PackFiles(paths.packsDir), new SqlitePackHistory(store)];
  const history = new SqliteStatsHistory(paths.statsDatabase);
  stack.defer(() => history.close());
  const monitor = new Monitor({ host: vms, history, diskCache: new DiskCache(), keepsHistory: () => reserve.level === 'ok' || reserve.level === 'low' });
  const consoleTimes = new ConsoleTimes(paths.runDir, log);
  const watch = new QuarantineWatch({ store, items: quarantineItems, records, snapshots: snapshotRecords, operations, events, host: vms, troubles, log });
  const assertMayMake = (): void => watch.assertNotHeld();

  const environments = new EnvironmentManager({
    store, environments: records, events, operations: engine, idempotency, host: vms, images: imageStore, profiles, monitor, troubles, log, assertMayMake, defaultProfile, defaultRestartPolicy, planPacks: planNewPacks(packFiles),
    memory: { totalMiB: Math.floor(totalmem() / 2 ** 20), reserveMiB: memoryReserveMiB },
  });
  const { perEnvironment, quotaGiB, safetyCount, safetyDays, scrubDays, packCount } = config.snapshots;
  const snapshots = new SnapshotManager({
    store, snapshots: snapshotRecords, records, environments, events, operations: engine, idempotency, host: vms, troubles, assertMayMake,
    comparison: new SnapshotComparison({ environments, images: imageStore, host: vms }),
    perEnvironment, quotaGiB, removedDays: config.retention.removedSnapshotDays, safety: { count: safetyCount, days: safetyDays }, packCount, packHistory, now,
  });
  const assertMaySnapshot = async (id: string, count: number): Promise<void> => await snapshots.assertMayTake(id, count);
  const packs = new PackManager({ files: packFiles, history: packHistory, environments, snapshots, snapshotRecords, events, operations: engine, idempotency, monitor, assertMaySnapshot });
  const snapshotChecks = new SnapshotChecks({ store, snapshots: snapshotRecords, records, events, host: vms, scrubDays, troubles, log });
  const quarantine = new Quarantine({ store, items: quarantineItems, watch, records, snapshots: snapshotRecords, profiles, events, host: vms, defaultProfile, defaultRestartPolicy, database: paths.database });
  const profileChanges = new ProfileChanges({ records, environments, operations: engine, idempotency, profiles, host: vms });
  const capacity = (): HostCapacity => environments.capacity();
  const images = new ImageManager({ images: imageStore, pool, cacheDir: config.images.cacheDir, capacity, environments: records, operations: engine, idempotency });
  const keys = new SqliteApiKeys({ store, events, now, resolveEnvironment: async (caller, ref) => (await environments.get(caller, ref)).id });

  const kindDeps = { store, environments: records, events, host: vms };
  registerLifecycleKinds(engine, { ...kindDeps, images: imageStore, profiles, monitor, keys, removedDays: config.retention.removedDays, now });
  registerSnapshotKinds(engine, { ...kindDeps, snapshots: snapshotRecords, memory: notices });
  registerProfileKind(engine, kindDeps);
  const packDeps = { ...kindDeps, snapshots: snapshotRecords, history: packHistory, memory: notices, assertMaySnapshot };
  registerPackKinds(engine, packDeps);
  registerProvisionKind(engine, { ...packDeps, images: imageStore, profiles, keys, monitor });
  engine.register(snapshotCheckKind({ host: vms, checks: snapshotChecks }));
  engine.register(imageBuildKind({ images: imageStore, events, pool, cacheDir: config.images.cacheDir, capacity }));

  const guestWatch = new GuestWatch({ store, records, environments, events, host: vms, monitor, log });
  const incidentHistory = new SqliteIncidentHistory({ store, now, log });
  const agentWatch = new AgentWatch({ records, environments, events, history: incidentHistory, host: vms, monitor, log });
  const [hostFixes, guard] = [new SqliteHostFixes(store), { snapshots, operations: engine }];
  const agents = new EnvironmentAgents({ environments, watch: agentWatch, host: vms, modelDir: config.models.embeddingDir ?? paths.embeddingDir, hostFixes: new HostFixes({ profiles, profileChanges }), guard, automatic: hostFixes, history: incidentHistory, now });
  const limits = new SqliteAutoscaling(store);
  const automaticHostFixes = new AutomaticHostFixes({
    fixes: hostFixes, limits, records, environments, watch: agentWatch, profiles, profileChanges, guard, events, audit, monitor, now, log,
    health: async (id, timeoutMs) => await vms.guests.port(new Vm(vms, id)).call('health', {}, { timeoutMs }),
    tell: async (id, incidentId, attempt, timeoutMs) => await vms.guests.port(new Vm(vms, id)).call('recordHostFix', { incidentId, attempt }, { timeoutMs }),
  });
  const autoscaler = new Autoscaler({ limits, records, environments, profiles, profileChanges, events, monitor, log });
  const memoryWatch = new MemoryWatch({ records, environments, events, host: vms, suspends: memoryExcess === 'suspend', log });
  const reconciler = new Reconciler({
    store, records, environments, snapshots, snapshotRecords, watch, guestWatch, events, host: vms, startsAtOnce: STARTS_AT_ONCE, troubles, onPass: () => parts.ready('reconciliation'), expiredBy: () => clock.atLeast(), log,
  });
  const poolWatch = new PoolWatch({ installation, pool, templates: vms.templates, driver, records, environments, monitor, events, reconciler, troubles, log });
  return { environments, records, snapshots, snapshotRecords, notices, snapshotChecks, packs, profiles, profileChanges, images, quarantine, keys, monitor, agents, agentWatch, automaticHostFixes, incidentHistory, autoscaler, consoleTimes, guestWatch, memoryWatch, poolWatch, reconciler };
}
