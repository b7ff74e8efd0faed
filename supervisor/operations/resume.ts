// Resumes a suspended VM. Quick: finishes before the request is answered.
import type { Vm } from '../vms/vm.ts';

const CLOCK_LATE_MS = 250;
const CLOCK_ATTEMPTS = 4;

/** Resumes the VM if it is suspended, and sets the guest's clock, which stopped as well, in the background. Repeatable. */
export async function resume(vm: Vm): Promise<void> {
  if ((await vm.domain())?.state === 'paused') await vm.host.driver.resume(vm.domainName);
  setClock(vm).catch((error: unknown) => vm.log.warn({ event: 'guest.clock-not-set', err: error }));
}

/**
 * Sets the guest's clock to the host's. A guest that has just resumed may read the message late, so a message that took longer than `lateMs` is sent
 * again.
 * @throws timeout, cancelled, guest_unreachable
 */
export async function setClock(vm: Vm, { signal, lateMs = CLOCK_LATE_MS }: { signal?: AbortSignal; lateMs?: number } = {}): Promise<void> {
  for (let attempt = 1; attempt <= CLOCK_ATTEMPTS; attempt += 1) {
    const sentAtMs = Date.now();
    await vm.host.guests.port(vm).call('setClock', { unixMs: sentAtMs }, { timeoutMs: 30_000, signal });
    if (Date.now() - sentAtMs <= lateMs) return;
  }
}
