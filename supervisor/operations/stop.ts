// Stops a VM: presses the power button, then asks its agent, and powers it off only if both fail.
import type { Step } from '../../common/step.ts';
import type { Vm, VmContext } from '../vms/vm.ts';
import { dropHibernation } from '../snapshots/quarantine-state.ts';

export interface StopContext extends VmContext {
  /** Power off at once. */
  force: boolean;
}

/** A shutdown under TCG takes about five seconds; each way of asking has its own deadline. */
const ASK_TIMEOUT_MS = 45_000;
/** Press again, because a guest that has just booted ignores the power button. */
const PRESS_AGAIN_MS = 5_000;

const powerOff: Step<StopContext> = {
  name: 'guest.power-off',
  timeoutMs: 3 * ASK_TIMEOUT_MS,
  commits: true, // the VM's memory is gone
  async run({ vm, force }, step) {
    if (!force && await vm.isAlive() && await askGuest(vm, step.signal, (message) => step.progress({ message }))) return;
    step.progress({ message: 'powering off' });
    await vm.powerOff();
  },
  holds: async ({ vm }) => !(await vm.isActive()),
};

/** Discards the memory of a hibernated VM that is stopped; its disk stays as it is. */
const discardHibernation: Step<VmContext> = {
  name: 'hibernation.discard',
  timeoutMs: 60_000,
  async run({ vm }) {
    await dropHibernation(vm);
  },
};

/** Releases what a stopped VM does not need: memory and the tap. */
export const release: Step<VmContext> = {
  name: 'vm.release',
  timeoutMs: 60_000,
  async run({ vm }) {
    vm.host.guests.forget(vm.id);
    await vm.releaseRam();
    const manifest = await vm.manifest().catch(() => undefined); // if the folder is gone, the index is unknown; reconciliation frees it
    if (manifest) await vm.host.network.detach(manifest.network.index);
  },
};

/** Keep the saved memory of a hibernated VM. */
export const powerOffSteps: readonly Step<StopContext>[] = [powerOff, release];
export const stopSteps: readonly Step<StopContext>[] = [powerOff, discardHibernation, release];

/** @returns whether the VM is off */
async function askGuest(vm: Vm, signal: AbortSignal, progress: (message: string) => void): Promise<boolean> {
  const { driver } = vm.host;
  const domain = await vm.domain();
  if (domain?.state === 'paused') await driver.resume(vm.domainName);
  progress('pressing the power button');
  for (let waitedMs = 0; waitedMs < ASK_TIMEOUT_MS; waitedMs += PRESS_AGAIN_MS) {
    await driver.shutdown(vm.domainName, { mode: 'acpi', signal }).catch((error: unknown) => vm.log.warn({ event: 'vm.acpi-refused', err: error }));
    if (await vm.waitUntilOff(PRESS_AGAIN_MS, signal)) return true;
  }
  progress('the power button was ignored; asking the agent');
  const port = vm.host.guests.port(vm);
  const asked = await port.call('powerOff', { mode: 'poweroff' }, { timeoutMs: 5_000, signal }).then(() => true, () => false);
  return asked && await vm.waitUntilOff(ASK_TIMEOUT_MS, signal);
}
