// Stopping a VM: the guest is asked, asked again through its agent, and only then switched off. Restart is a stop and a start.
import type { Step } from '../../common/step.ts';
import type { Machine, MachineContext } from './machine.ts';
import { startSteps } from './start.ts';
import { dropHibernation } from '../snapshots/set-aside.ts';

export interface StopContext extends MachineContext {
  /** Switch off at once. */
  force: boolean;
}

/** A shutdown under TCG takes about five seconds; each way of asking has its own deadline. */
const ASK_TIMEOUT_MS = 45_000;
/** A guest that has only just booted does not listen to the button yet. */
const PRESS_AGAIN_MS = 5_000;

const powerOff: Step<StopContext> = {
  name: 'guest.power-off',
  timeoutMs: 3 * ASK_TIMEOUT_MS,
  commits: true, // its memory is gone
  async run({ machine, force }, step) {
    if (!force && await machine.isAlive() && await askGuest(machine, step.signal, (message) => step.progress({ message }))) return;
    step.progress({ message: 'switching off' });
    await machine.powerOff();
  },
  holds: async ({ machine }) => !(await machine.isActive()),
};

/** Stopping what sleeps on disk gives its memory up; its disk is as it was left. */
const discardHibernation: Step<MachineContext> = {
  name: 'hibernation.discard',
  timeoutMs: 60_000,
  async run({ machine }) {
    await dropHibernation(machine);
  },
};

/** What a VM that is off does not need: memory and the tap. */
export const release: Step<MachineContext> = {
  name: 'vm.release',
  timeoutMs: 60_000,
  async run({ machine }) {
    machine.host.guests.forget(machine.id);
    await machine.releaseRam();
    const manifest = await machine.manifest().catch(() => undefined); // of a VM whose folder is gone nothing can be known: reconciliation gives its place up
    if (manifest) await machine.host.network.detach(manifest.network.index);
  },
};

/** Leaves what sleeps on disk asleep. */
export const powerOffSteps: readonly Step<StopContext>[] = [powerOff, release];
export const stopSteps: readonly Step<StopContext>[] = [powerOff, discardHibernation, release];
export const restartSteps: readonly Step<StopContext>[] = [...stopSteps, ...startSteps];

/** @returns whether the VM is off */
async function askGuest(machine: Machine, signal: AbortSignal, progress: (message: string) => void): Promise<boolean> {
  const { driver } = machine.host;
  const domain = await machine.domain();
  if (domain?.state === 'paused') await driver.resume(machine.domainName);
  progress('pressing the power button');
  for (let waitedMs = 0; waitedMs < ASK_TIMEOUT_MS; waitedMs += PRESS_AGAIN_MS) {
    await driver.shutdown(machine.domainName, { mode: 'acpi', signal }).catch((error: unknown) => machine.log.warn({ err: error }, 'vm.acpi-refused'));
    if (await machine.waitUntilOff(PRESS_AGAIN_MS, signal)) return true;
  }
  progress('the power button was ignored; asking the agent');
  const port = machine.host.guests.port(machine);
  const asked = await port.call('powerOff', { mode: 'poweroff' }, { timeoutMs: 5_000, signal }).then(() => true, () => false);
  return asked && await machine.waitUntilOff(ASK_TIMEOUT_MS, signal);
}
