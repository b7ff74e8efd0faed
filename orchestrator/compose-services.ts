// The composition root of everything that uses the database. Constructs all of it at once; nothing runs until `control-plane.ts` starts it.
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import type { Config } from '../common/config.ts';
import type { Logger } from '../common/log.ts';
import type { DataPaths } from '../common/paths.ts';
import { ActionRunner } from './actions/action-runner.ts';
import { RuleFiles } from './actions/rule-files.ts';
import { SqliteActions } from './actions/sqlite-actions.ts';
import { ArtifactRunner } from './artifacts/artifact-runner.ts';
import { SqliteArtifactRuns } from './artifacts/sqlite-artifact-runs.ts';
import { ArtifactManager } from './artifacts/artifact-manager.ts';
import { BlobStore } from './store/blob-store.ts';
import { SqliteArtifacts } from './artifacts/sqlite-artifacts.ts';
import { SqliteAuditLog } from './audit/sqlite-audit-log.ts';
import { bundleProgramHolder, type AgentBundle } from '../images/agent-bundle.ts';
import type { GuestChannel } from '../supervisor/guest/guest-channel.ts';
import { ProgramHolder } from '../supervisor/guest/program-holder.ts';
import { Vm } from '../supervisor/vms/vm.ts';
import type { ApiMetrics, Collector } from './api/prom-client-metrics.ts';
import type { Services } from './api/services.ts';
import { collectorsOf } from './collectors.ts';
import { composeCollaboration, type CollaborationParts } from './compose-collaboration.ts';
import { composeCore } from './compose-core.ts';
import { composeEnvironments, type EnvironmentParts } from './compose-environments.ts';
import type { HostParts } from './compose-host.ts';
import { composeMemory, type MemoryParts } from './compose-memory.ts';
import { browserAddresses } from './browser/browser-addresses.ts';
import { BrowserManager } from './browser/browser-manager.ts';
import { addressGuard } from './research/fetch/address-guard.ts';
import { ContainerImages } from './containers/container-images.ts';
import { ContainerRunner } from './containers/container-runner.ts';
import { DockerEngine } from './containers/docker-engine.ts';
import { SshAccesses } from './environments/ssh-access.ts';
import { Host } from './host/host-status.ts';
import { Housekeeping } from './housekeeping.ts';
import { bootstrapKey } from './keys/bootstrap-key.ts';
import { JobManager } from './jobs/job-manager.ts';
import { JobWatch } from './jobs/job-watch.ts';
import { PortPublisher } from './ports/port-publisher.ts';
import { SqlitePorts } from './ports/sqlite-ports.ts';
import type { OperationEngine } from './operations/operation-engine.ts';
import { QueuedDocumentReader } from './reading/documents/document-reader.ts';
import { composeResearch } from './compose-research.ts';
import { composeSecrets, composeVmApi } from './compose-vm-api.ts';
import { SessionReader } from './sessions/session-reader.ts';
import { SqliteSessions } from './sessions/sqlite-sessions.ts';
import type { Parts } from './startup/parts.ts';
import type { SpaceReserve } from './store/space-reserve.ts';
import type { SqliteStore } from './store/sqlite-store.ts';
import { Users } from './users/users.ts';
import { hostKey } from './vm-api/host-key.ts';
import type { VmApi } from './vm-api/vm-api.ts';
import type { VmLinks } from './vm-api/vm-links.ts';

const DAY_MS = 86_400_000;

export interface ServicesOptions {
  config: Config;
  paths: DataPaths;
  keyFile: string;
  fault: string | undefined;
  installation: string;
  startedAt: Date;
  url: string;
  store: SqliteStore;
  reserve: SpaceReserve;
  host: HostParts;
  parts: Parts;
  stack: AsyncDisposableStack;
  beginShutdown(): void;
  metrics: ApiMetrics;
  log: Logger;
}

export interface ControlPlaneServices extends Pick<EnvironmentParts, 'reconciler' | 'agentWatch' | 'automaticHostFixes' | 'autoscaler' | 'guestWatch' | 'memoryWatch' | 'poolWatch' | 'monitor' | 'consoleTimes' | 'snapshotChecks'> {
  services: Services;
  jobWatch: JobWatch;
  containers: ContainerRunner;
  ports: PortPublisher;
  vmApi: VmApi;
  vmLinks: VmLinks;
  collaborationRunner: CollaborationParts['collaborationRunner'];
  engine: OperationEngine;
  memories: MemoryParts;
  housekeeping: Housekeeping;
  collectors: Collector[];
}

export async function composeServices(options: ServicesOptions): Promise<ControlPlaneServices> {
  const { config, paths, keyFile, fault, installation, startedAt, url, store, reserve, parts, stack, metrics, log } = options;
  const { vms, driver, pool, hardware, images: imageStore } = options.host;
  const core = await composeCore({ paths, store, fault, stack, log });
  const { events, troubles, clock, operations, engine, idempotency, faults, now } = core;
  reserve.onLevel((level) => void troubles.attempt('housekeeping', 'data-folder', () => { events.append({ type: `data-folder.${level}`, owner: null, subject: null, actor: null, data: {} }); }));
  const audit = new SqliteAuditLog({ store, log });
  audit.addInterrupted();
  const area = composeEnvironments({ config, paths, installation, core, host: options.host, parts, reserve, audit, stack });
  const { environments, records, snapshots, snapshotRecords, notices, snapshotChecks, packs, profiles, profileChanges, images, quarantine, keys, monitor, agents, agentWatch, automaticHostFixes, incidentHistory, autoscaler, consoleTimes, guestWatch, memoryWatch, poolWatch, reconciler } = area;
  await bootstrapKey(keys, { keyFile, user: 'admin', ...await ownerOfHome(keyFile) });

  const memories = composeMemory({ config, paths, events, idempotency, notices, log });
  stack.use(memories);

  const actionRecords = new SqliteActions(store);
  actionRecords.loseRunning();
  const closing = new AbortController();
  stack.defer(() => closing.abort());
  const containerEngine = new DockerEngine(config.containers.socket);
  const containers = new ContainerRunner({
    engine: containerEngine, images: new ContainerImages({ engine: containerEngine, folder: join(config.images.cacheDir, 'containers'), closing: closing.signal, log }), installation,
    limits: { memoryMiB: config.containers.memoryMiB, folderMiB: config.containers.folderMiB, cpus: config.containers.cpus }, allowedImages: config.containers.images, atOnce: config.containers.atOnce, log,
  });
  const actions = new ActionRunner({ environments, monitor, containers, rules: new RuleFiles(paths.actionRulesDir), actions: actionRecords, events, ended: async (...ended) => await sessions.rememberAction(...ended) });

  const [artifactRecords, blobs] = [new SqliteArtifacts(store), new BlobStore(paths.artifactsDir)];
  const runRecords = new SqliteArtifactRuns(store, artifactRecords);
  runRecords.loseRunning();
  const artifacts = new ArtifactManager({
    artifacts: artifactRecords, blobs, environments, events, quotaBytes: config.artifacts.quotaMiB * 1_048_576, removedDays: config.retention.removedDays, now: () => clock.now(),
  });
  const artifactRuns = new ArtifactRunner({ artifacts, runs: runRecords, blobs, environments, containers, events, log });

  let holderBundle: Promise<AgentBundle> | undefined;
  const holder = (channel: GuestChannel): ProgramHolder => new ProgramHolder(channel, async () => await (holderBundle ??= bundleProgramHolder()));
  const jobWatch = new JobWatch({ records, events, channel: async ({ id }) => await vms.guests.channel(new Vm(vms, id)), holder, log });
  const jobs = new JobManager({ environments, events, holder, watch: ({ id }, running) => jobWatch.watch(id, running) });

  const browsers = new BrowserManager({ environments, addresses: browserAddresses({ guard: addressGuard({ networks: [config.network.subnet] }), internalOrigins: config.research.internalOrigins }), log });
  stack.defer(() => browsers.stop());

  const ports = new PortPublisher({ ports: new SqlitePorts(store), records, environments, operations: engine, events, log });

  const { collaborations, inboxes, collaborationRunner, collaborationRows, sharedFiles } = composeCollaboration({ config, paths, store, events, environments, records, network: vms.network, holder, watch: (id, running) => jobWatch.watch(id, running), now, faults, log });
  const sessions = new SessionReader({ environments, events, inboxes, memory: memories.memory, sessions: new SqliteSessions(store), log });

  const historyBefore = (): Date => new Date(clock.atLeast().getTime() - config.retention.historyDays * DAY_MS);
  const housekeeping = new Housekeeping({
    troubles, chores: { 'idempotency keys': () => idempotency.purge(), operations: () => operations.purge(historyBefore()), events: async () => await events.purge(historyBefore()), actions: () => actionRecords.purge(historyBefore()), 'artifact runs': () => runRecords.purge(historyBefore()), artifacts: async () => await artifacts.purge(), incidents: () => incidentHistory.purge(historyBefore()), collaborations: async () => {
      collaborationRows.purge(historyBefore());
      await sharedFiles.sweep();
    }, templates: async () => await vms.templates.prune(await imageStore.currentVersion()) },
  });
  const host = new Host({
    config, version: packageJson.version, installation, keyFile, startedAt, url, driver, network: vms.network, hardware, pool, poolWatch, records, environments, snapshots: snapshotRecords,
    troubles, parts, clock, quarantineCheck: async (details) => await quarantine.check(details), unknownVms: () => quarantine.heldVms, beginShutdown: () => options.beginShutdown(),
  });
  const documents = new QueuedDocumentReader();
  const { research, stores } = composeResearch({ config, paths, documents, memory: memories.memory, operations: engine, idempotency, now: core.now, makeRoom: () => reserve.release(), stack, log });
  const removeContent = async (user: string): Promise<void> => {
    await stores.remove(user);
    collaborationRows.deleteOf(user);
    await sharedFiles.sweep();
  };
  const users = new Users({ keys, records, environments, memory: { shred: async (owner) => await (await memories.memory.service()).shred(owner) }, content: { remove: async (user) => { await Promise.all([{ remove: removeContent }.remove(user), artifacts.removeOwnedBy(user)]); } } });
  const derive = await hostKey(paths.hostKeyFile);
  const gateway = composeSecrets({ store, environments, events, derive, now: core.now });
  const services: Services = { actions, artifacts, artifactRuns, jobs, browsers, audit, ports, collaborations, inboxes, sessions, secrets: gateway.secrets, ssh: new SshAccesses(environments, (id) => new Vm(vms, id).keysDir), environments, agents, autoscaling: autoscaler, snapshots, quarantine, operations: engine, events, keys, packs, profiles, profileChanges, images, host, memory: memories.memory, documents, research, users, idempotency };
  const { vmApi, vmLinks } = composeVmApi({ config, store, services, derive, gateway, stack, events, parts, metrics, records, snapshotRecords, isChanging: (id) => environments.isChanging(id), vms, log });
  return {
    services, jobWatch, containers, ports, collaborationRunner, vmApi, vmLinks, engine, memories, reconciler, agentWatch, automaticHostFixes, autoscaler, guestWatch, memoryWatch, poolWatch, monitor, consoleTimes, snapshotChecks, housekeeping, collectors: [...collectorsOf({ pool, poolWatch, records, operations, agents: agentWatch }), ...memories.collectors],
  };
}

/** The key file gets the owner of the folder it is created in. */
async function ownerOfHome(keyFile: string): Promise<{ fileOwner?: { uid: number; gid: number } }> {
  for (let folder = dirname(keyFile); folder !== dirname(folder); folder = dirname(folder)) {
    const info = await stat(folder).catch(() => undefined);
    if (info) return { fileOwner: { uid: info.uid, gid: info.gid } };
  }
  return {};
}
