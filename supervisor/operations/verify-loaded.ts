// Verifies a guest that continues from a saved memory. One that panics or reboots instead is loaded once more: emulation has been observed to save
// registers with which about half of all loads fail.
import { SomnusError } from '../../common/errors.ts';
import type { StepRun } from '../../common/step.ts';
import type { VmContext } from '../vms/vm.ts';
import { verifyGuest } from './start.ts';

/** Twice the time for one guest, plus that of a load. */
export const VERIFY_LOADED_TIMEOUT_MS = 2 * verifyGuest.timeoutMs + 300_000;

/**
 * Whether the memory is loaded and the guest has not continued from it yet. A guest that continued unobserved, because Somnus was restarted, may have
 * rebooted since: its memory is loaded again.
 */
export async function isLoaded({ vm }: VmContext): Promise<boolean> {
  return await vm.observe() === 'suspended';
}

/** `load` loads the memory again. @throws guest_panicked with the last lines of the console; as `verifyGuest` */
export async function verifyLoaded<C extends VmContext>(context: C, step: StepRun, load: () => Promise<void>): Promise<void> {
  try {
    await verifyGuest.run(context, step);
  } catch (error) {
    if (!(error instanceof SomnusError) || error.code !== 'guest_panicked') throw error;
    step.signal.throwIfAborted();
    context.vm.log.warn({ event: 'guest.not-continued', err: error });
    step.progress({ message: 'the guest did not continue from its memory; loading it once more' });
    await load();
    await verifyGuest.run(context, step);
  }
}
