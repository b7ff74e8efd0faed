// Brings records and reality together: at start, when libvirt says that something happened, and every minute.
// It changes only environments that nothing is at work on; what an interrupted operation left behind is that operation's to finish.
import { toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { environmentOfDomain, Machine, type MachineHost, type ObservedState } from '../../supervisor/machines/machine.ts';
import type { EnvironmentState } from '../../supervisor/domain/states.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import type { Environments } from './environments.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

const INTERVAL_MS = 60_000;
/** A VM that ends by itself again and again within this time is left off. */
const HEAL_AGAIN_AFTER_MS = 10 * 60_000;

export interface ReconcilerDeps {
  store: SqliteStore;
  records: SqliteEnvironments;
  environments: Environments;
  /** What else can be removed for some days. */
  snapshots: { purgeExpired(now: Date): void };
  events: SqliteEventLog;
  host: MachineHost;
  log: Logger;
}

export class Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #healedAt = new Map<string, number>();
  readonly #unsubscribes: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /** Looks once at everything, then goes on in the background. */
  async start(): Promise<void> {
    const { host } = this.#deps;
    await this.#all();
    this.#timer = setInterval(() => this.#enqueue(async () => await this.#all()), INTERVAL_MS);
    this.#unsubscribes.push(
      host.driver.onLifecycle((event) => {
        const id = environmentOfDomain(host.instance, event.name);
        if (id !== undefined) this.look(id);
      }),
      host.driver.onConnection((state) => { if (state === 'connected') this.#enqueue(async () => await this.#all()); }),
    );
  }

  /** Looks at one environment, after what it is looking at now. */
  look(id: string): void {
    this.#enqueue(async () => await this.#one(id));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    await this.#work;
  }

  /** One at a time, in order. */
  #enqueue(look: () => Promise<void>): void {
    this.#work = this.#work.then(look).catch((error: unknown) => this.#deps.log.warn({ err: toSomnusError(error) }, 'reconcile.failed'));
  }

  async #all(): Promise<void> {
    const { records, host, environments, snapshots } = this.#deps;
    await host.network.ensure();
    for (const record of records.all()) await this.#one(record.id);
    const inUse = new Set(records.all().map(({ networkIndex }) => networkIndex));
    for (const index of await host.network.list()) if (!inUse.has(index)) await host.network.detach(index);
    environments.purgeExpired(new Date());
    snapshots.purgeExpired(new Date());
  }

  async #one(id: string): Promise<void> {
    const { records, host, environments } = this.#deps;
    const before = records.get(id);
    if (!before || before.operationId !== null || before.state === 'removed') return;
    const machine = new Machine(host, id);
    const observed = await machine.observe();
    const cause = observed === before.state ? 'other' : await whyItIsSo(machine);
    const record = records.get(id);
    if (!record || record.version !== before.version || record.operationId !== null || environments.isActing(id)) return; // changed meanwhile: whoever did knows better
    if (observed !== record.state) this.#adopt(record, observed, cause);
    if (observed === 'running' || observed === 'suspended') await host.network.attach({ index: record.networkIndex, policy: record.network });
    if (observed === record.state) return;
    if (observed === 'stopped') await machine.releaseRam();
    if (observed === 'stopped' && record.desiredState === 'running' && cause !== 'guest' && this.#mayHeal(id)) {
      this.#deps.environments.heal(record, 'start', 'started again after it had ended unexpectedly; its memory is lost, its disk is not');
    }
  }

  #adopt(record: EnvironmentRecord, observed: ObservedState, cause: Cause): void {
    const { store, records, events, log } = this.#deps;
    const state: EnvironmentState = observed === 'missing' ? 'failed' : observed;
    const stateReason = reasonOf(observed, cause);
    const pausedBy = observed === 'suspended' && cause === 'full-pool' ? 'pool' : null;
    const guestWantedIt = observed === 'stopped' && cause === 'guest';
    store.transaction(() => {
      records.update({
        ...record, state, stateReason, pausedBy, ...(state === 'running' || state === 'suspended' ? {} : { bootId: null, startedAt: null }), ...(guestWantedIt ? { desiredState: 'stopped' } : {}),
      });
      events.append({
        type: 'environment.state-found', owner: record.owner, subject: { type: 'environment', id: record.id, name: record.name }, actor: null,
        data: { expected: record.state, found: state, reason: stateReason },
      });
    });
    log.info({ environmentId: record.id, expected: record.state, found: state, cause }, 'reconcile.state-found');
  }

  #mayHeal(id: string): boolean {
    const last = this.#healedAt.get(id) ?? 0;
    this.#healedAt.set(id, Date.now());
    return Date.now() - last > HEAL_AGAIN_AFTER_MS;
  }
}

/** Whether the guest switched itself off, as with `poweroff`, or QEMU paused it because its disk found the pool full, or something else happened. */
type Cause = 'guest' | 'full-pool' | 'other';

async function whyItIsSo(machine: Machine): Promise<Cause> {
  const domain = await machine.domain();
  if (domain?.state === 'shut_off' && domain.reason === 'shutdown') return 'guest';
  return domain?.state === 'paused' && domain.reason === 'io_error' ? 'full-pool' : 'other';
}

function reasonOf(observed: ObservedState, cause: Cause): string {
  switch (observed) {
    case 'missing': return 'its folder is not in the pool';
    case 'stopped': return cause === 'guest' ? 'it was switched off from inside' : 'its VM ended unexpectedly, or the host was restarted';
    case 'suspended': return cause === 'full-pool' ? 'paused: the pool had no space for what it wrote to its disk; it goes on by itself when there is room' : 'it was found standing still';
    case 'running': return 'it was found running';
    case 'hibernated': return 'it was found asleep on disk';
  }
}
