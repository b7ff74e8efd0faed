// Services in memory, just enough to test what the API asks of them and how it uses their answers.
import { PassThrough, Readable } from 'node:stream';
import { SomnusError } from '../../../common/errors.ts';
import { newId } from '../../../common/ids.ts';
import type { Action, ActionRequest } from '../../../orchestrator/actions/action.ts';
import type { Decision } from '../../../orchestrator/actions/routing/action-request.ts';
import { routeAction } from '../../../orchestrator/actions/routing/route-action.ts';
import { builtInRules } from '../../../orchestrator/actions/routing/rules/all.ts';
import { FIRST_HASH, type AuditedRequest } from '../../../orchestrator/audit/audit-entry.ts';
import type { Services } from '../../../orchestrator/api/services.ts';
import { SqliteEnvironments } from '../../../orchestrator/environments/sqlite-environments.ts';
import type { Environment, UpdateEnvironment } from '../../../orchestrator/environments/environment-schemas.ts';
import type { Secret } from '../../../orchestrator/gateway/secret.ts';
import type { Snapshot } from '../../../orchestrator/snapshots/snapshot-schemas.ts';
import type { Event } from '../../../orchestrator/events/event.ts';
import type { Job } from '../../../orchestrator/jobs/job.ts';
import type { HostStatus } from '../../../orchestrator/host/host.ts';
import type { ApiKey } from '../../../orchestrator/keys/api-key.ts';
import type { Caller } from '../../../orchestrator/keys/caller.ts';
import { Pack } from '../../../orchestrator/packs/pack.ts';
import { parsePack } from '../../../orchestrator/packs/parse-pack.ts';
import { SessionReader } from '../../../orchestrator/sessions/session-reader.ts';
import { SqliteSessions } from '../../../orchestrator/sessions/sqlite-sessions.ts';
import type { PublishedPort } from '../../../orchestrator/ports/published-port.ts';
import type { Operation } from '../../../orchestrator/operations/operation.ts';
import { Config } from '../../../common/config.ts';
import { createLogger } from '../../../common/log.ts';
import { composeCollaboration, type CollaborationParts } from '../../../orchestrator/compose-collaboration.ts';
import { composeResearch, type ResearchOptions, type ResearchParts } from '../../../orchestrator/compose-research.ts';
import { QueuedDocumentReader } from '../../../orchestrator/reading/documents/document-reader.ts';
import type { Profile } from '../../../supervisor/profiles/profile.ts';
import type { User } from '../../../orchestrator/users/user.ts';
import type { QuarantineItem } from '../../../orchestrator/recovery/quarantine-item.ts';
import { scratchArtifacts, type ScratchArtifacts } from '../../support/scratch-artifacts.ts';
import { scratchMemory, type ScratchMemory } from '../../support/memory.ts';
import { FakeChannel } from './fake-guest.ts';

const AT = '2026-01-02T03:04:05.000Z';
export const ENV_A = 'env_00000000000000000000000000';
export const ENV_B = 'env_00000000000000000000000001';
const OP = 'op_00000000000000000000000000';

export const keys = {
  admin: 'somnus_admin', write: 'somnus_write', read: 'somnus_read', limited: 'somnus_limited', expired: 'somnus_expired', other: 'somnus_other',
} as const;

const callers: Record<string, Caller> = {
  [keys.admin]: { keyId: 'key_admin', user: 'alice', scopes: ['read', 'write', 'admin'], environmentId: null, mayPurge: true },
  [keys.write]: { keyId: 'key_write', user: 'alice', scopes: ['read', 'write'], environmentId: null, mayPurge: true },
  [keys.read]: { keyId: 'key_read', user: 'alice', scopes: ['read'], environmentId: null, mayPurge: true },
  [keys.other]: { keyId: 'key_other', user: 'bob', scopes: ['read', 'write'], environmentId: null, mayPurge: true },
  [keys.limited]: { keyId: 'key_limited', user: 'alice', scopes: ['read', 'write', 'admin'], environmentId: ENV_A, mayPurge: false },
};

export function environment(id: string, name: string): Environment {
  return {
    id, name, owner: 'usr_a', state: 'running', stateReason: null, pausedBy: null, presentSnapshotId: null, restartPolicy: 'on-failure', lastWords: null, desiredState: 'running', operationId: null, profile: 'coding', network: 'open', image: '1',
    ip: '10.83.0.2', mac: '52:54:00:00:00:01', vcpus: 1, memoryMiB: 512, diskGiB: 8, diskUsedBytes: null, snapshotId: null, packEntry: null, bootId: null, labels: {}, createdAt: AT, updatedAt: AT, startedAt: AT,
    removedAt: null, purgeAt: null, version: 1,
  };
}

export function operation(change: Partial<Operation> = {}): Operation {
  return {
    id: OP, kind: 'environment.start', status: 'running', owner: 'usr_a', target: { type: 'environment', id: ENV_A, name: 'a' }, steps: [], progress: null,
    result: null, error: null, attempt: 1, cancellable: true, createdAt: AT, startedAt: AT, endedAt: null, ...change,
  };
}

const user: User = { id: 'usr_00000000000000000000000000', name: 'bob', createdAt: AT, keys: 1, environments: 0 };

const profile: Profile = {
  name: 'coding', description: 'For code', gpu: false, builtIn: true,
  shape: { vcpus: 1, vcpusMax: 2, memoryMiB: 512, memoryMaxMiB: 1024, diskGiB: 8, cpuQuotaPercent: null, ioWeight: null },
};

export const hostStatus: HostStatus = {
  version: '0.1.0', pid: 1, startedAt: AT, installation: 'abcd', dataDir: '/var/lib/somnus', url: 'http://127.0.0.1:7777', keyFile: '/root/.config/somnus/key',
  accel: { use: 'tcg', setting: 'auto', reason: 'no KVM' }, hostname: 'box', cpus: 2, memory: { totalMiB: 1, availableMiB: 1, committedMiB: 0, reserveMiB: 0 },
  network: { subnet: '10.83.0.0/16', conflict: null },
  pool: { path: '/p', backing: 'loop', fileSystem: 'xfs', reflink: true, totalBytes: 1, freeBytes: 1, reserveBytes: 0, usedPercent: 0, level: 'ok', keptBytes: 0, paused: [], trash: { environments: 0, snapshots: 0 } },
  libvirt: { connected: true, uri: 'qemu:///system', version: null, qemuVersion: null }, redis: { connected: true, private: true }, environments: { running: 2 }, unknownVms: 0,
};

function snapshot(environmentId: string): Snapshot {
  return {
    id: newId('snap'), environmentId, name: 's1', description: '', state: 'ready', operationId: null, parent: null, memory: true, safety: false, packStep: false, packEntry: null, vcpus: 1, memoryMiB: 512, sizeBytes: 1, ownBytes: 0, damage: null, checksumAt: null, checkedAt: null,
    createdAt: AT, removedAt: null, purgeAt: null,
  };
}

export const QUARANTINED: QuarantineItem = {
  id: 'quar_00000000000000000000000000', kind: 'environment', name: 'found', environmentId: ENV_A, snapshotId: null, reason: 'a VM that no record knows', adoptable: true, blockedReason: null,
  sizeBytes: 1, path: '/p/quarantine/x', foundAt: AT,
};

const ACTION: Action = {
  id: 'act_00000000000000000000000000', environmentId: ENV_A, programs: ['echo'], class: 'system', context: 'vm', status: 'running', phases: [], exitCode: null, signal: null, timedOut: false, durationMs: null, startedAt: AT, endedAt: null,
};

export const JOB: Job = {
  id: 'job_00000000000000000000000000', environmentId: ENV_A, name: null, command: ['sleep', '60'], tty: false, status: 'running', exitCode: null, signal: null,
  progress: { percent: 4, done: 40, total: 1000, etaSeconds: 7200, line: 'step 40/1000, ETA 2 h' }, stdoutBytes: 21, stderrBytes: 0, startedAt: AT, endedAt: null,
};

const PACK = Pack.parse({ name: 'base-tools', version: '1.0.0', description: 'Tools', steps: [{ name: 'jq', apt: ['jq'], check: 'jq --version' }] });
const PORT: PublishedPort = { environmentId: ENV_A, port: 3000, hostPort: 18_000, url: 'http://127.0.0.1:18000', status: 'listening', problem: null, createdAt: AT };

const SECRET: Secret = {
  name: 'claude', owner: 'usr_a', provider: 'anthropic', baseUrl: 'https://api.anthropic.com', header: 'X-Api-Key', methods: ['GET', 'POST'], paths: ['/v1/*'], budget: { requestsPerMinute: 60, requests: null, bytes: null },
  allowPrivate: false, usage: { requests: 0, bytes: 0 }, environments: [], setAt: AT,
};

function decisionOn({ command, context, hints }: ActionRequest): Decision {
  return routeAction({ command, context, hints, past: undefined, load: undefined, unavailable: {} }, builtInRules);
}

/** The calls that changed something, and controls that make services fail or take time. */
export class FakeServices implements Services {
  readonly calls: { what: string; with: unknown }[] = [];
  readonly channel = new FakeChannel();
  readonly all = new Map([environment(ENV_A, 'a'), environment(ENV_B, 'b')].map((one) => [one.id, one]));
  readonly log: Event[] = [];
  /** Thrown by the next call to the environment service. */
  fault: unknown = undefined;
  /** The answer of start, stop and similar actions; null: done immediately. */
  operationOfActs: Operation | null = operation();
  /** Ends waits. */
  readonly operationEnds = Promise.withResolvers<Operation>();
  readonly revoked = new Set<string>();
  readonly expired = new Set<string>([keys.expired]);
  readonly shutdownCalled = Promise.withResolvers<void>();
  #wakeReaders: (() => void)[] = [];
  readonly readersGone = Promise.withResolvers<void>();
  eventsRead = 0;

  #memory: ScratchMemory | undefined;

  /** Real, and created on demand. */
  get memory(): Services['memory'] {
    return this.#scratch.parts.memory;
  }

  /** Also real. */
  readonly documents: Services['documents'] = new QueuedDocumentReader();

  /** Addresses of the catalogs of scholarly works; set them before `research` is used. */
  catalogUrls: ReturnType<typeof Config.parse>['research']['catalogUrls'] = {};

  /** Origins that may be fetched. */
  readonly internalOrigins: string[] = [];

  readonly #stack = new AsyncDisposableStack();
  #research: ResearchParts | undefined;

  /** Also real, and created on demand. */
  get research(): Services['research'] {
    const config = Config.parse({});
    config.research.internalOrigins = this.internalOrigins;
    config.research.catalogUrls = this.catalogUrls;
    return (this.#research ??= composeResearch({
      config, paths: { researchDir: `${this.#scratch.dataDir}/research` }, documents: this.documents, memory: this.memory, operations: this.#operationsOfRuns, idempotency: this.#scratch.idempotency, now: () => new Date(), makeRoom: () => false, stack: this.#stack, log: createLogger({ level: 'silent' }),
    })).research;
  }

  #collaboration: CollaborationParts | undefined;

  /** Also real, but nothing runs its commands. */
  get #collaborations(): CollaborationParts {
    const { store, events } = this.#scratch;
    return (this.#collaboration ??= composeCollaboration({
      config: Config.parse({}), paths: { collaborationsDir: `${this.#scratch.dataDir}/collaborations` }, store, events, environments: this.environments, records: { get: () => undefined }, network: { setPeers: async () => {} }, holder: () => { throw new SomnusError('unavailable', 'There are no VMs'); }, watch: () => {},
      now: () => new Date(), log: createLogger({ level: 'silent' }),
    }));
  }

  get collaborations(): Services['collaborations'] { return this.#collaborations.collaborations; }
  get inboxes(): Services['inboxes'] { return this.#collaborations.inboxes; }

  #sessions: SessionReader | undefined;

  get sessions(): Services['sessions'] {
    if (this.#sessions !== undefined) return this.#sessions;
    const { store, events, parts } = this.#scratch;
    const records = new SqliteEnvironments(store);
    for (const [at, one] of [...this.all.values()].entries()) records.insert({ ...one, networkIndex: at + 1 });
    return this.#sessions = new SessionReader({ environments: this.environments, events, inboxes: this.inboxes, memory: parts.memory, sessions: new SqliteSessions(store), log: createLogger({ level: 'silent' }) });
  }

  /** Starts no containers. */
  readonly #operationsOfRuns: ResearchOptions['operations'] = {
    register: () => {}, assertFree: () => {}, get: async () => operation({ kind: 'research.run' }),
    submit: ({ kind, input }) => {
      this.calls.push({ what: kind, with: input });
      return operation({ kind });
    },
  };

  get idempotency(): Services['idempotency'] {
    return this.#scratch.idempotency;
  }

  get #scratch(): ScratchMemory {
    return (this.#memory ??= scratchMemory());
  }

  /** The data folder of `memory`. */
  get memoryDir(): string {
    return this.#memory?.dataDir ?? '';
  }

  #artifacts: ScratchArtifacts | undefined;
  #artifactRuns: Services['artifactRuns'] | undefined;

  /** Also real, and created on demand. */
  get artifacts(): Services['artifacts'] {
    return this.scratchArtifacts.manager;
  }

  get artifactRuns(): Services['artifactRuns'] {
    return (this.#artifactRuns ??= this.scratchArtifacts.runner({ environments: this.environments }));
  }

  get scratchArtifacts(): ScratchArtifacts {
    return (this.#artifacts ??= scratchArtifacts(this.environments, [...this.all.values()]));
  }

  async dispose(): Promise<void> {
    this.#artifacts?.[Symbol.dispose]();
    await this.#stack.disposeAsync();
    await this.#memory?.[Symbol.asyncDispose]();
  }

  addEvent(type: string): Event {
    const event: Event = { cursor: String(this.log.length + 1), type, at: AT, owner: null, subject: { type: 'environment', id: ENV_A }, actor: null, data: { text: 'a\nb' } };
    this.log.push(event);
    for (const wake of this.#wakeReaders.splice(0)) wake();
    return event;
  }

  readonly autoscaling: Services['autoscaling'] = {
    get: async (caller, ref) => ({ environmentId: this.#find(caller, ref).id, enabled: false, smallest: null, largest: null, profiles: [] }),
    set: async (caller, ref, request) => {
      this.calls.push({ what: 'setAutoscaling', with: request });
      return { environmentId: this.#find(caller, ref).id, enabled: true, ...request, profiles: [request.smallest, request.largest] };
    },
    remove: async (caller, ref) => ({ environmentId: this.#find(caller, ref).id, enabled: false, smallest: null, largest: null, profiles: [] }),
  };

  readonly agents: Services['agents'] = {
    health: async (caller, ref) => ({ environmentId: this.#find(caller, ref).id, state: 'ok', summary: 'No recent errors.', asOf: AT, unreachableSince: null, agentVersion: '1', watched: [], reading: null }),
    incidents: async (caller, ref) => ({ environmentId: this.#find(caller, ref).id, current: true, asOf: AT, unreachableSince: null, items: [] }),
    incidentHistory: async (caller, ref, { limit, cursor }) => {
      this.#find(caller, ref);
      const all = [3, 2, 1].filter((number) => cursor === undefined || number < Number(cursor));
      const items = all.slice(0, limit).map((number) => ({
        id: `inc_${number}`, place: 'app', category: 'DISK_FULL' as const, message: 'no space left on device', count: number, rootId: null, firstAt: AT, lastAt: AT, closedAt: null, closedBy: null, firstSeenAt: AT, lastSeenAt: AT, outcome: 'gone' as const, attempts: [],
      }));
      return { items, nextCursor: all.length > limit ? String(all[limit - 1]) : null };
    },
    applyFix: async (caller, ref, incidentId, request) => {
      this.#find(caller, ref);
      this.calls.push({ what: 'applyFix', with: { incidentId, ...request } });
      return { fixId: 'disk/apt-cache', what: 'Delete downloaded package files', at: AT, automatic: false, outcome: 'fixed', detail: '' };
    },
    learn: async (caller, ref, incidentId) => {
      this.#find(caller, ref);
      this.calls.push({ what: 'learn', with: incidentId });
    },
    setFixes: async (caller, ref, settings) => {
      this.#find(caller, ref);
      this.calls.push({ what: 'setFixes', with: settings });
    },
    upgrade: async (caller, ref, request) => {
      this.#find(caller, ref);
      this.calls.push({ what: 'upgrade', with: request });
      return { from: '1', to: '2', outcome: 'upgraded', engine: request.engine ?? null };
    },
    observe: (_caller, _ref, _request, process) => process,
    softReboot: async (caller, ref, request) => {
      this.#find(caller, ref);
      this.calls.push({ what: 'softReboot', with: request });
      return { tookMs: 1, processes: [] };
    },
  };

  #find(caller: Caller, ref: string): Environment {
    if (this.fault !== undefined) {
      const fault = this.fault;
      this.fault = undefined;
      throw fault;
    }
    const found = [...this.all.values()].find((one) => one.id === ref || one.name === ref);
    if (found === undefined || (caller.environmentId !== null && caller.environmentId !== found.id)) throw new SomnusError('not_found', `There is no environment ${ref}`);
    return found;
  }

  readonly snapshots: Services['snapshots'] = {
    create: async (caller, ref, request, idempotencyKey) => {
      this.calls.push({ what: 'snapshot', with: { request, idempotencyKey } });
      return { snapshot: snapshot(this.#find(caller, ref).id), operation: operation({ kind: 'snapshot.create' }) };
    },
    list: async (caller, ref) => ({ items: [snapshot(this.#find(caller, ref).id)], nextCursor: null }),
    get: async (caller, ref) => snapshot(this.#find(caller, ref).id),
    update: async (caller, ref, _snapshot, request) => ({ ...snapshot(this.#find(caller, ref).id), ...(request.name === undefined ? {} : { name: request.name }) }),
    remove: async (caller, ref, _snapshot, options) => {
      this.calls.push({ what: 'snapshot-rm', with: options });
      return { snapshot: snapshot(this.#find(caller, ref).id), operation: options.purge ? operation({ kind: 'snapshot.purge' }) : null };
    },
    undelete: async (caller, ref) => snapshot(this.#find(caller, ref).id),
    check: async (caller, ref) => ({ snapshot: snapshot(this.#find(caller, ref).id), operation: operation({ kind: 'snapshot.check' }) }),
    diff: async (caller, ref, from, to) => {
      this.#find(caller, ref);
      return { from, to: to ?? null, changes: [{ path: '/etc/hosts', change: 'changed', type: 'file', sizeBytes: 12 }] };
    },
    restore: async (caller, ref, _snapshot, request) => {
      this.calls.push({ what: 'restore', with: request });
      return { snapshot: snapshot(this.#find(caller, ref).id), operation: operation({ kind: 'snapshot.restore' }) };
    },
    fork: async (caller, ref, request) => {
      this.#find(caller, ref);
      this.calls.push({ what: 'fork', with: request });
      return { environments: [environment(newId('env'), request.name)], operation: operation({ kind: 'environment.fork' }) };
    },
  };

  readonly environments: Services['environments'] = {
    create: async (_caller, request, options) => {
      this.calls.push({ what: 'create', with: { request, options } });
      return { environment: environment(newId('env'), request.name), operation: operation({ kind: 'environment.create' }) };
    },
    list: async (caller) => ({ items: [...this.all.values()].filter((one) => caller.environmentId === null || one.id === caller.environmentId), nextCursor: null }),
    get: async (caller, ref) => this.#find(caller, ref),
    update: async (caller, ref, request: UpdateEnvironment, ifVersion) => {
      const found = this.#find(caller, ref);
      if (ifVersion !== undefined && ifVersion !== found.version) throw new SomnusError('precondition_failed', 'It has changed', { details: { version: found.version } });
      this.calls.push({ what: 'update', with: request });
      const changed = { ...found, version: found.version + 1 };
      this.all.set(found.id, changed);
      return changed;
    },
    perform: async (caller, action, ref, options) => {
      const found = this.#find(caller, ref);
      this.calls.push({ what: action, with: options });
      return { environment: found, operation: this.operationOfActs };
    },
    exec: async (caller, ref, request, signal) => {
      this.#find(caller, ref);
      return await this.channel.exec(request, signal);
    },
    channel: async (caller, ref) => {
      this.#find(caller, ref);
      return this.channel;
    },
    stats: async (caller, ref, sinceMs) => {
      this.calls.push({ what: 'stats', with: sinceMs });
      return { environmentId: this.#find(caller, ref).id, latest: null, history: [] };
    },
    consoleLog: async (caller, ref, options, signal) => {
      this.#find(caller, ref);
      if (options.follow && options.tailBytes === 0) {
        const endless = new PassThrough();
        signal?.addEventListener('abort', () => endless.destroy(), { once: true });
        return endless;
      }
      return Readable.from([`tail ${options.tailBytes} follow ${options.follow}`]);
    },
  };

  readonly actions: Services['actions'] = {
    explain: async (caller, ref, request) => {
      this.#find(caller, ref);
      return decisionOn(request);
    },
    run: async (caller, ref, request, signal) => {
      const found = this.#find(caller, ref);
      const { context: _context, hints: _hints, ...program } = request;
      const process = await this.channel.exec(program, signal);
      return { action: { ...ACTION, environmentId: found.id }, decision: decisionOn(request), process };
    },
    list: async (caller, ref) => ({ items: [{ ...ACTION, environmentId: this.#find(caller, ref).id }], nextCursor: null }),
  };

  readonly audited: (AuditedRequest & { outcome: string })[] = [];
  readonly audit: Services['audit'] = {
    begin: (request) => {
      let open = true;
      return (outcome) => {
        if (open) this.audited.push({ ...request, outcome });
        open = false;
      };
    },
    list: async () => ({ items: [{ seq: 1, at: AT, keyId: 'key_write', user: 'alice', action: 'exec', target: '/v1/environments/a/exec', outcome: 'ok', requestId: 'req_1', previousHash: FIRST_HASH, hash: FIRST_HASH }], nextCursor: null }),
    verify: async () => ({ ok: true, entries: 1, headHash: FIRST_HASH, firstBad: null, problem: null }),
  };

  readonly ports: Services['ports'] = {
    publish: async (caller, ref, { port, hostPort = 18_000 }) => ({ ...PORT, environmentId: this.#find(caller, ref).id, port, hostPort }),
    list: async (caller, ref) => [{ ...PORT, environmentId: this.#find(caller, ref).id }],
    remove: async (caller, ref) => { this.#find(caller, ref); },
  };

  readonly packs: Services['packs'] = {
    available: async () => [{ name: PACK.name, version: PACK.version, description: PACK.description, depends: [], steps: 1, builtIn: true, problem: null }],
    get: async (name) => {
      if (name === 'coding') return { builtIn: true, pack: PACK }; // the name that the test of all answers uses
      if (name !== PACK.name) throw new SomnusError('not_found', `There is no pack ${name}`);
      return { builtIn: true, pack: PACK };
    },
    create: async (_caller, { yaml }) => ({ builtIn: false, pack: parsePack(yaml) }),
    remove: async (_caller, name) => { this.calls.push({ what: 'remove pack', with: name }); },
    installed: (caller, ref) => {
      this.#find(caller, ref);
      return [{ name: PACK.name, version: PACK.version, complete: true, steps: ['jq'], depends: [], at: AT, actor: 'key_write', entry: 2 }];
    },
    install: async (caller, ref, { packs }) => {
      this.calls.push({ what: 'install', with: { id: this.#find(caller, ref).id, packs } });
      return packs.includes('present') ? { operation: null, already: [{ name: 'present', version: '1.0.0' }], skipped: [] } : { operation: operation({ kind: 'pack.install' }), already: [], skipped: [] };
    },
    uninstall: async (caller, ref, name) => {
      this.calls.push({ what: 'uninstall', with: { id: this.#find(caller, ref).id, name } });
      return { operation: operation({ kind: 'pack.uninstall' }), already: [], skipped: [] };
    },
    verify: async (caller, ref) => {
      this.#find(caller, ref);
      return operation({ kind: 'pack.verify', status: 'succeeded', endedAt: AT, result: { ok: false, results: [{ pack: PACK.name, version: PACK.version, step: 'jq', ok: false, output: 'no jq' }] } });
    },
    history: (caller, ref) => {
      this.#find(caller, ref);
      return { items: [{ number: 2, parent: 1, at: AT, actor: 'key_write', operationId: OP, action: 'install', pack: PACK.name, version: PACK.version, step: 'jq', completes: true, snapshotId: newId('snap'), current: true, snapshot: 'pack2' }], nextCursor: null };
    },
    returnTo: async (caller, ref, { entry }) => {
      this.calls.push({ what: 'return', with: entry });
      return { snapshot: { ...snapshot(this.#find(caller, ref).id), name: 'pack2' }, operation: operation({ kind: 'snapshot.restore' }) };
    },
  };

  readonly ssh: Services['ssh'] = { of: async (caller, ref) => ({ environmentId: this.#find(caller, ref).id, name: 'a', user: 'root', privateKey: 'private', hostPublicKey: 'ssh-ed25519 AAAA' }) };

  readonly secrets: Services['secrets'] = {
    set: async (caller, name, { provider }) => {
      this.calls.push({ what: 'set secret', with: name });
      return { ...SECRET, provider, name, owner: caller.user };
    },
    list: async () => [SECRET],
    remove: async (_caller, name) => { this.calls.push({ what: 'remove secret', with: name }); },
    grant: async (caller, _name, ref) => ({ ...SECRET, environments: [{ id: this.#find(caller, ref).id, name: 'a' }] }),
    revoke: async (caller, _name, ref) => {
      this.#find(caller, ref);
      return SECRET;
    },
  };

  readonly browsers: Services['browsers'] = {
    act: async (caller, ref, act) => {
      this.#find(caller, ref);
      this.calls.push({ what: 'browse', with: act });
      return { tabs: [], snapshot: null, blocker: null, repeats: 0, closed: [], injections: [], dialogs: [], files: [], fields: null, annotations: null, map: null };
    },
  };

  readonly jobs: Services['jobs'] = {
    start: async (caller, ref, request) => ({ ...JOB, environmentId: this.#find(caller, ref).id, name: request.name ?? null }),
    list: async (caller, ref) => [{ ...JOB, environmentId: this.#find(caller, ref).id }],
    get: async (caller, ref) => ({ ...JOB, environmentId: this.#find(caller, ref).id }),
    output: async (caller, ref, _job, { from }) => {
      this.#find(caller, ref);
      return { from, content: Readable.from([Buffer.from('out')]) };
    },
    attach: async (caller, ref) => {
      this.#find(caller, ref);
      return await this.channel.exec({ command: ['cat'], env: {} });
    },
    signal: async (caller, ref, _job, name) => { this.calls.push({ what: `signal ${name}`, with: this.#find(caller, ref).id }); },
    stop: async (caller, ref) => ({ ...JOB, environmentId: this.#find(caller, ref).id }),
    remove: async (caller, ref) => { this.calls.push({ what: 'remove job', with: this.#find(caller, ref).id }); },
  };

  readonly operations: Services['operations'] = {
    list: async () => ({ items: [operation()], nextCursor: null }),
    get: async (_caller, id) => {
      if (id !== OP) throw new SomnusError('not_found', `There is no operation ${id}`);
      return operation();
    },
    cancel: async () => operation({ status: 'cancelling' }),
    wait: async (_caller, id, timeoutMs, signal) => {
      this.calls.push({ what: 'wait', with: { id, timeoutMs } });
      const stopped = new Promise<Operation>((resolve) => signal?.addEventListener('abort', () => resolve(operation()), { once: true }));
      return await Promise.race([this.operationEnds.promise, stopped]);
    },
  };

  readonly events: Services['events'] = {
    list: async (_caller, { since, limit }) => {
      if (since === undefined) return { items: this.log.slice(-limit), nextCursor: null };
      const items = this.log.slice(this.#parse(since)).slice(0, limit);
      return { items, nextCursor: this.#parse(since) + items.length < this.log.length ? items.at(-1)?.cursor ?? null : null };
    },
    subscribe: (_caller, { since }, signal) => {
      signal.addEventListener('abort', () => this.readersGone.resolve(), { once: true });
      return this.#follow(since === undefined ? this.log.length : this.#parse(since), signal);
    },
  };

  #parse(cursor: string): number {
    if (!/^\d+$/.test(cursor)) throw new SomnusError('invalid_request', 'Invalid cursor');
    return Number(cursor);
  }

  async* #follow(from: number, signal: AbortSignal): AsyncIterable<Event> {
    for (let at = from; !signal.aborted; at += 1) {
      while (this.log[at] === undefined) {
        if (signal.aborted) return;
        await new Promise<void>((resolve) => {
          this.#wakeReaders.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
      this.eventsRead += 1;
      yield this.log[at] as Event;
    }
  }

  readonly keys: Services['keys'] = {
    verify: async (secret) => {
      if (this.expired.has(secret)) throw new SomnusError('key_expired', 'The key has expired');
      const caller = callers[secret];
      if (caller === undefined || this.revoked.has(secret)) throw new SomnusError('unauthenticated', 'No such key');
      return caller;
    },
    create: async (_caller, { name, scopes }) => {
      this.calls.push({ what: 'create key', with: name });
      return { ...apiKey(name), scopes, secret: `somnus_secret_${this.calls.length}` };
    },
    list: async () => ({ items: [apiKey('one')], nextCursor: null }),
    revoke: async () => ({ ...apiKey('one'), revokedAt: AT }),
  };

  readonly profiles: Services['profiles'] = {
    list: async () => [profile],
    get: async (name) => {
      if (name !== 'coding') throw new SomnusError('not_found', `There is no profile ${name}`);
      return profile;
    },
  };

  readonly profileChanges: Services['profileChanges'] = {
    apply: async (caller, ref, request, idempotencyKey) => {
      const found = this.#find(caller, ref);
      this.calls.push({ what: 'apply profile', with: { request, idempotencyKey } });
      const fields = [{ field: 'memoryMiB', from: 512, to: 1024, when: 'next start', reason: 'the VM booted with at most 512 MiB' } as const];
      return { environment: found, operation: request.dryRun ? null : operation({ kind: 'environment.apply-profile' }), plan: { profile: request.profile, possible: true, fields } };
    },
  };

  readonly images: Services['images'] = {
    list: async () => [{ version: '1', suite: 'trixie', agentVersion: '1', createdAt: AT, sizeBytes: 1, allocatedBytes: 1, current: true, environments: 0 }],
    build: async (_caller, options) => {
      this.calls.push({ what: 'build', with: options });
      return operation({ kind: 'image.build', target: null });
    },
    remove: async (version) => { this.calls.push({ what: 'remove image', with: version }); },
  };

  readonly quarantine: Services['quarantine'] = {
    list: async () => [QUARANTINED],
    adopt: async (_caller, id, request) => {
      if (id !== QUARANTINED.id) throw new SomnusError('not_found', `There is no ${id} in quarantine`);
      this.calls.push({ what: 'adopt', with: request });
      return { environmentId: ENV_A, name: request.name ?? 'found', snapshots: [] };
    },
    takeUnknown: async () => { this.calls.push({ what: 'take unknown', with: null }); return [QUARANTINED]; },
    delete: async (_caller, id) => { this.calls.push({ what: 'delete from quarantine', with: id }); },
  };

  readonly users: Services['users'] = {
    list: async () => [user],
    remove: async (_caller, ref, options) => {
      if (ref !== user.name) throw new SomnusError('not_found', `There is no user ${ref}`);
      this.calls.push({ what: 'remove user', with: options });
      return { user, removedEnvironments: [], shreddedSpaces: 0 };
    },
  };

  readonly host: Services['host'] = {
    status: async () => hostStatus,
    doctor: async () => ({ ok: true, checks: [{ name: 'pool', status: 'ok', found: 'xfs', fix: null, details: {} }] }),
    probeAccel: async () => {
      this.calls.push({ what: 'probe', with: undefined });
      return hostStatus.accel;
    },
    growPool: async (_caller, toGiB) => {
      this.calls.push({ what: 'grow', with: toGiB });
      return hostStatus;
    },
    confirmClock: async () => { this.calls.push({ what: 'confirm the clock', with: null }); },
    shutdown: async () => { this.shutdownCalled.resolve(); },
  };
}

function apiKey(name: string): ApiKey {
  return { id: 'key_00000000000000000000000000', name, user: 'alice', scopes: ['read'], environmentId: null, mayPurge: true, createdAt: AT, expiresAt: null, lastUsedAt: null, revokedAt: null };
}
