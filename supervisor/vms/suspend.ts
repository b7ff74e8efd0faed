// Standing still in memory and going on: quick acts, done before they are answered.
import type { Vm } from './vm.ts';

const CLOCK_LATE_MS = 250;
const CLOCK_ATTEMPTS = 4;

/** Repeatable. */
export async function suspend(vm: Vm): Promise<void> {
  await vm.host.driver.suspend(vm.domainName);
}

/** Repeatable. The guest's clock stood still as well: it is stepped right after, without making the caller wait. */
export async function resume(vm: Vm): Promise<void> {
  if ((await vm.domain())?.state === 'paused') await vm.host.driver.resume(vm.domainName);
  setClock(vm).catch((error: unknown) => vm.log.warn({ err: error }, 'guest.clock-not-set'));
}

/**
 * Steps the guest's clock to the host's. A guest that has only just begun to go on reads the time late, so what took longer than `lateMs` to arrive is sent again.
 * @throws timeout, cancelled, guest_unreachable
 */
export async function setClock(vm: Vm, { signal, lateMs = CLOCK_LATE_MS }: { signal?: AbortSignal; lateMs?: number } = {}): Promise<void> {
  for (let attempt = 1; attempt <= CLOCK_ATTEMPTS; attempt += 1) {
    const sentAtMs = Date.now();
    await vm.host.guests.port(vm).call('setClock', { unixMs: sentAtMs }, { timeoutMs: 30_000, signal });
    if (Date.now() - sentAtMs <= lateMs) return;
  }
}
