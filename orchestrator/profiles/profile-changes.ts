// Applies profiles for the API: checks the state, checks that guest, host and pool have the capacity, and plans what happens to each field.
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import { assertPossible, planChange, type ProfileChange } from '../../supervisor/operations/apply-profile.ts';
import { guestMemory } from '../../supervisor/profiles/set-resources.ts';
import { liveShape, type PlannedField } from '../../supervisor/profiles/plan.ts';
import type { Profile, ProfileService } from '../../supervisor/profiles/profile.ts';
import type { PoolUsage } from '../../supervisor/storage/pool.ts';
import { assertFits, capacityWithout } from '../environments/admission.ts';
import { subjectOf, type EnvironmentManager } from '../environments/environment-manager.ts';
import { requestedProfile } from '../environments/requested-profile.ts';
import type { EnvironmentRecord, SqliteEnvironments } from '../environments/sqlite-environments.ts';
import type { Caller } from '../keys/caller.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import type { SqliteIdempotency } from '../operations/sqlite-idempotency.ts';
import type { ApplyProfile, ProfileAccepted, ProfileChangeService, ProfilePlan } from './profile-change.ts';
import type { ProfileInput } from './profile-kind.ts';

export interface ProfileChangesDeps {
  records: SqliteEnvironments;
  environments: EnvironmentManager;
  operations: OperationEngine;
  idempotency: SqliteIdempotency;
  profiles: ProfileService;
  host: VmHost;
}

interface Planned { change: ProfileChange; fields: PlannedField[] }

export class ProfileChanges implements ProfileChangeService {
  readonly #deps: ProfileChangesDeps;

  constructor(deps: ProfileChangesDeps) {
    this.#deps = deps;
  }

  async apply(caller: Caller, ref: string, request: ApplyProfile, idempotencyKey?: string): Promise<ProfileAccepted> {
    const { environments, profiles, idempotency, records, operations, host } = this.#deps;
    const found = environments.find(caller, ref);
    const profile = await requestedProfile(profiles, request.profile);
    const record = environments.requireFree(found.id, 'profile');
    const planned = await this.#plan(record, profile);
    const pool = await host.pool.usage();
    if (request.dryRun) return { environment: environments.show(record), operation: null, plan: planOf(profile, this.#withRefusal(record, planned, pool)) };
    assertPossible(planned.fields);
    const { operationId } = idempotency.once({ owner: caller.user, key: idempotencyKey, request: { profileOf: ref, ...request } }, () => {
      const current = environments.requireFree(found.id, 'profile');
      if (current.version !== record.version) throw new SomnusError('operation_in_progress', `${record.name} was changed at the same time`, { hint: 'Try again.' });
      const memoryMiB = this.#admit(current, planned, pool);
      const input: ProfileInput = { environmentId: current.id, profile: profile.name, change: planned.change };
      const { id } = operations.submit({ kind: 'environment.apply-profile', input, owner: current.owner, actor: caller.keyId, target: subjectOf(current) });
      records.update({ ...current, memoryMiB });
      return { operationId: id };
    });
    return { environment: environments.show(records.get(found.id) ?? record), operation: await operations.get(caller, operationId), plan: planOf(profile, planned.fields) };
  }

  async #plan(record: EnvironmentRecord, { shape: asked, gpu }: Profile): Promise<Planned> {
    const vm = new Vm(this.#deps.host, record.id);
    const { shape, wanted = shape, gpu: hasGpu } = await vm.manifest();
    const running = record.state === 'running';
    const change: ProfileChange = { before: { shape, wanted, gpu: hasGpu }, wanted: asked, gpu, running };
    const guest = running && asked.memoryMiB < shape.memoryMiB ? await guestMemory(vm) : undefined;
    return { change, fields: planChange({ vm, ...change }, guest) };
  }

  /** The plan, including what exceeds the capacity of the host or the pool. */
  #withRefusal(record: EnvironmentRecord, planned: Planned, pool: PoolUsage): PlannedField[] {
    try {
      this.#admit(record, planned, pool);
      return planned.fields;
    } catch (error) {
      return planned.fields.map((field) => (field.field === 'memoryMiB' ? { ...field, when: 'unsupported', reason: toSomnusError(error).message } : field));
    }
  }

  /** @returns the committed memory from now on: an increase counts before the VM has it, a decrease only after the VM has returned it */
  #admit(record: EnvironmentRecord, { change, fields }: Planned, pool: PoolUsage): number {
    const capacity = this.#deps.environments.capacity();
    const { before, wanted, running } = change;
    if (wanted.memoryMiB > before.wanted.memoryMiB) assertFits(wanted, { ...capacity, committedMiB: 0 }, pool); // otherwise it would wait for a start that can never happen
    const memoryMiB = running ? liveShape(before.shape, wanted, fields).memoryMiB : record.memoryMiB;
    if (memoryMiB <= record.memoryMiB) return record.memoryMiB;
    assertFits({ memoryMiB }, capacityWithout(record, capacity), pool);
    return memoryMiB;
  }
}

function planOf({ name }: Profile, fields: PlannedField[]): ProfilePlan {
  return { profile: name, possible: fields.every(({ when }) => when !== 'unsupported'), fields };
}
