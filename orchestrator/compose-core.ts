// The composition root of what everything that uses the database needs: events, the clock, operations.
import type { DataPaths } from '../common/paths.ts';
import type { Logger } from '../common/log.ts';
import { toProblem } from './api/problem.ts';
import { hostClock, readSavedClock, TrustedClock, writeSavedClock } from './clock/trusted-clock.ts';
import { SqliteEventLog } from './events/sqlite-event-log.ts';
import { Troubles } from './host/troubles.ts';
import { faultFromText, type FaultPoints } from './operations/fault-points.ts';
import { OperationEngine } from './operations/operation-engine.ts';
import { SqliteIdempotency } from './operations/sqlite-idempotency.ts';
import { SqliteOperationStore } from './operations/sqlite-operation-store.ts';
import type { SqliteStore } from './store/sqlite-store.ts';

/** A clock jump is also detected within this time. */
const SAVE_CLOCK_MS = 60_000;

export interface CoreOptions {
  paths: DataPaths;
  store: SqliteStore;
  fault: string | undefined;
  stack: AsyncDisposableStack;
  log: Logger;
}

export interface Core {
  store: SqliteStore;
  events: SqliteEventLog;
  troubles: Troubles;
  clock: TrustedClock;
  now: () => Date;
  operations: SqliteOperationStore;
  engine: OperationEngine;
  idempotency: SqliteIdempotency;
  faults: FaultPoints | undefined;
  log: Logger;
}

export async function composeCore({ paths, store, fault, stack, log }: CoreOptions): Promise<Core> {
  const events = new SqliteEventLog({ store, log });
  const troubles = new Troubles({ events, log });
  const clock = new TrustedClock({
    sources: hostClock(), saved: readSavedClock(paths.clockFile),
    onDoubt: (doubt) => {
      log.warn({ event: doubt ? 'clock.doubted' : 'clock.trusted', ...doubt });
      events.append({ type: doubt ? 'clock.doubted' : 'clock.trusted', owner: null, subject: null, actor: null, data: { ...doubt } });
    },
  });
  const saveClock = async (): Promise<void> => void await troubles.attempt('housekeeping', 'clock', async () => await writeSavedClock(paths.clockFile, clock));
  await saveClock(); // even a control plane that runs for less than a minute must save the time for the next one
  const clockTimer = setInterval(() => void saveClock(), SAVE_CLOCK_MS);
  stack.defer(async () => {
    clearInterval(clockTimer);
    await saveClock();
  });
  const operations = new SqliteOperationStore({ store, toProblem });
  const faults = fault === undefined ? undefined : faultFromText(fault, log);
  const engine = new OperationEngine({ store, operations, events, log, faults });
  const idempotency = new SqliteIdempotency({ store, now: () => clock.atLeast().getTime() });
  return { store, events, troubles, clock, now: () => clock.now(), operations, engine, idempotency, faults, log };
}
