// Follows running jobs and reports their progress and end as events. Checks only environments that had a running job, and never wakes one.
import type { Logger } from '../../common/log.ts';
import type { GuestChannel } from '../../supervisor/guest/guest-channel.ts';
import type { ProgramHolder } from '../../supervisor/guest/program-holder.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import { jobOf } from './job-manager.ts';
import type { Job } from './job.ts';

export interface JobWatchDeps {
  records: { get(id: string): EnvironmentRecord | undefined };
  events: Pick<SqliteEventLog, 'append'>;
  channel(record: EnvironmentRecord): Promise<GuestChannel>;
  holder: (channel: GuestChannel) => ProgramHolder;
  log: Logger;
  intervalMs?: number;
}

/** Progress is reported at every tenth. */
const TENTH = 10;

export class JobWatch {
  readonly #deps: JobWatchDeps;
  /** The running jobs by environment, each with the last tenth that was reported. */
  readonly #running = new Map<string, Map<string, number>>();
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(deps: JobWatchDeps) {
    this.#deps = deps;
  }

  /** Starts to check an environment that has these running jobs. Repeatable. */
  watch(environmentId: string, jobIds: readonly string[]): void {
    const seen = this.#running.get(environmentId) ?? new Map<string, number>();
    for (const id of jobIds) if (!seen.has(id)) seen.set(id, 0);
    this.#running.set(environmentId, seen);
  }

  start(): void {
    this.#timer = setInterval(() => { this.#round ??= this.check().finally(() => { this.#round = undefined; }); }, this.#deps.intervalMs ?? 15_000);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#round;
  }

  /** Checks all watched environments once. Never throws. */
  async check(): Promise<void> {
    await Promise.all([...this.#running].map(async ([id, seen]) => {
      const record = this.#deps.records.get(id);
      if (record === undefined) this.#running.delete(id);
      else if (record.state === 'running') await this.#checkOne(record, seen).catch((err: unknown) => this.#deps.log.debug({ event: 'jobs.not-seen', environmentId: id, err }));
    }));
  }

  async #checkOne(record: EnvironmentRecord, seen: Map<string, number>): Promise<void> {
    const jobs = (await this.#deps.holder(await this.#deps.channel(record)).list(this.#stopping.signal)).map((program) => jobOf(record.id, program));
    for (const job of jobs) {
      const before = seen.get(job.id);
      if (job.status !== 'running') {
        if (before !== undefined) this.#report(record, job, job.status);
        seen.delete(job.id);
        continue;
      }
      const tenth = Math.floor((job.progress?.percent ?? 0) / TENTH);
      if (tenth > (before ?? 0)) this.#report(record, job, 'progress');
      seen.set(job.id, Math.max(tenth, before ?? 0));
    }
    for (const id of seen.keys()) if (!jobs.some((job) => job.id === id)) seen.delete(id); // a restore removed it
    if (seen.size === 0) this.#running.delete(record.id);
  }

  #report(record: EnvironmentRecord, { id, name, exitCode, progress }: Job, what: string): void {
    this.#deps.events.append({ type: `job.${what}`, owner: record.owner, subject: { type: 'environment', id: record.id, name: record.name }, actor: null, data: { jobId: id, name, ...(what === 'progress' ? { percent: progress?.percent, done: progress?.done, total: progress?.total, etaSeconds: progress?.etaSeconds } : { exitCode }) } });
  }
}
