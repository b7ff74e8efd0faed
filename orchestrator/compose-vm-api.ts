// The composition root of the VM API: the server, and what keeps it reachable in all running VMs.
import packageJson from '../package.json' with { type: 'json' };
import type { Config } from '../common/config.ts';
import type { Logger } from '../common/log.ts';
import { Vm, type VmHost } from '../supervisor/vms/vm.ts';
import type { ApiMetrics } from './api/prom-client-metrics.ts';
import type { Services } from './api/services.ts';
import type { EnvironmentService } from './environments/environment-service.ts';
import type { SqliteEnvironments } from './environments/sqlite-environments.ts';
import type { SqliteEventLog } from './events/sqlite-event-log.ts';
import { Gateway } from './gateway/gateway.ts';
import { OpenRequests } from './gateway/open-requests.ts';
import { SecretManager } from './gateway/secret-manager.ts';
import { SqliteSecrets } from './gateway/sqlite-secrets.ts';
import { UpstreamClient } from './gateway/upstream.ts';
import { addressGuard } from './research/fetch/address-guard.ts';
import type { SqliteSnapshots } from './snapshots/sqlite-snapshots.ts';
import type { Parts } from './startup/parts.ts';
import type { SqliteStore } from './store/sqlite-store.ts';
import type { DeriveKey } from './vm-api/host-key.ts';
import { SqliteVmForks } from './vm-api/sqlite-vm-forks.ts';
import { createVmApi, VM_RATE, type VmApi } from './vm-api/vm-api.ts';
import { OwnLimits } from './vm-api/vm-limits.ts';
import { VmLinks } from './vm-api/vm-links.ts';
import { VmTokens } from './vm-api/vm-tokens.ts';

export interface VmApiParts { vmApi: VmApi; vmLinks: VmLinks }

export interface GatewayParts { secrets: SecretManager; records: SqliteSecrets; open: OpenRequests }

/** Secrets for the API of the host; the gateway that uses them is part of the VM API. */
export function composeSecrets({ store, environments, events, derive, now }: { store: SqliteStore; environments: EnvironmentService; events: SqliteEventLog; derive: DeriveKey; now: () => Date }): GatewayParts {
  const [records, open] = [new SqliteSecrets(store), new OpenRequests()];
  return { secrets: new SecretManager({ secrets: records, environments, open, events, key: derive('secrets'), now }), records, open };
}

export interface ComposeVmApi {
  config: Config;
  store: SqliteStore;
  services: Services;
  events: SqliteEventLog;
  parts: Parts;
  metrics: ApiMetrics;
  records: SqliteEnvironments;
  snapshotRecords: SqliteSnapshots;
  derive: DeriveKey;
  gateway: GatewayParts;
  isChanging: (id: string) => boolean;
  vms: VmHost;
  stack: AsyncDisposableStack;
  log: Logger;
}

export function composeVmApi({ config, store, services, events, parts, metrics, records, snapshotRecords, derive, gateway: { secrets, records: secretRecords, open }, isChanging, vms, stack, log }: ComposeVmApi): VmApiParts {
  const tokens = new VmTokens(derive('tokens of VMs'));
  const limits = new OwnLimits({ environments: services.environments, autoscaling: services.autoscaling, forks: new SqliteVmForks(store), snapshots: snapshotRecords, snapshotsAllowed: config.snapshots.perEnvironment, requestsPerMinute: VM_RATE.perMinute, secrets: secretRecords });
  const upstream = new UpstreamClient(addressGuard({ networks: [config.network.subnet] }));
  stack.defer(() => upstream.close());
  const gateway = new Gateway({ secrets: secretRecords, reveal: (row) => secrets.reveal(row), isToken: (id, token) => tokens.matches(id, token), upstream, open, audit: services.audit });
  const vmApi = createVmApi({ services, parts, metrics, version: packageJson.version, records, tokens, limits, gateway, log });
  const vmLinks = new VmLinks({
    records, isChanging, channel: async ({ id }) => await vms.guests.channel(new Vm(vms, id)), tokenOf: (id) => tokens.of(id), accept: (id, socket) => vmApi.accept(id, socket), events, log,
  });
  return { vmApi, vmLinks };
}
