// The composition root of the VM API: the server, and what keeps it reachable in all running VMs.
import packageJson from '../package.json' with { type: 'json' };
import type { Config } from '../common/config.ts';
import type { Logger } from '../common/log.ts';
import type { DataPaths } from '../common/paths.ts';
import { Vm, type VmHost } from '../supervisor/vms/vm.ts';
import type { ApiMetrics } from './api/prom-client-metrics.ts';
import type { Services } from './api/services.ts';
import type { SqliteEnvironments } from './environments/sqlite-environments.ts';
import type { SqliteEventLog } from './events/sqlite-event-log.ts';
import type { SqliteSnapshots } from './snapshots/sqlite-snapshots.ts';
import type { Parts } from './startup/parts.ts';
import type { SqliteStore } from './store/sqlite-store.ts';
import { hostKey } from './vm-api/host-key.ts';
import { SqliteVmForks } from './vm-api/sqlite-vm-forks.ts';
import { createVmApi, VM_RATE, type VmApi } from './vm-api/vm-api.ts';
import { OwnLimits } from './vm-api/vm-limits.ts';
import { VmLinks } from './vm-api/vm-links.ts';
import { VmTokens } from './vm-api/vm-tokens.ts';

export interface VmApiParts { vmApi: VmApi; vmLinks: VmLinks }

export interface ComposeVmApi {
  config: Config;
  paths: DataPaths;
  store: SqliteStore;
  services: Services;
  events: SqliteEventLog;
  parts: Parts;
  metrics: ApiMetrics;
  records: SqliteEnvironments;
  snapshotRecords: SqliteSnapshots;
  isChanging: (id: string) => boolean;
  vms: VmHost;
  log: Logger;
}

export async function composeVmApi({ config, paths, store, services, events, parts, metrics, records, snapshotRecords, isChanging, vms, log }: ComposeVmApi): Promise<VmApiParts> {
  const derive = await hostKey(paths.hostKeyFile);
  const tokens = new VmTokens(derive('tokens of VMs'));
  const limits = new OwnLimits({ environments: services.environments, autoscaling: services.autoscaling, forks: new SqliteVmForks(store), snapshots: snapshotRecords, snapshotsAllowed: config.snapshots.perEnvironment, requestsPerMinute: VM_RATE.perMinute });
  const vmApi = createVmApi({ services, parts, metrics, version: packageJson.version, records, tokens, limits, log });
  const vmLinks = new VmLinks({
    records, isChanging, channel: async ({ id }) => await vms.guests.channel(new Vm(vms, id)), tokenOf: (id) => tokens.of(id), accept: (id, socket) => vmApi.accept(id, socket), events, log,
  });
  return { vmApi, vmLinks };
}
