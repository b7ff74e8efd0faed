// Creating an environment with packs: the VM as in environment.create, then the packs, each step visible. A failure keeps what works, or removes all.
import { z } from 'zod';
import { untilAborted } from '../../common/deadline.ts';
import type { Step } from '../../common/step.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import { createSteps, type CreateContext } from '../../supervisor/operations/create.ts';
import { specOf, type LifecycleDeps } from '../environments/lifecycle-kinds.ts';
import { recordOutcome, runningRecord } from '../environments/record-outcome.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import { openPackContext, packAftermath, PackInput, packResult, type InstallContext } from './pack-kinds.ts';
import { packSteps, policyStep, type PackStepDeps } from './pack-steps.ts';

export interface ProvisionDeps extends PackStepDeps, Pick<LifecycleDeps, 'images' | 'profiles' | 'keys'> {
  monitor: Pick<Monitor, 'onGuestStats' | 'forget'>;
}

const ProvisionInput = PackInput.extend({ onFailure: z.enum(['keep', 'remove']), cold: z.boolean().default(false) });
export type ProvisionInput = z.infer<typeof ProvisionInput>;

type ProvisionContext = InstallContext & CreateContext;

const MONITORING_TIMEOUT_MS = 120_000;

export function registerProvisionKind(engine: Pick<OperationEngine, 'register'>, deps: ProvisionDeps): void {
  const { environments, snapshots, monitor, keys } = deps;

  /** As long as no snapshot could bring the VM back, what a reboot of the host has ended is started again. */
  const creating = createSteps.map((step): Step<ProvisionContext> => ({
    ...step, commits: false, ...(step.holds ? { holds: async (context) => snapshots.get(context.baselineId)?.state === 'ready' || await step.holds?.(context) === true } : {}),
  }));

  const ready: Step<ProvisionContext> = {
    name: 'environment.ready',
    timeoutMs: 60_000,
    savepoint: ({ removesAll }) => !removesAll,
    async run({ vm }) {
      const now = await runningRecord(vm);
      const record = environments.get(vm.id);
      if (record) environments.update({ ...record, ...now });
    },
  };

  const saveConfiguration: Step<ProvisionContext> = {
    name: 'configuration.save',
    timeoutMs: 60_000,
    commits: true,
    async run({ vm }) {
      const { startedAt: _, ...now } = await runningRecord(vm);
      const record = environments.get(vm.id);
      if (record) environments.update({ ...record, ...now });
    },
  };

  const startMonitoring: Step<ProvisionContext> = {
    name: 'monitoring.start',
    timeoutMs: MONITORING_TIMEOUT_MS,
    async run({ vm }, step) {
      step.progress({ message: 'waiting for the first statistics of the guest' });
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = monitor.onGuestStats((id, stats) => { if (id === vm.id && stats !== undefined) resolve(); });
      await untilAborted(promise, step.signal).finally(stop);
    },
  };

  engine.register<ProvisionInput, ProvisionContext>({
    kind: 'environment.provision', input: ProvisionInput, cancellable: true,
    steps: ({ packs }) => [policyStep(deps), ...creating, ready, ...packSteps(deps, packs), saveConfiguration, startMonitoring],
    async open({ onFailure, cold, ...input }, operation) {
      const context: InstallContext = { ...openPackContext(deps, input, operation), removesAll: onFailure === 'remove' };
      const record = environments.get(input.environmentId);
      return (record ? { ...context, cold, spec: await specOf(record, deps) } : context) as ProvisionContext; // without a record, everything is undone already
    },
    ...recordOutcome<ProvisionContext>(deps, {
      event: 'environment.created',
      failed: async ({ removesAll, vm }, { state }) => (removesAll || state === 'creating' || await vm.observe() === 'missing' ? 'gone' : 'unchanged'),
      done: async () => ({}), result: packResult,
      async aftermath(context, record) {
        if (!context.removesAll && await context.vm.observe() !== 'missing') return await packAftermath(deps, context, record);
        return { apply: () => { monitor.forget(record.id); keys.revokeAllOf(record.id); }, hint: 'Everything was removed. Create it again, or with --on-failure keep to keep what succeeds.' };
      },
    }),
  });
}
