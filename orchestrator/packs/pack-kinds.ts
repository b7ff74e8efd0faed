// The operations on packs of an environment: installing, uninstalling, verifying.
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Vm } from '../../supervisor/vms/vm.ts';
import { observedState, recordOutcome, type Outcome } from '../environments/record-outcome.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import type { Operation } from '../operations/operation.ts';
import type { OperationEngine } from '../operations/operation-engine.ts';
import { Pack } from './pack.ts';
import { SkippedStep } from './pack-schemas.ts';
import { CHECK_TIMEOUT_MS, packSteps, policyStep, type PackContext, type PackStepDeps } from './pack-steps.ts';
import { PlannedPack } from './plan-packs.ts';
import { runScript } from './run-script.ts';

export const PackInput = z.strictObject({ environmentId: z.string(), actor: z.string().nullable(), baselineId: z.string(), packs: z.array(PlannedPack).min(1), skipped: z.array(SkippedStep) });
export type PackInput = z.infer<typeof PackInput>;

const VerifyInput = z.strictObject({ environmentId: z.string(), packs: z.array(Pack).min(1) });
export type VerifyInput = z.infer<typeof VerifyInput>;

/** The outcome of one check. */
interface CheckResult { pack: string; version: string; step: string; ok: boolean; output: string }

interface VerifyContext { vm: Vm; packs: readonly Pack[]; results?: CheckResult[] }

export type InstallContext = PackContext & Pick<PackInput, 'skipped'>;

export function openPackContext({ host }: Pick<PackStepDeps, 'host'>, { environmentId, ...input }: PackInput, { id: operationId, attempt }: Operation): InstallContext {
  return { vm: new Vm(host, environmentId), operationId, interrupted: attempt > 1, removesAll: false, ...input };
}

export function registerPackKinds(engine: Pick<OperationEngine, 'register'>, deps: PackStepDeps): void {
  for (const kind of ['pack.install', 'pack.uninstall']) {
    engine.register<PackInput, InstallContext>({
      kind, input: PackInput, cancellable: true,
      steps: ({ packs }) => [policyStep(deps), ...packSteps(deps, packs)],
      open: async (input, operation) => openPackContext(deps, input, operation),
      ...recordOutcome<InstallContext>(deps, { event: 'environment.packs-changed', failed: 'unchanged', done: async () => ({}), result: packResult, aftermath: async (context, record) => await packAftermath(deps, context, record) }),
    });
  }

  engine.register<VerifyInput, VerifyContext>({
    kind: 'pack.verify', input: VerifyInput, cancellable: true, afterCrash: 'resume',
    open: async ({ environmentId, packs }) => ({ vm: new Vm(deps.host, environmentId), packs }),
    steps: ({ packs }) => [{
      name: 'checks.run',
      timeoutMs: CHECK_TIMEOUT_MS * packs.reduce((sum, { steps }) => sum + steps.length, 0),
      async run(context, run) {
        const results: CheckResult[] = [];
        for (const { name: pack, version, steps } of context.packs) {
          for (const step of steps) {
            run.progress({ message: `checking ${step.name} of ${pack}` });
            const { exitCode, output } = await runScript(context.vm, step.check, CHECK_TIMEOUT_MS, { signal: run.signal, progress: () => {} });
            results.push({ pack, version, step: step.name, ok: exitCode === 0, output: exitCode === 0 ? '' : output });
          }
        }
        context.results = results;
      },
    }],
    async succeed({ results }) {
      if (!results) throw new SomnusError('interrupted', 'Somnus was restarted right after the checks; their results are lost', { hint: 'Verify the packs again.' });
      return { ok: results.every(({ ok }) => ok), results };
    },
  });
}

export function packResult({ packs, skipped }: InstallContext): Record<string, unknown> {
  return { packs: packs.map(({ pack: { name, version }, action }) => ({ name, version, action })), skipped };
}

/** Says what the environment has now. */
export async function packAftermath({ history }: Pick<PackStepDeps, 'history'>, { vm }: PackContext, record: EnvironmentRecord): ReturnType<NonNullable<Outcome<PackContext>['aftermath']>> {
  const head = record.packEntry === null ? undefined : history.get(record.id, record.packEntry);
  const state = await observedState(vm);
  if (state !== 'running' && state !== 'suspended') return { change: { state, stateReason: 'the VM ended during an operation on packs' }, hint: `See \`somnus pack history ${record.name}\`; \`somnus pack return ${record.name} ENTRY\` restores the snapshot of an entry.` };
  const has = head?.step ? `${record.name} is as after the step ${head.step} of ${head.pack} ${head.version}` : `${record.name} is as before`;
  return { hint: `${has}. Request it again, with a corrected pack if needed: it continues at the step that failed.` };
}
