// Standing still in memory and going on: quick acts, done before they are answered.
import type { Machine } from './machine.ts';

/** Repeatable. */
export async function suspend(machine: Machine): Promise<void> {
  await machine.host.driver.suspend(machine.domainName);
}

/** Repeatable. The guest's clock stood still as well: it is stepped right after, without making the caller wait. */
export async function resume(machine: Machine): Promise<void> {
  if ((await machine.domain())?.state === 'paused') await machine.host.driver.resume(machine.domainName);
  setClock(machine).catch((error: unknown) => machine.log.warn({ err: error }, 'guest.clock-not-set'));
}

export async function setClock(machine: Machine, signal?: AbortSignal): Promise<void> {
  await machine.host.guests.port(machine).call('setClock', { unixMs: Date.now() }, { timeoutMs: 30_000, signal });
}
