// Verifies a guest that continues from a saved memory through its helper, which answers before the agent does.
import { sleep } from '../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { StepRun } from '../../common/step.ts';
import type { WaitOptions } from '../guest/line-port.ts';
import type { HelperState } from '../guest/helper-port.ts';
import { keepPlannedAddress, withPlannedAddress } from '../vms/address.ts';
import { identity } from '../vms/guest-identity.ts';
import type { Vm } from '../vms/vm.ts';

/** Five times as long as a loaded guest under TCG on a slow host needs. */
const ANSWER_TIMEOUT_MS = 240_000;
const APPLY_TIMEOUT_MS = 60_000;
/** Until then only the helper is asked: the agent's work would delay its answer. */
const HEAD_START_MS = 200;
/** The clock is set again while it differs from the host's by more than this. */
const CLOCK_OFF_MS = 250;
const CLOCK_ATTEMPTS = 4;

/**
 * Waits for the first answer of a guest that has just been resumed, sets its clock, mixes new random bytes into its own, and gives it its identity,
 * unless it has it. The agent notices the identity by itself.
 * @returns whether the guest is verified. If not, because it has no helper, its helper does not answer or it was not ready when it was saved, the agent
 * has to verify it.
 * @throws timeout, cancelled
 */
export async function verifyByHelper(vm: Vm, step: StepRun, signal: AbortSignal): Promise<boolean> {
  const manifest = withPlannedAddress(vm, await vm.manifest());
  if (manifest.hardware.helper !== true) return false;
  step.progress({ message: 'waiting for the VM to continue' });
  const isVerified = ({ ready, environmentId, generation }: HelperState): boolean => ready && environmentId === vm.id && generation === manifest.generation;
  try {
    let state = await firstAnswer(vm, signal);
    if (!state?.ready || (state.environmentId === vm.id && state.generation > manifest.generation)) return false;
    const send = isVerified(state) ? undefined : await identity(vm, manifest);
    if (send) step.progress({ message: 'sending the VM its name, address and keys' });
    for (let attempt = 1; attempt === 1 || (attempt <= CLOCK_ATTEMPTS && Math.abs(state.unixMs - Date.now()) > CLOCK_OFF_MS); attempt += 1) {
      state = await vm.host.guests.helper(vm).apply(attempt === 1 ? send : undefined, { timeoutMs: APPLY_TIMEOUT_MS, signal });
    }
    if (!isVerified(state)) return false;
  } catch (thrown) {
    signal.throwIfAborted();
    const error = toSomnusError(thrown);
    if (!['internal', 'guest_unreachable', 'timeout'].includes(error.code)) throw error;
    vm.log.warn({ event: 'guest.helper-failed', err: error });
    return false;
  }
  await keepPlannedAddress(vm, manifest);
  return true;
}

/** Returns the boot id of a VM's guest, from whichever program answers first; if neither does, the last one that was reported. Never throws. */
export async function bootIdOf(vm: Vm, options: WaitOptions): Promise<string | undefined> {
  const port = vm.host.guests.port(vm);
  const helper = await vm.manifest().then(({ hardware }) => (hardware.helper === true ? vm.host.guests.helper(vm) : undefined), () => undefined);
  try {
    const answers = [port.status(options), ...(helper ? [helper.state(options)] : [])];
    return await Promise.any(answers.map(async (answer) => (await answer).bootId));
  } catch (error) {
    vm.log.warn({ event: 'guest.boot-id-unknown', err: toSomnusError(error instanceof AggregateError ? error.errors[0] : error) });
    return port.lastStatus?.bootId ?? helper?.lastState?.bootId;
  }
}

/** @returns undefined when the agent answers before the helper does */
async function firstAnswer(vm: Vm, signal: AbortSignal): Promise<HelperState | undefined> {
  const asking = new AbortController();
  const options = { timeoutMs: ANSWER_TIMEOUT_MS, signal: AbortSignal.any([signal, asking.signal]) };
  const agent = sleep(HEAD_START_MS, options.signal).then(async () => { await vm.host.guests.port(vm).waitUntil(() => true, options); });
  const helper = vm.host.guests.helper(vm).state(options).catch(async () => { await agent; return undefined; });
  try {
    return await Promise.race([helper, agent.then(() => undefined)]);
  } finally {
    asking.abort(new SomnusError('cancelled', 'The other program has answered'));
    void Promise.allSettled([helper, agent]);
  }
}
