// Standing still in memory and going on: quick acts, done before they are answered.
import type { Machine } from './machine.ts';

const CLOCK_LATE_MS = 250;
const CLOCK_ATTEMPTS = 4;

/** Repeatable. */
export async function suspend(machine: Machine): Promise<void> {
  await machine.host.driver.suspend(machine.domainName);
}

/** Repeatable. The guest's clock stood still as well: it is stepped right after, without making the caller wait. */
export async function resume(machine: Machine): Promise<void> {
  if ((await machine.domain())?.state === 'paused') await machine.host.driver.resume(machine.domainName);
  setClock(machine).catch((error: unknown) => machine.log.warn({ err: error }, 'guest.clock-not-set'));
}

/**
 * Steps the guest's clock to the host's. A guest that has only just begun to go on reads the time late, so what took longer than `lateMs` to arrive is sent again.
 * @throws timeout, cancelled, guest_unreachable
 */
export async function setClock(machine: Machine, { signal, lateMs = CLOCK_LATE_MS }: { signal?: AbortSignal; lateMs?: number } = {}): Promise<void> {
  for (let attempt = 1; attempt <= CLOCK_ATTEMPTS; attempt += 1) {
    const sentAtMs = Date.now();
    await machine.host.guests.port(machine).call('setClock', { unixMs: sentAtMs }, { timeoutMs: 30_000, signal });
    if (Date.now() - sentAtMs <= lateMs) return;
  }
}
