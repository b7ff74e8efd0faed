// A job: a program that runs on in a guest without its caller. Requests, what users see, and the service for the API, which job-manager.ts implements.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import { ExecRequest, type GuestProcess, type GuestSignal } from '../../supervisor/guest/guest-channel.ts';
import type { Caller } from '../keys/caller.ts';
import { JobProgress } from './progress-line.ts';
import type { Readable } from 'node:stream';

export const StartJob = ExecRequest.omit({ timeoutMs: true }).extend({
  name: z.string().min(1).max(63).regex(/^[\w.-]+$/, 'use letters, digits, dots, dashes and underscores').optional().meta({ description: 'Works instead of the id while it runs; the running job of this name is returned instead of a second one.' }),
  stdin: z.boolean().default(false).meta({ description: 'Whether callers who attach may send standard input; otherwise it is empty. With a terminal, they always may.' }),
});
export type StartJob = z.infer<typeof StartJob>;

export const JobStatus = z.enum(['running', 'ended', 'lost']);

export const Job = z.strictObject({
  id: idSchema('job'),
  environmentId: z.string(),
  name: z.string().nullable(),
  command: z.array(z.string()).meta({ description: 'Long words are cut.' }),
  tty: z.boolean(),
  status: JobStatus.meta({ description: '`lost`: it ended with its guest, or while its holder in the guest was not running, so its exit code is unknown.' }),
  exitCode: z.int().nullable().meta({ description: '128 + signal number if a signal ended it.' }),
  signal: z.string().nullable(),
  progress: JobProgress.nullable().meta({ description: 'What its last lines say about how far it is.' }),
  stdoutBytes: z.number(),
  stderrBytes: z.number(),
  startedAt: z.iso.datetime().meta({ description: "By the guest's clock." }),
  endedAt: z.iso.datetime().nullable(),
});
export type Job = z.infer<typeof Job>;

export interface JobService {
  /** @throws invalid_state when the environment does not run */
  start(caller: Caller, ref: string, request: StartJob): Promise<Job>;
  /** Newest first: those that run, and the last that ended. */
  list(caller: Caller, ref: string): Promise<Job[]>;
  /** `job` is an id, or the name of a running one. @throws not_found */
  get(caller: Caller, ref: string, job: string): Promise<Job>;
  /** Its output from an offset; a negative one counts from the end. The signal ends the reading. */
  output(caller: Caller, ref: string, job: string, options: { stream: 'stdout' | 'stderr'; from: number; follow: boolean }, signal: AbortSignal): Promise<{ from: number; content: Readable }>;
  /** As a process; neither the signal nor a lost connection ends it. Output begins at the offsets. */
  attach(caller: Caller, ref: string, job: string, from: { stdout: number; stderr: number }, signal: AbortSignal): Promise<GuestProcess>;
  signal(caller: Caller, ref: string, job: string, name: GuestSignal): Promise<void>;
  /** Asks it to end, and kills it five seconds later. Answers at once. Repeatable. */
  stop(caller: Caller, ref: string, job: string): Promise<Job>;
  /** Deletes the record and the output of one that has ended. @throws invalid_state while it runs */
  remove(caller: Caller, ref: string, job: string): Promise<void>;
}
