// somnus job …, sh --session: programs that keep running in an environment after their caller disconnects.
import { SomnusError } from '../../../common/errors.ts';
import type { Job, JobPage, JobProgress } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { attachToJob } from '../exec/attach-to-job.ts';
import { formatBytes, formatDuration, formatWhen } from '../terminal/humanize.ts';
import { terminalSize } from '../terminal/raw-terminal.ts';
import { sanitize } from '../terminal/sanitize.ts';

interface Target { name: string; job: string }

/** How much earlier output is shown on attaching. */
const RECENT_BYTES = 4096;

const pathOf = ({ name, job }: Target) => ({ ref: name, job });

export async function listJobs(cli: Cli, { name }: { name: string }): Promise<void> {
  const api = await cli.api();
  const jobs: JobPage = await api.call('get', '/v1/environments/{ref}/jobs', { path: { ref: name } });
  cli.out.list(jobs, {
    columns: [{ title: 'ID' }, { title: 'NAME' }, { title: 'STATUS' }, { title: 'PROGRESS' }, { title: 'OUTPUT', align: 'right' }, { title: 'STARTED' }, { title: 'COMMAND' }],
    row: (job: Job) => [job.id, sanitize(job.name ?? '-'), statusOf(job), progressText(job.progress), formatBytes(job.stdoutBytes + job.stderrBytes), formatWhen(job.startedAt), sanitize(job.command.join(' ')).slice(0, 60)],
    name: ({ id }) => id,
    none: `No jobs. Start one with \`somnus exec ${name} --detach -- CMD\`.`,
  });
}

function statusOf({ status, exitCode }: Job): string {
  return status === 'ended' ? `ended (${exitCode})` : status;
}

function progressText(progress: JobProgress | null): string {
  if (progress === null) return '-';
  const { percent, done, total, etaSeconds } = progress;
  return [
    ...(percent === null ? [] : [`${percent} %`]), ...(done === null || total === null ? [] : [`${done}/${total}`]), ...(etaSeconds === null ? [] : [`${formatDuration(etaSeconds * 1000)} left`]),
  ].join(', ');
}

export async function attachJob(cli: Cli, args: Target, options: { from: number | undefined; interactive: boolean }): Promise<number> {
  if (cli.out.json) throw new SomnusError('invalid_request', '`job attach` has no JSON output', { hint: 'Use `somnus job logs -f`, or `somnus job ls -o json`.' });
  const api = await cli.api();
  const job = await api.call('get', '/v1/environments/{ref}/jobs/{job}', { path: pathOf(args) });
  return await attachToJob(cli, { ref: args.name, job, from: options.from ?? -RECENT_BYTES, input: options.interactive });
}

/** Attaches to the shell with this name, and starts one if none is running. */
export async function shellSession(cli: Cli, ref: string, name: string): Promise<number> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) throw new SomnusError('invalid_request', '--session needs a terminal', { hint: 'Use `somnus exec --detach` and `somnus job`.' });
  const api = await cli.api();
  const body = { name, command: ['/bin/bash', '-l'], tty: { ...terminalSize(), term: cli.settings.terminal } };
  const job = await api.call('post', '/v1/environments/{ref}/jobs', { path: { ref }, body });
  if (!job.tty) throw new SomnusError('invalid_state', `${name} is a job without a terminal`, { hint: `Use \`somnus job attach ${ref} ${name}\`, or another name for the session.` });
  return await attachToJob(cli, { ref, job, from: -RECENT_BYTES, input: false });
}

export async function jobLogs(cli: Cli, args: Target, { follow, stderr, from }: { follow: boolean; stderr: boolean; from: number | undefined }): Promise<void> {
  const api = await cli.api();
  const output = await api.open('get', '/v1/environments/{ref}/jobs/{job}/output', { path: pathOf(args), query: { stream: stderr ? 'stderr' : 'stdout', from, follow } });
  for await (const chunk of output as AsyncIterable<Buffer>) {
    if (cli.out.json) cli.out.item({ data: chunk.toString('base64'), encoding: 'base64' }, () => '');
    else if (!process.stdout.write(chunk)) await new Promise((resolve) => { process.stdout.once('drain', resolve); });
  }
}

export async function stopJob(cli: Cli, args: Target): Promise<void> {
  const api = await cli.api();
  const job = await api.call('post', '/v1/environments/{ref}/jobs/{job}/stop', { path: pathOf(args) });
  cli.out.result(job, () => (cli.out.quiet ? job.id : `Stopping ${sanitize(args.job)}.`));
}

export async function removeJob(cli: Cli, args: Target): Promise<void> {
  const api = await cli.api();
  await api.call('delete', '/v1/environments/{ref}/jobs/{job}', { path: pathOf(args) });
  if (!cli.out.json) cli.out.line(cli.out.quiet ? sanitize(args.job) : `${sanitize(args.job)} was deleted.`);
}
