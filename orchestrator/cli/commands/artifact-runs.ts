// somnus artifact run, runs, result: runs artifacts and shows what they left.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SomnusError } from '../../../common/errors.ts';
import { LineSplitter } from '../../../common/line-splitter.ts';
import type { ArtifactRun, ArtifactRunFrame, ArtifactRunPage, RunContext } from '../../client/schema.d.ts';
import { problemError } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { page, type PageOptions } from '../paging.ts';
import { parsePairs } from '../parse-values.ts';
import { fdSink } from '../terminal/byte-sink.ts';
import { formatBytes, formatDuration, formatMiB, formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatFacts, formatTable } from '../terminal/text-table.ts';

interface RunOptions { version: number | undefined; context: RunContext | undefined; in: string | undefined; image: string | undefined; gpu: boolean; reads: string[]; env: string[]; timeout: number | undefined }

/** The server splits output into parts of at most 1 MiB, which grow by a third in base64. */
const LONGEST_FRAME = 8 * 1_048_576;
/** The first run may wait until the image is built. */
const START_MS = 15 * 60_000;

export async function runArtifact(cli: Cli, { artifact, args }: { artifact: string; args: string[] }, options: RunOptions): Promise<number> {
  const { version, context, image, gpu, reads, env, timeout } = options;
  const body = { version, context, environment: options.in, image, ...(gpu ? { gpu } : {}), args, filesIn: reads, env: parsePairs(env, 'a variable'), timeoutMs: timeout, stream: true };
  const frames = await (await cli.api()).open('post', '/v1/artifacts/{artifact}/runs', { path: { artifact }, body, timeoutMs: START_MS });
  const sinks = { stdout: fdSink(1), stderr: fdSink(2) };
  const lines = new LineSplitter(LONGEST_FRAME);
  let run: ArtifactRun | undefined;
  for await (const chunk of frames as AsyncIterable<Buffer>) {
    for (const text of lines.push(chunk)) {
      if (text === undefined) throw new SomnusError('internal', 'The API sent a frame that is too long');
      const frame = JSON.parse(text) as ArtifactRunFrame;
      if (frame.type === 'error') throw problemError(frame.problem);
      if (cli.out.json) cli.out.item(frame, () => '');
      else if (frame.type === 'stdout' || frame.type === 'stderr') await sinks[frame.type].write(Buffer.from(frame.data, frame.encoding));
      if (frame.type === 'run') run = frame.run;
      if (frame.type === 'exit') return frame.exit.code;
    }
  }
  throw new SomnusError('unavailable', 'The connection was lost before the run ended', { hint: run === undefined ? 'See `somnus artifact runs`.' : `See \`somnus artifact result ${run.artifactId} ${run.id}\`.` });
}

export async function listRuns(cli: Cli, args: { artifact: string }, options: PageOptions): Promise<void> {
  const runs: ArtifactRunPage = await page(cli, '/v1/artifacts/{artifact}/runs', { path: args }, options);
  cli.out.list(runs, {
    columns: [{ title: 'ID' }, { title: 'VERSION', align: 'right' }, { title: 'CONTEXT' }, { title: 'STATUS' }, { title: 'EXIT', align: 'right' }, { title: 'TIME', align: 'right' }, { title: 'OUTPUT', align: 'right' }, { title: 'FILES', align: 'right' }, { title: 'STARTED' }],
    row: (run: ArtifactRun) => [
      run.id, String(run.version), run.context, statusOf(run), run.exitCode === null ? '-' : String(run.exitCode), run.durationMs === null ? '-' : formatDuration(run.durationMs), formatBytes(run.stdout.sizeBytes + run.stderr.sizeBytes), String(run.files.length), formatWhen(run.startedAt),
    ],
    name: ({ id }) => id,
    none: `No runs. Start one with \`somnus artifact run ${sanitize(args.artifact)}\`.`,
  });
}

export async function showResult(cli: Cli, args: { artifact: string; run: string }, options: { stdout: boolean; stderr: boolean; file: string | undefined; to: string | undefined }): Promise<void> {
  const { stdout, stderr, file, to } = options;
  if ([stdout, stderr, file !== undefined, to !== undefined].filter(Boolean).length > 1) throw new SomnusError('invalid_request', '--stdout, --stderr, --file and --to cannot be combined', { hint: 'Use only one of them.' });
  const api = await cli.api();
  if (stdout || stderr) return await print(await api.open('get', '/v1/artifacts/{artifact}/runs/{run}/output', { path: args, query: { stream: stdout ? 'stdout' : 'stderr' } }));
  if (file !== undefined) return await print(await api.open('get', '/v1/artifacts/{artifact}/runs/{run}/content', { path: args, query: { path: file } }));
  const run: ArtifactRun = await api.call('get', '/v1/artifacts/{artifact}/runs/{run}', { path: args });
  if (to === undefined) {
    cli.out.result(run, () => resultText(run));
    return;
  }
  for (const { path, executable } of run.files) {
    const target = join(to, path);
    await mkdir(dirname(target), { recursive: true });
    const content = await api.open('get', '/v1/artifacts/{artifact}/runs/{run}/content', { path: args, query: { path } });
    await pipeline(content, createWriteStream(target, { flags: 'wx', mode: executable ? 0o777 : 0o666 })).catch((cause: unknown) => { throw notWritten(target, cause); });
  }
  cli.out.result({ to, files: run.files }, () => `Wrote ${run.files.length} file${run.files.length === 1 ? '' : 's'} to ${to}.`);
}

async function print(content: AsyncIterable<Buffer>): Promise<void> {
  const sink = fdSink(1);
  for await (const chunk of content) await sink.write(chunk);
}

function notWritten(target: string, cause: unknown): SomnusError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === 'EEXIST' ? new SomnusError('name_taken', `${target} already exists`, { hint: 'Choose another folder.', cause }) : new SomnusError('invalid_request', `${target} cannot be written: ${message}`, { hint: 'Choose another folder.', cause });
}

function statusOf({ status, timedOut }: ArtifactRun): string {
  return timedOut ? 'timed out' : status;
}

function resultText(run: ArtifactRun): string {
  const size = ({ sizeBytes, truncated }: ArtifactRun['stdout']): string => `${formatBytes(sizeBytes)}${truncated ? ' (the rest was not kept)' : ''}`;
  const facts = formatFacts([
    ['id', run.id], ['version', String(run.version)], ['context', run.context], ['arguments', sanitize(run.args.join(' ')) || '-'], ['status', statusOf(run)], ['exit code', run.exitCode === null ? '-' : `${run.exitCode}${run.signal === null ? '' : ` (SIG${run.signal})`}`],
    ['time', run.durationMs === null ? '-' : formatDuration(run.durationMs)], ['CPU time', run.cpuMs === null ? '-' : formatDuration(run.cpuMs)], ['memory', run.memoryPeakMiB === null ? '-' : formatMiB(run.memoryPeakMiB)],
    ['stdout', size(run.stdout)], ['stderr', size(run.stderr)], ['started', `${formatWhen(run.startedAt)} by ${run.startedBy}`], ...(run.problem === null ? [] : [['problem', sanitize(run.problem)] as const]),
  ]);
  if (run.files.length === 0) return facts;
  return [facts, '', formatTable([{ title: 'FILE' }, { title: 'SIZE', align: 'right' }, { title: 'SHA256' }], run.files.map(({ path, sizeBytes, sha256 }) => [sanitize(path), formatBytes(sizeBytes), sha256.slice(0, 16)]))].join('\n');
}
