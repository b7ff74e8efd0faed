// Jobs for the API. A caller who may see an environment may see its jobs. The program holder in the guest keeps them and the host stores nothing, so a restored or forked guest shows its own jobs.
import type { Readable } from 'node:stream';
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { ProgramRecord } from '../../agent/contract/programs.ts';
import type { GuestChannel, GuestProcess, GuestSignal } from '../../supervisor/guest/guest-channel.ts';
import type { ProgramHolder } from '../../supervisor/guest/program-holder.ts';
import type { Environment } from '../environments/environment-schemas.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import type { Job, JobService, StartJob } from './job.ts';
import { progressIn } from './progress-line.ts';

export interface JobManagerDeps {
  environments: Pick<EnvironmentService, 'get' | 'channel'>;
  events: Pick<SqliteEventLog, 'append'>;
  /** Connects to the holder in the guest of a channel. */
  holder: (channel: GuestChannel) => ProgramHolder;
  /** Called with the running jobs of an environment. */
  watch: (environment: Environment, jobIds: readonly string[]) => void;
}

interface Found { environment: Environment; holder: ProgramHolder }

export class JobManager implements JobService {
  readonly #deps: JobManagerDeps;

  constructor(deps: JobManagerDeps) {
    this.#deps = deps;
  }

  async start(caller: Caller, ref: string, request: StartJob): Promise<Job> {
    const { environment, holder } = await this.#holder(caller, ref);
    const { name = null, command, cwd = null, env, stdin, tty = null } = request;
    const id = newId('job');
    const job = jobOf(environment.id, await holder.start(id, { name, command, cwd, env, stdin, tty }));
    if (job.id === id) this.#deps.events.append({ type: 'job.started', owner: environment.owner, subject: { type: 'environment', id: environment.id, name: environment.name }, actor: caller.keyId, data: { jobId: job.id, name } });
    this.#deps.watch(environment, [job.id]);
    return job;
  }

  async list(caller: Caller, ref: string): Promise<Job[]> {
    const { environment, holder } = await this.#holder(caller, ref);
    const jobs = (await holder.list()).map((record) => jobOf(environment.id, record)).toReversed();
    const running = jobs.filter(({ status }) => status === 'running').map(({ id }) => id);
    if (running.length > 0) this.#deps.watch(environment, running);
    return jobs;
  }

  async get(caller: Caller, ref: string, job: string): Promise<Job> {
    const { environment, holder } = await this.#holder(caller, ref);
    return jobOf(environment.id, await find(holder, job));
  }

  async output(caller: Caller, ref: string, job: string, { stream, ...options }: { stream: 'stdout' | 'stderr'; from: number; follow: boolean }, signal: AbortSignal): Promise<{ from: number; content: Readable }> {
    const { holder } = await this.#holder(caller, ref);
    return await holder.output((await find(holder, job)).id, stream, options, signal);
  }

  async attach(caller: Caller, ref: string, job: string, from: { stdout: number; stderr: number }, signal: AbortSignal): Promise<GuestProcess> {
    const { holder } = await this.#holder(caller, ref);
    return await holder.attach((await find(holder, job)).id, from, signal);
  }

  async signal(caller: Caller, ref: string, job: string, name: GuestSignal): Promise<void> {
    const { holder } = await this.#holder(caller, ref);
    await holder.signal((await find(holder, job)).id, name);
  }

  async stop(caller: Caller, ref: string, job: string): Promise<Job> {
    const { environment, holder } = await this.#holder(caller, ref);
    const { id } = await find(holder, job);
    await holder.end(id);
    return jobOf(environment.id, await holder.get(id));
  }

  async remove(caller: Caller, ref: string, job: string): Promise<void> {
    const { holder } = await this.#holder(caller, ref);
    await holder.remove((await find(holder, job)).id);
  }

  async #holder(caller: Caller, ref: string): Promise<Found> {
    const environment = await this.#deps.environments.get(caller, ref);
    return { environment, holder: this.#deps.holder(await this.#deps.environments.channel(caller, ref)) };
  }
}

/** Finds a job by id, or by name: the running one, otherwise the last one. @throws not_found */
async function find(holder: ProgramHolder, job: string): Promise<ProgramRecord> {
  const records = await holder.list();
  const found = records.find(({ id }) => id === job) ?? records.findLast(({ name, status }) => name === job && status === 'running') ?? records.findLast(({ name }) => name === job);
  if (found === undefined) throw new SomnusError('not_found', `There is no job ${job} in this environment`, { hint: '`somnus job ls` lists the jobs of an environment.' });
  return found;
}

export function jobOf(environmentId: string, record: ProgramRecord): Job {
  const { id, name, command, tty, status, exitCode, signal, stdoutBytes, stderrBytes, startedMs, endedMs } = record;
  return {
    id, environmentId, name, command, tty, status, exitCode, signal, progress: progressIn(record.stdoutTail) ?? progressIn(record.stderrTail) ?? null, stdoutBytes, stderrBytes,
    startedAt: new Date(startedMs).toISOString(), endedAt: endedMs === null ? null : new Date(endedMs).toISOString(),
  };
}
