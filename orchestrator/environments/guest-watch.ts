// Detects guests that reboot, panic or freeze. Reports it in events and in the record, with the last lines of the console.
// Reconciliation restarts VMs that ended. This restarts frozen guests and applies the profile again after a reboot.
import { setTimeout as delay } from 'node:timers/promises';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { lastWords } from '../../supervisor/guest/last-words.ts';
import type { LifecycleEvent } from '../../supervisor/libvirt/vm-driver.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import { environmentOfDomain, Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import { finalStatuses } from '../operations/operation.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { subjectOf, type EnvironmentManager } from './environment-manager.ts';
import { RestartCounts, restarts } from './restart-policy.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

/** How long the agent may take to check whether PID 1 answers, on a busy host. */
const ANSWERS_WITHIN_MS = 10_000;
/** How long a guest that may only seem frozen, on a busy host, has before it is restarted. */
const RECOVERS_WITHIN_MS = 120_000;
const ASK_AGAIN_MS = 1_000;

export interface GuestWatchDeps {
  store: SqliteStore;
  records: SqliteEnvironments;
  environments: Pick<EnvironmentManager, 'runAutomatically' | 'isChanging'>;
  events: SqliteEventLog;
  host: VmHost;
  monitor: Pick<Monitor, 'onInitCrashed'>;
  recoversWithinMs?: number;
  log: Logger;
}

export class GuestWatch {
  readonly #deps: GuestWatchDeps;
  readonly #ending = new AbortController();
  readonly #unsubscribes: (() => void)[] = [];
  /** Pending work by environment, in order. */
  readonly #work = new Map<string, Promise<void>>();
  /** Environments that rebooted during an operation; handled when it has ended. */
  readonly #rebooted = new Set<string>();
  /** The same for environments whose watchdog fired. */
  readonly #silent = new Set<string>();
  /** Environments whose PID 1 has crashed; handled once per boot. */
  readonly #crashed = new Set<string>();
  readonly #panicked = new Set<string>();
  readonly #counts = new RestartCounts();

  constructor(deps: GuestWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { host, events, monitor } = this.#deps;
    this.#unsubscribes.push(
      host.driver.onLifecycle((event) => this.#onLifecycle(event)),
      monitor.onInitCrashed((id) => this.#onCrash(id)),
      events.onEvent(({ type, subject }) => {
        if (subject?.type !== 'environment' || !finalStatuses.some((status) => type === `operation.${status}`)) return;
        const { id } = subject;
        if (this.#rebooted.has(id)) this.#enqueue(id, async () => { if (!(await this.#isKnownBoot(id))) await this.#reboot(id); });
        if (this.#silent.has(id)) this.#enqueue(id, async () => await this.#onSilent(id));
      }),
    );
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    await Promise.all(this.#work.values());
  }

  /** Whether its last end was a kernel panic. */
  hasPanicked(id: string): boolean {
    return this.#panicked.has(id);
  }

  #onCrash(id: string): void {
    const record = this.#deps.records.get(id);
    if (this.#crashed.has(id) || !record || !this.#isOurs(record)) return; // the next round of the monitor reports it again
    this.#crashed.add(id);
    this.#enqueue(id, async () => await this.#onSilent(id));
  }

  #onLifecycle({ name, event, detail }: LifecycleEvent): void {
    const id = environmentOfDomain(this.#deps.host.installation, name);
    if (id === undefined) return;
    switch (event) {
      case 'rebooted':
        this.#forgetBoot(id);
        if (this.#rebooted.has(id)) return; // already pending
        this.#rebooted.add(id);
        return this.#enqueue(id, async () => await this.#reboot(id));
      case 'crashed':
        if (detail !== 'panicked') return;
        this.#panicked.add(id);
        return this.#enqueue(id, async () => await this.#panic(id));
      case 'watchdog':
        if (this.#crashed.has(id)) return;
        return this.#enqueue(id, async () => await this.#onSilent(id));
      case 'started':
        this.#panicked.delete(id);
        return this.#forgetBoot(id);
      case 'stopped':
        this.#rebooted.delete(id);
        return this.#forgetBoot(id);
      default: return;
    }
  }

  #forgetBoot(id: string): void {
    this.#silent.delete(id);
    this.#crashed.delete(id);
  }

  #isOurs(record: EnvironmentRecord): boolean {
    return record.state === 'running' && record.operationId === null && !this.#deps.environments.isChanging(record.id);
  }

  #enqueue(id: string, work: () => Promise<void>): void {
    const done = (this.#work.get(id) ?? Promise.resolve()).then(work)
      .catch((error: unknown) => { if (!this.#ending.signal.aborted) this.#deps.log.warn({ event: 'guest-watch.failed', environmentId: id, err: toSomnusError(error) }); })
      .finally(() => { if (this.#work.get(id) === done) this.#work.delete(id); });
    this.#work.set(id, done);
  }

  /** The guest is booting. A guest in a reboot loop is handled once for each boot that is waited for. */
  async #reboot(id: string): Promise<void> {
    const record = this.#deps.records.get(id);
    if (record?.operationId != null) return; // the operation knows; what is left to do is done afterwards
    this.#rebooted.delete(id);
    if (record?.state !== 'running') return;
    const console = await this.#console(id);
    this.#deps.host.guests.forget(id); // its connections belong to the previous boot
    this.#recordEvent(id, 'environment.guest-rebooted', { console }, { bootId: null, startedAt: new Date().toISOString(), stateReason: 'the guest rebooted', lastWords: console.join('\n') });
    const current = this.#deps.records.get(id);
    if (current) this.#deps.environments.runAutomatically(current, 'settle', 'the guest rebooted');
  }

  /** Whether the current boot is the recorded one, since one reboot can be reported twice. */
  async #isKnownBoot(id: string): Promise<boolean> {
    const { host, records } = this.#deps;
    const bootId = records.get(id)?.bootId ?? null;
    if (bootId === null) return false;
    const status = await host.guests.port(new Vm(host, id)).status({ timeoutMs: ANSWERS_WITHIN_MS, signal: this.#ending.signal }).catch(() => undefined);
    if (status?.bootId !== bootId) return false;
    this.#rebooted.delete(id);
    return true;
  }

  async #panic(id: string): Promise<void> {
    const console = await this.#console(id);
    this.#recordEvent(id, 'environment.guest-panicked', { console }, { lastWords: console.join('\n') });
  }

  /** The watchdog device fired, or PID 1 has crashed. If PID 1 answers after all, it was only late. */
  async #onSilent(id: string): Promise<void> {
    const { records, log, recoversWithinMs = RECOVERS_WITHIN_MS } = this.#deps;
    const ours = (): EnvironmentRecord | undefined => {
      const record = records.get(id);
      return record && this.#isOurs(record) ? record : undefined;
    };
    this.#silent.add(id);
    if (!ours()) return; // handled when the operation has ended
    this.#silent.delete(id);
    const first = await this.#ask(id);
    if (first === 'answers' || first === 'unknown') return log.info({ event: 'guest-watch.late', environmentId: id, init: first });
    const console = await this.#console(id);
    if (!ours()) return;
    const what = { 'init-crashed': 'PID 1 of the guest has crashed', 'init-frozen': 'PID 1 of the guest is frozen', silent: 'the guest is frozen' }[first];
    this.#recordEvent(id, 'environment.guest-frozen', { frozen: first === 'silent' ? 'guest' : 'init', console }, { stateReason: what, lastWords: console.join('\n') });
    if (first !== 'init-crashed') { // a crashed PID 1 never recovers
      for (const until = performance.now() + recoversWithinMs; performance.now() < until;) {
        await delay(ASK_AGAIN_MS, undefined, { signal: this.#ending.signal });
        if (!ours()) return;
        if (await this.#ask(id) === 'answers') return this.#recordEvent(id, 'environment.guest-recovered', {}, { stateReason: null });
      }
    }
    const record = ours();
    if (record) this.#restart(record, what);
  }

  #restart(record: EnvironmentRecord, what: string): void {
    const { records, environments } = this.#deps;
    const now = performance.now();
    if (!restarts(record.restartPolicy, 'frozen') || this.#counts.pauseMs(record.id, now) === undefined) {
      records.update({ ...record, stateReason: `${what}; not restarted automatically (${record.restartPolicy === 'never' ? 'its restart policy is never' : 'too many restarts within ten minutes'})` });
      return;
    }
    this.#counts.record(record.id, now);
    environments.runAutomatically(record, 'restart', `restarted: ${what}`);
  }

  async #ask(id: string): Promise<'answers' | 'init-crashed' | 'init-frozen' | 'silent' | 'unknown'> {
    try {
      const { answers, crashed = false } = await this.#deps.host.guests.port(new Vm(this.#deps.host, id)).call('checkInit', {}, { timeoutMs: ANSWERS_WITHIN_MS, signal: this.#ending.signal });
      if (crashed) return 'init-crashed';
      return answers ? 'answers' : 'init-frozen';
    } catch (error) {
      this.#ending.signal.throwIfAborted();
      return error instanceof SomnusError && error.code === 'not_found' ? 'unknown' : 'silent'; // the agent of an older image does not know this method
    }
  }

  async #console(id: string): Promise<string[]> {
    return await lastWords(new Vm(this.#deps.host, id).consoleLog);
  }

  #recordEvent(id: string, type: string, data: Record<string, unknown>, change: Partial<EnvironmentRecord>): void {
    const { store, records, events, log } = this.#deps;
    store.transaction(() => {
      const record = records.get(id);
      if (!record) return;
      records.update({ ...record, ...change });
      events.append({ type, owner: record.owner, subject: subjectOf(record), actor: null, data });
    });
    log.info({ event: type, environmentId: id });
  }
}
