// Freezes the guest's file systems while its disk is cloned, through QEMU's guest agent, which needs neither network nor disk while they are frozen.
import { pollUntil } from '../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Vm } from '../vms/vm.ts';

/** The guest agent starts late during boot. */
const AGENT_TIMEOUT_MS = 120_000;
const FREEZE_TIMEOUT_S = 30;
const THAW_ATTEMPTS = 5;

/**
 * Runs `work` while nothing is written to the guest's disk and all earlier writes are on it. A suspended guest does not write, so what it has not
 * written yet is missing from its disk.
 * @throws guest_unreachable when the guest agent does not answer
 */
export async function withFrozenFileSystems(vm: Vm, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const { driver } = vm.host;
  if ((await vm.domain())?.state === 'paused') return await work();
  await pollUntil('QEMU\'s guest agent in the VM', { timeoutMs: AGENT_TIMEOUT_MS, intervalMs: 500, signal }, async () => await driver.guestAgent(vm.domainName, 'guest-ping').then(() => true, () => undefined))
    .catch((cause: unknown) => {
      const error = toSomnusError(cause);
      throw error.code === 'timeout' ? new SomnusError('guest_unreachable', 'QEMU\'s guest agent in the VM does not answer, so its file systems cannot be frozen', { hint: 'Take the snapshot with memory, or stop the VM first.', cause }) : error;
    });
  await thaw(vm); // in case an interrupted attempt left them frozen
  try {
    await driver.guestAgent(vm.domainName, 'guest-fsfreeze-freeze', {}, { agentTimeoutS: FREEZE_TIMEOUT_S });
    await work();
  } finally {
    await thaw(vm);
  }
}

/** Thaws what an interrupted attempt left frozen. Does nothing to a VM whose guest agent does not answer, because it cannot have been frozen. Repeatable. */
export async function thawIfFrozen(vm: Vm): Promise<void> {
  const status = await vm.host.driver.guestAgent(vm.domainName, 'guest-fsfreeze-status').catch(() => undefined);
  if (status === 'frozen') await thaw(vm);
}

/**
 * Lets the guest write again. Does nothing when nothing is frozen or the VM is not running. Repeatable. @throws libvirt, timeout when the guest agent
 * fails to thaw
 */
async function thaw(vm: Vm): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if ((await vm.domain())?.state !== 'running') return;
    try {
      await vm.host.driver.guestAgent(vm.domainName, 'guest-fsfreeze-thaw', {}, { agentTimeoutS: FREEZE_TIMEOUT_S });
      return;
    } catch (error) {
      if (attempt === THAW_ATTEMPTS) throw error;
      vm.log.warn({ event: 'guest.not-thawed', err: error, attempt });
    }
  }
}
