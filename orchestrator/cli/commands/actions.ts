// somnus run, somnus action …: runs a command in the context that fits best, shows the decision, and lists what ran.
import { SomnusError } from '../../../common/errors.ts';
import { LineSplitter } from '../../../common/line-splitter.ts';
import type { Action, ActionFrame, ActionPage, Decision, RequestedContext } from '../../client/schema.d.ts';
import { problemError } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { page, type PageOptions } from '../paging.ts';
import { parsePairs } from '../parse-values.ts';
import { fdSink } from '../terminal/byte-sink.ts';
import { formatDuration, formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { decisionText } from '../views/decision-view.ts';

interface RunOptions {
  explain: boolean; in: RequestedContext | undefined; timeout: number | undefined; cwd: string | undefined; env: string[]; language: string | undefined; gpu: boolean; heavy: boolean; untrusted: boolean; trusted: boolean; reads: string[]; writes: string[]; prepare: string | undefined; check: string | undefined; deadline: number | undefined;
}

/** The server splits output into parts of at most 1 MiB, which grow by a third in base64. */
const LONGEST_FRAME = 8 * 1_048_576;
/** An action may wait until the image of its container is built, or for a free place. */
const START_MS = 15 * 60_000;

export async function runAction(cli: Cli, args: { name: string; command: string[] }, options: RunOptions): Promise<number> {
  if (options.trusted && options.untrusted) throw new SomnusError('invalid_request', '--trusted cannot be combined with --untrusted', { hint: 'Use only one of them.' });
  const [line = '', ...more] = args.command;
  const command = more.length === 0 ? line : args.command;
  const { cwd, timeout, prepare, check, in: context = 'auto' } = options;
  const request = { command, context, hints: hintsOf(options), env: parsePairs(options.env, 'a variable'), cwd, timeoutMs: timeout, prepare, check };
  const api = await cli.api();
  const path = { ref: args.name };
  if (options.explain) {
    const { decision } = await api.call('post', '/v1/environments/{ref}/actions', { path, body: { ...request, explain: true } });
    cli.out.result(decision, () => decisionText(decision, cli.out));
    return 0;
  }
  const frames = await api.open('post', '/v1/environments/{ref}/actions', { path, body: { ...request, stream: true }, timeoutMs: START_MS });
  return await follow(cli, frames as AsyncIterable<Buffer>);
}

function hintsOf({ language, gpu, heavy, untrusted, trusted, reads, writes, deadline }: RunOptions): object {
  return {
    language, ...(gpu ? { gpu } : {}), ...(heavy ? { heavy } : {}), ...(untrusted || trusted ? { untrusted } : {}), ...(reads.length > 0 ? { filesIn: reads } : {}), ...(writes.length > 0 ? { filesOut: writes } : {}), deadlineMs: deadline,
  };
}

/** Prints the program's output as it arrives. Returns its exit code. @throws the problem of an `error` frame; unavailable when the stream ends without a result */
async function follow(cli: Cli, chunks: AsyncIterable<Buffer>): Promise<number> {
  const sinks = { stdout: fdSink(1), stderr: fdSink(2) };
  const lines = new LineSplitter(LONGEST_FRAME);
  for await (const chunk of chunks) {
    for (const text of lines.push(chunk)) {
      if (text === undefined) throw new SomnusError('internal', 'The API sent a frame that is too long');
      const frame = JSON.parse(text) as ActionFrame;
      if (frame.type === 'error') throw problemError(frame.problem);
      if (cli.out.json) cli.out.item(frame, () => '');
      else if (frame.type === 'decision') note(cli, frame.decision);
      else if (frame.type === 'stdout' || frame.type === 'stderr') await sinks[frame.type].write(Buffer.from(frame.data, frame.encoding));
      if (frame.type === 'exit') return frame.exit.code;
    }
  }
  throw new SomnusError('unavailable', 'The connection was lost before the command ended', { hint: 'See `somnus action ls`.' });
}

/** What the user should know before the output. Prints nothing for a command that runs in the VM as usual. */
function note(cli: Cli, decision: Decision): void {
  if (decision.cautions.length > 0) cli.out.note(`${decision.context}: ${sanitize(decision.reason)} (${decision.cautions.join(', ')})`);
}

export async function listActions(cli: Cli, args: { name: string }, options: PageOptions): Promise<void> {
  const actions: ActionPage = await page(cli, '/v1/environments/{ref}/actions', { path: { ref: args.name } }, options);
  cli.out.list(actions, {
    columns: [{ title: 'ID' }, { title: 'PROGRAMS' }, { title: 'CLASS' }, { title: 'CONTEXT' }, { title: 'STATUS' }, { title: 'EXIT', align: 'right' }, { title: 'TIME', align: 'right' }, { title: 'STARTED' }],
    row: (action: Action) => [
      action.id, sanitize(action.programs.join(', ')), action.class, action.context, action.timedOut ? 'timed out' : action.status, action.exitCode === null ? '-' : String(action.exitCode),
      action.durationMs === null ? '-' : formatDuration(action.durationMs), formatWhen(action.startedAt),
    ],
    name: ({ id }) => id,
    none: `No actions yet. Run one with \`somnus run ${args.name} -- CMD\`.`,
  });
}
