// somnus exec, sh: runs commands and shells in a running environment.
import { fstatSync } from 'node:fs';
import { SomnusError } from '../../../common/errors.ts';
import type { ExecFrame } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { shellSession } from './jobs.ts';
import { terminalSize } from '../terminal/raw-terminal.ts';
import { runInGuest } from '../exec/run-in-guest.ts';
import { parsePairs } from '../parse-values.ts';
import type { ByteSink } from '../terminal/byte-sink.ts';

interface ExecOptions { detach: boolean; name: string | undefined; timeout: number | undefined; cwd: string | undefined; env: string[]; stdin: boolean; interactive: boolean; tty: boolean }

export async function exec(cli: Cli, args: { name: string; command: string[] }, options: ExecOptions): Promise<number> {
  if (options.tty && cli.out.json) throw new SomnusError('invalid_request', '-t cannot be combined with -o json', { hint: 'Use only one of them.' });
  if (options.tty && !process.stdout.isTTY) throw new SomnusError('invalid_request', '-t needs a terminal', { hint: 'Omit -t: streams and exit code work through pipes without it.' });
  const request = {
    command: args.command,
    env: parsePairs(options.env, 'a variable'),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
  };
  if (options.detach) return await startJob(cli, args.name, request, options);
  if (options.name !== undefined) throw new SomnusError('invalid_request', '--name can be used only with --detach', { hint: 'Add --detach.' });
  const input = options.stdin && (options.interactive || options.tty || stdinIsGiven()) ? 'stdin' : 'none';
  if (!cli.out.json) return await runInGuest(cli, { name: args.name, request, tty: options.tty, input });
  const print = (frame: ExecFrame): void => cli.out.item(frame, () => '');
  return await runInGuest(cli, {
    name: args.name, request, tty: false, input,
    sinks: { stdout: frameSink('stdout', print), stderr: frameSink('stderr', print) },
    onStarted: () => print({ type: 'started' }),
    onExit: (exit) => print({ type: 'exit', exit }),
  });
}

/** Starts the job, prints it, and leaves it running. */
async function startJob(cli: Cli, ref: string, { timeoutMs, ...request }: { command: string[]; env: Record<string, string>; cwd?: string | undefined; timeoutMs?: number | undefined }, { interactive, tty, name }: ExecOptions): Promise<number> {
  if (timeoutMs !== undefined) throw new SomnusError('invalid_request', '--timeout cannot be combined with --detach', { hint: 'Start the job with `timeout`: somnus exec --detach NAME -- timeout 60 CMD.' });
  const api = await cli.api();
  const body = { ...request, name, stdin: interactive, ...(tty ? { tty: { ...terminalSize(), term: cli.settings.terminal } } : {}) };
  const job = await api.call('post', '/v1/environments/{ref}/jobs', { path: { ref }, body });
  cli.out.result(job, () => job.id);
  return 0;
}

/** A login shell, with a terminal if there is one here; otherwise it reads its commands from standard input. A session is a shell that keeps running after the user detaches. */
export async function shell(cli: Cli, args: { name: string }, options: { session: string | undefined }): Promise<number> {
  if (cli.out.json) throw new SomnusError('invalid_request', '`sh` has no JSON output', { hint: 'Use `somnus exec NAME -o json -- CMD`.' });
  const tty = process.stdin.isTTY && process.stdout.isTTY;
  if (options.session !== undefined) return await shellSession(cli, args.name, options.session);
  return await runInGuest(cli, { name: args.name, request: { command: ['/bin/bash', '-l'], env: {} }, tty, input: 'stdin' });
}

/** Whether standard input is a pipe, a socket or a file, so that it is meant for the command. */
function stdinIsGiven(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isFile() || stat.isSocket();
  } catch {
    return false; // closed
  }
}

/** Writes output as frames of the streamed API answer: text if it is UTF-8, base64 otherwise. */
function frameSink(type: 'stdout' | 'stderr', print: (frame: ExecFrame) => void): ByteSink {
  return {
    write: async (bytes) => {
      const text = bytes.toString('utf8');
      const isText = Buffer.from(text, 'utf8').equals(bytes);
      print(isText ? { type, data: text, encoding: 'utf8' } : { type, data: bytes.toString('base64'), encoding: 'base64' });
    },
  };
}
