// The operation that applies a profile: the supervisor's steps, and how the record changes afterwards.
import { z } from 'zod';
import { applySteps, planChange, ProfileChange, type ApplyContext } from '../../supervisor/operations/apply-profile.ts';
import { Vm } from '../../supervisor/vms/vm.ts';
import { recordOutcome, sizeOf, type EnvironmentKindDeps } from '../environments/record-outcome.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';

/** The profile can change while the operation waits, so the operation stores the admitted values. */
const Input = z.strictObject({ environmentId: z.string(), profile: z.string(), change: ProfileChange });
export type ProfileInput = z.infer<typeof Input>;

export function registerProfileKind(engine: OperationEngine, deps: EnvironmentKindDeps): void {
  engine.register<ProfileInput, ApplyContext & { profile: string }>({
    kind: 'environment.apply-profile', input: Input, steps: applySteps, cancellable: true,
    open: async ({ environmentId, profile, change }) => ({ vm: new Vm(deps.host, environmentId), profile, ...change }),
    ...recordOutcome<ApplyContext & { profile: string }>(deps, {
      event: 'environment.profile-applied', failed: 'unchanged',
      done: async ({ vm, profile }, record) => ({ profile, ...await sizeOf(vm, record.state) }),
      result: (context) => ({ profile: context.profile, fields: planChange(context, undefined) }),
    }),
  });
}
