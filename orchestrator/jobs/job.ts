// A job: a program that keeps running in a guest after its caller disconnects. Requests, what users see, and the service for the API, which job-manager.ts implements.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import { ExecRequest, type GuestProcess, type GuestSignal } from '../../supervisor/guest/guest-channel.ts';
import type { Caller } from '../keys/caller.ts';
import { JobProgress } from './progress-line.ts';
import type { Readable } from 'node:stream';

export const StartJob = ExecRequest.omit({ timeoutMs: true }).extend({
  name: z.string().min(1).max(63).regex(/^[\w.-]+$/, 'use letters, digits, dots, dashes and underscores').optional().meta({ description: 'Can be used instead of the id. If a job with this name is running, that job is returned and no second one is started.' }),
  stdin: z.boolean().default(false).meta({ description: 'Whether callers who attach can send standard input; otherwise it is empty. With a terminal, they always can.' }),
});
export type StartJob = z.infer<typeof StartJob>;

export const JobStatus = z.enum(['running', 'ended', 'lost']);

export const Job = z.strictObject({
  id: idSchema('job'),
  environmentId: z.string(),
  name: z.string().nullable(),
  command: z.array(z.string()).meta({ description: 'The command; long arguments are truncated.' }),
  tty: z.boolean(),
  status: JobStatus.meta({ description: '`lost`: the job ended with its guest, or while the program holder in the guest was not running, so its exit code is unknown.' }),
  exitCode: z.int().nullable().meta({ description: '128 + signal number if a signal ended it.' }),
  signal: z.string().nullable(),
  progress: JobProgress.nullable().meta({ description: 'Progress that the last lines of its output report.' }),
  stdoutBytes: z.number(),
  stderrBytes: z.number(),
  startedAt: z.iso.datetime().meta({ description: "According to the guest's clock." }),
  endedAt: z.iso.datetime().nullable(),
});
export type Job = z.infer<typeof Job>;

export interface JobService {
  /** @throws invalid_state when the environment is not running */
  start(caller: Caller, ref: string, request: StartJob): Promise<Job>;
  /** Newest first: running jobs, and the last ones that ended. */
  list(caller: Caller, ref: string): Promise<Job[]>;
  /** `job` is an id or a name; of several jobs with the name, the running or else the last one. @throws not_found */
  get(caller: Caller, ref: string, job: string): Promise<Job>;
  /** The output from an offset on; a negative one counts from the end. The signal ends reading. */
  output(caller: Caller, ref: string, job: string, options: { stream: 'stdout' | 'stderr'; from: number; follow: boolean }, signal: AbortSignal): Promise<{ from: number; content: Readable }>;
  /** The job as a process; neither the signal nor a lost connection ends it. Output begins at the offsets. */
  attach(caller: Caller, ref: string, job: string, from: { stdout: number; stderr: number }, signal: AbortSignal): Promise<GuestProcess>;
  signal(caller: Caller, ref: string, job: string, name: GuestSignal): Promise<void>;
  /** Sends TERM, and KILL after five seconds. Resolves at once. Repeatable. */
  stop(caller: Caller, ref: string, job: string): Promise<Job>;
  /** Deletes the record and output of a job that has ended. @throws invalid_state while it is running */
  remove(caller: Caller, ref: string, job: string): Promise<void>;
}
