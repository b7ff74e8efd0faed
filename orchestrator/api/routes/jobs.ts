// …/jobs: programs that keep running in an environment after their caller disconnects. The WebSocket at …/attach is served by ws-exec-socket.ts.
import { z } from 'zod';
import { SomnusError } from '../../../common/errors.ts';
import { guestSignals } from '../../../supervisor/guest/guest-channel.ts';
import { Job, StartJob } from '../../jobs/job.ts';
import { JobPage } from '../answers.ts';
import { Flag, Ref, RefParams, route, type Access, type Route } from '../route.ts';

const path = '/v1/environments/{ref}/jobs';
const JobParams = z.strictObject({ ref: Ref, job: Ref });
const see: Access = { scope: 'read', limitedKeys: true };
const change: Access = { scope: 'write', limitedKeys: true };

/** The offset of the first byte of an output answer. */
const fromHeader = 'x-somnus-from';

export const ATTACH_PATH = `${path}/{job}/attach`;

export const jobRoutes: readonly Route[] = [
  route({
    method: 'post', path, id: 'startJob', summary: 'Start a program that keeps running after its caller disconnects',
    description: 'The job belongs to the guest: it survives lost connections, restarts of Somnus, suspend and hibernation, and is part of snapshots and forks. If a job with the given name is running, that job is returned.',
    access: change, params: RefParams, body: StartJob, example: { command: 'python train.py', name: 'training', cwd: '/srv/app' }, answers: { 201: { description: 'The job.', schema: Job } },
    handle: async ({ caller, params, body }, { services }) => ({ status: 201, body: await services.jobs.start(caller, params.ref, body) }),
  }),
  route({
    method: 'get', path, id: 'listJobs', summary: 'List the jobs of an environment, newest first',
    description: 'Running jobs, and up to 100 that ended within the last week. `progress` is read from the last lines of their output.',
    access: see, params: RefParams, answers: { 200: { description: 'All jobs, on one page.', schema: JobPage } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: { items: await services.jobs.list(caller, params.ref), nextCursor: null } satisfies JobPage }),
  }),
  route({
    method: 'get', path: `${path}/{job}`, id: 'getJob', summary: 'Show a job',
    access: see, params: JobParams, answers: { 200: { description: 'The job.', schema: Job } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.jobs.get(caller, params.ref, params.job) }),
  }),
  route({
    method: 'delete', path: `${path}/{job}`, id: 'removeJob', summary: 'Delete the record and output of a job that has ended',
    access: change, params: JobParams, answers: { 204: { description: 'Deleted.' } },
    handle: async ({ caller, params }, { services }) => {
      await services.jobs.remove(caller, params.ref, params.job);
      return { status: 204 };
    },
  }),
  route({
    method: 'get', path: `${path}/{job}/output`, id: 'getJobOutput', summary: 'Read the output of a job',
    description: 'An offset always refers to the same byte. At least the last GiB of each stream is kept; the header X-Somnus-From has the offset at which the answer begins.',
    access: see, params: JobParams,
    query: z.strictObject({
      stream: z.enum(['stdout', 'stderr']).default('stdout').meta({ description: 'A job with a terminal has all its output in stdout.' }),
      from: z.coerce.number().int().default(0).meta({ description: 'Offset of the first byte; a negative number counts from the end.' }),
      follow: Flag.meta({ description: 'Stream new output until the job ends.' }),
    }),
    answers: { 200: { description: 'The bytes that the program wrote.', contentType: 'application/octet-stream' } },
    handle: async ({ caller, params, query, ending }, { services }) => {
      const { from, content } = await services.jobs.output(caller, params.ref, params.job, query, ending);
      return { status: 200, headers: { 'content-type': 'application/octet-stream', [fromHeader]: String(from) }, body: content };
    },
  }),
  route({
    method: 'post', path: `${path}/{job}/signal`, id: 'signalJob', summary: 'Send a signal to a job',
    description: 'Sends it to the process group of the job, or to what runs in its terminal.',
    access: change, params: JobParams, body: z.strictObject({ signal: z.enum(guestSignals) }), example: { signal: 'INT' }, answers: { 204: { description: 'Sent.' } },
    handle: async ({ caller, params, body }, { services }) => {
      await services.jobs.signal(caller, params.ref, params.job, body.signal);
      return { status: 204 };
    },
  }),
  route({
    method: 'post', path: `${path}/{job}/stop`, id: 'stopJob', summary: 'Stop a job',
    description: 'Sends TERM, and KILL after five seconds. Answers at once.',
    access: change, params: JobParams, answers: { 200: { description: 'The job, which may still be running.', schema: Job } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.jobs.stop(caller, params.ref, params.job) }),
  }),
  route({
    method: 'get', path: ATTACH_PATH, id: 'attachJob', summary: 'Attach to a job over a WebSocket',
    description: 'The first message is an AttachRequest as JSON text. What follows is as for …/exec: output from the offsets on, standard input, signals and terminal size. A client that disconnects only detaches; the job keeps running.',
    access: change, params: JobParams, headers: { Upgrade: 'websocket' }, answers: { 101: { description: 'The WebSocket is open.' } },
    handle: async () => {
      throw new SomnusError('invalid_request', 'This path takes a WebSocket', { hint: 'Send Upgrade: websocket, or GET …/output for the output alone.' });
    },
  }),
];
