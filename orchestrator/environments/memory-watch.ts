// Detects guests that use more memory than their profile allows by taking back what the balloon has taken. Measures the blocks of the RAM file, not what the guest reports.
// Reports it in an event. With `suspend` in the configuration, it also applies the profile again, and suspends the environment if that does not help.
import { stat } from 'node:fs/promises';
import { toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import { subjectOf, type EnvironmentManager } from './environment-manager.ts';
import type { EnvironmentRecord, SqliteEnvironments } from './sqlite-environments.ts';

const LOOK_EVERY_MS = 10_000;
const MIB = 2 ** 20;
/** What a guest may use beyond its profile: firmware, and blocks that a clone makes larger. */
const SLACK = { share: 0.1, mib: 128 } as const;
/** Consecutive measurements before anything is reported, since a balloon may still be moving. */
const LOOKS_BEFORE = { telling: 2, suspending: 12 } as const;

export interface MemoryWatchDeps {
  records: SqliteEnvironments;
  environments: Pick<EnvironmentManager, 'runAutomatically' | 'isChanging' | 'suspendItself'>;
  events: SqliteEventLog;
  host: VmHost;
  /** Whether to apply the profile again, and to suspend an environment that does not release the memory. */
  suspends: boolean;
  log: Logger;
}

export class MemoryWatch {
  readonly #deps: MemoryWatchDeps;
  /** How often in a row each used too much. */
  readonly #seen = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: MemoryWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setInterval(() => { this.#work = this.#work.then(async () => await this.look()); }, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#work;
  }

  /** Measures all running environments once. Never throws. */
  async look(): Promise<void> {
    for (const record of this.#deps.records.all()) {
      try {
        if (record.state === 'running' && record.operationId === null && !this.#deps.environments.isChanging(record.id)) await this.#one(record);
        else if (record.state !== 'running') this.#seen.delete(record.id);
      } catch (error) {
        this.#deps.log.debug({ event: 'memory-watch.not-looked', environmentId: record.id, err: toSomnusError(error) });
      }
    }
  }

  async #one(record: EnvironmentRecord): Promise<void> {
    const { environments, events, host, suspends } = this.#deps;
    const vm = new Vm(host, record.id);
    const { shape } = await vm.manifest();
    const usedMiB = Math.round(((await stat(vm.ramFile)).blocks * 512) / MIB);
    if (shape.memoryMiB >= shape.memoryMaxMiB || usedMiB <= shape.memoryMiB * (1 + SLACK.share) + SLACK.mib) return void this.#seen.delete(record.id);
    const times = (this.#seen.get(record.id) ?? 0) + 1;
    this.#seen.set(record.id, times);
    const what = `the guest uses ${usedMiB} MiB of memory, but its profile allows ${shape.memoryMiB} MiB`;
    if (times === LOOKS_BEFORE.telling) {
      events.append({ type: 'environment.memory-exceeded', owner: record.owner, subject: subjectOf(record), actor: null, data: { usedMiB, allowedMiB: shape.memoryMiB } });
      if (suspends) environments.runAutomatically(record, 'settle', what);
    }
    if (times === LOOKS_BEFORE.suspending && suspends) await environments.suspendItself(record.id, `suspended: ${what}`, { usedMiB, allowedMiB: shape.memoryMiB });
  }
}
