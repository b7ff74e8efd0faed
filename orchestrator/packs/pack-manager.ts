// Packs for the API: checks permission, state and needs, and plans. The kinds in pack-kinds.ts do the work.
import { SomnusError } from '../../common/errors.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import { subjectOf, type EnvironmentManager } from '../environments/environment-manager.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import type { Operation } from '../operations/operation.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import type { SqliteIdempotency } from '../operations/sqlite-idempotency.ts';
import type { SnapshotAccepted, SnapshotService } from '../snapshots/snapshot-service.ts';
import type { SqliteSnapshots } from '../snapshots/sqlite-snapshots.ts';
import type { Page, PageQuery } from '../store/page.ts';
import { presentPacks, shownPack, type PresentPack } from './installed-packs.ts';
import type { Pack } from './pack.ts';
import type { PackFiles } from './pack-files.ts';
import type { PackInput, VerifyInput } from './pack-kinds.ts';
import type { AvailablePack, CreatePack, InstalledPack, InstallPacks, PackChangeAnswer, ReturnToEntry, ShownPack, ShownPackEntry, VerifyPacks } from './pack-schemas.ts';
import type { PackService } from './pack-service.ts';
import { plannedSteps, planInstall, planUninstall, snapshotIds, withDependencies, type PackPlan } from './plan-packs.ts';
import type { SqlitePackHistory } from './sqlite-pack-history.ts';

export interface PackManagerDeps {
  files: PackFiles;
  history: SqlitePackHistory;
  environments: Pick<EnvironmentManager, 'find' | 'requireFree'>;
  snapshots: Pick<SnapshotService, 'restore'>;
  snapshotRecords: Pick<SqliteSnapshots, 'get'>;
  events: Pick<SqliteEventLog, 'append'>;
  operations: Pick<OperationEngine, 'submit' | 'get'>;
  idempotency: Pick<SqliteIdempotency, 'once'>;
  monitor: Pick<Monitor, 'latest'>;
  assertMaySnapshot(environmentId: string, count: number): Promise<void>;
}

type Planner = (snapshotId: () => string) => PackPlan;

const MIB = 2 ** 20;

export class PackManager implements PackService {
  readonly #deps: PackManagerDeps;

  constructor(deps: PackManagerDeps) {
    this.#deps = deps;
  }

  async available(): Promise<AvailablePack[]> {
    return (await this.#deps.files.list()).map(({ name, builtIn, pack, problem }) => (
      { name, builtIn, problem, version: pack?.version ?? null, description: pack?.description ?? null, depends: pack?.depends ?? [], steps: pack?.steps.length ?? 0 }
    ));
  }

  async get(name: string): Promise<ShownPack> {
    return await this.#deps.files.find(name);
  }

  async create(caller: Caller, { yaml, replace }: CreatePack): Promise<ShownPack> {
    const pack = await this.#deps.files.create(yaml, { replace });
    this.#deps.events.append({ type: 'pack.created', owner: caller.user, subject: { type: 'pack', id: pack.name, name: pack.name }, actor: caller.keyId, data: { version: pack.version } });
    return { pack, builtIn: false };
  }

  async remove(caller: Caller, name: string): Promise<void> {
    await this.#deps.files.remove(name);
    this.#deps.events.append({ type: 'pack.removed', owner: caller.user, subject: { type: 'pack', id: name, name }, actor: caller.keyId, data: {} });
  }

  installed(caller: Caller, ref: string): InstalledPack[] {
    const present = this.#present(this.#deps.environments.find(caller, ref));
    return [...present.values()].map(shownPack).toSorted((a, b) => a.name.localeCompare(b.name));
  }

  async install(caller: Caller, ref: string, { packs: names }: InstallPacks, idempotencyKey?: string): Promise<PackChangeAnswer> {
    const record = this.#deps.environments.find(caller, ref);
    const packs = withDependencies(names, await knownPacks(this.#deps.files, names));
    const plan: Planner = (snapshotId) => planInstall(packs, { present: this.#present(this.#deps.environments.find(caller, record.id)), target: this.#target(record), snapshotId });
    await this.#deps.assertMaySnapshot(record.id, stepsIn(plan(snapshotIds())));
    return await this.#change(caller, record, { kind: 'pack.install', plan, request: { installPacks: ref, names }, idempotencyKey });
  }

  async uninstall(caller: Caller, ref: string, name: string, idempotencyKey?: string): Promise<PackChangeAnswer> {
    const record = this.#deps.environments.find(caller, ref);
    const plan: Planner = (snapshotId) => {
      const present = this.#present(this.#deps.environments.find(caller, record.id));
      return { packs: [planUninstall(name, { present, environment: record.name, snapshotId })], already: [], skipped: [] };
    };
    return await this.#change(caller, record, { kind: 'pack.uninstall', plan, request: { uninstallPack: ref, name }, idempotencyKey });
  }

  async verify(caller: Caller, ref: string, { packs: names }: VerifyPacks, idempotencyKey?: string): Promise<Operation> {
    const { environments, idempotency, operations } = this.#deps;
    const record = environments.find(caller, ref);
    const { operationId } = idempotency.once({ owner: caller.user, key: idempotencyKey, request: { verifyPacks: ref, names } }, () => {
      const present = this.#present(environments.requireFree(record.id, 'exec'));
      const missing = names.find((name) => !present.has(name));
      if (missing !== undefined) throw new SomnusError('not_found', `${record.name} does not have the pack ${JSON.stringify(missing)}`, { hint: `See \`somnus pack ls -e ${record.name}\`.` });
      const packs = [...present.values()].filter(({ name }) => names.length === 0 || names.includes(name)).flatMap(installedPart);
      if (packs.length === 0) throw new SomnusError('invalid_state', `${record.name} has no pack that is installed completely`, { hint: `Install one with \`somnus pack install ${record.name} PACK\`.` });
      const input: VerifyInput = { environmentId: record.id, packs };
      return { operationId: operations.submit({ kind: 'pack.verify', input, owner: record.owner, actor: caller.keyId, target: subjectOf(record) }).id };
    });
    return await operations.get(caller, operationId);
  }

  history(caller: Caller, ref: string, query: PageQuery): Page<ShownPackEntry> {
    const { environments, history, snapshotRecords } = this.#deps;
    const record = environments.find(caller, ref);
    const current = new Set(history.path(record.id, record.packEntry).map(({ number }) => number));
    const page = history.list(record.id, query);
    return {
      ...page,
      items: page.items.map((stored) => {
        const { digest: _digest, definition: _definition, ...entry } = stored;
        const snapshot = snapshotRecords.get(entry.snapshotId);
        const isThere = snapshot?.environmentId === record.id && (snapshot.state === 'ready' || snapshot.state === 'damaged');
        return { ...entry, current: current.has(entry.number), snapshot: isThere ? snapshot.name : null };
      }),
    };
  }

  async returnTo(caller: Caller, ref: string, { entry: number, safety }: ReturnToEntry, idempotencyKey?: string): Promise<SnapshotAccepted> {
    const { environments, history, snapshotRecords, snapshots } = this.#deps;
    const record = environments.find(caller, ref);
    const entry = history.get(record.id, number);
    if (!entry) throw new SomnusError('not_found', `The pack history of ${record.name} has no entry ${number}`, { hint: `See \`somnus pack history ${record.name}\`.` });
    const snapshot = snapshotRecords.get(entry.snapshotId);
    if (snapshot === undefined) throw new SomnusError('not_found', `The snapshot of the entry ${number} no longer exists`, { hint: 'Entries whose snapshot is gone cannot be returned to; `snapshots.packCount` in the configuration says how many are kept.' });
    if (snapshot.environmentId !== record.id) {
      throw new SomnusError('invalid_state', `The entry ${number} is older than ${record.name}: its snapshot belongs to the environment that ${record.name} was forked from`, { hint: `Fork that snapshot (${snapshot.name}) instead: \`somnus fork SOURCE NEW --from ${snapshot.name}\`.`, details: { snapshotId: snapshot.id } });
    }
    return await snapshots.restore(caller, record.id, snapshot.id, { safety, memory: true }, idempotencyKey);
  }

  async #change(caller: Caller, found: EnvironmentRecord, { kind, plan: makePlan, request, idempotencyKey }: { kind: string; plan: Planner; request: unknown; idempotencyKey: string | undefined }): Promise<PackChangeAnswer> {
    const { environments, operations, idempotency } = this.#deps;
    const { operationId, already, skipped } = idempotency.once({ owner: caller.user, key: idempotencyKey, request }, () => {
      const record = environments.requireFree(found.id, 'exec');
      const nextId = snapshotIds();
      const baselineId = nextId();
      const plan = makePlan(nextId);
      const answer = { already: plan.already, skipped: plan.skipped };
      if (plan.packs.length === 0) return { operationId: null, ...answer };
      const input: PackInput = { environmentId: record.id, actor: caller.keyId, baselineId, packs: plan.packs, skipped: plan.skipped };
      const alsoHolds = snapshotsOf(input);
      return { operationId: operations.submit({ kind, input, owner: record.owner, actor: caller.keyId, target: subjectOf(record), alsoHolds }).id, ...answer };
    });
    return { operation: operationId === null ? null : await operations.get(caller, operationId), already, skipped };
  }

  #present({ id, packEntry }: EnvironmentRecord): Map<string, PresentPack> {
    return presentPacks(this.#deps.history.path(id, packEntry));
  }

  #target({ id, name, network, memoryMiB, diskGiB }: EnvironmentRecord): Parameters<typeof planInstall>[1]['target'] {
    const usedBytes = this.#deps.monitor.latest(id)?.diskUsedBytes;
    return { name, network, memoryMiB, freeDiskMiB: usedBytes === undefined || usedBytes === null ? undefined : Math.max(0, Math.floor(diskGiB * 1024 - usedBytes / MIB)) };
  }
}

/** The packs whose files are valid. @throws invalid_request when that of a requested one is not */
export async function knownPacks(files: PackFiles, requested: readonly string[]): Promise<Map<string, Pack>> {
  const all = await files.list();
  const broken = all.find(({ name, pack }) => !pack && requested.includes(name));
  if (broken) await files.get(broken.name);
  return new Map(all.flatMap(({ name, pack }) => (pack ? [[name, pack] as const] : [])));
}

/** The ids of all snapshots that the operation takes: it holds them, so that nothing else changes them. */
export function snapshotsOf({ baselineId, packs }: Pick<PackInput, 'baselineId' | 'packs'>): string[] {
  return [baselineId, ...plannedSteps(packs).map((step) => step.snapshotId)];
}

function stepsIn({ packs }: PackPlan): number {
  return packs.length === 0 ? 0 : 1 + plannedSteps(packs).length;
}

/** Only steps that are installed are verified, with the content that they were installed with. */
function installedPart({ completed, steps }: PresentPack): Pack[] {
  if (!completed) return [];
  const installed = completed.steps.filter(({ name }) => steps.includes(name));
  return installed.length === 0 ? [] : [{ ...completed, steps: installed }];
}
