// Runs programs in a guest to their end and checks them: for tests and benchmarks of the channel.
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pollUntil } from '../../common/deadline.ts';
import type { ExecExit } from '../../supervisor/guest/guest-channel.ts';
import type { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';

export interface Outcome extends ExecExit { stdout: string; stderr: string }

/** Runs a program to its end. */
export async function run(channel: Ssh2Channel, command: readonly string[], options: Partial<Parameters<Ssh2Channel['exec']>[0]> & { input?: string | Buffer } = {}, signal?: AbortSignal): Promise<Outcome> {
  const { input = '', ...request } = options;
  const process = await channel.exec({ command: [...command], env: {}, ...request }, signal);
  process.stdin.end(input);
  const [stdout, stderr, exit] = await Promise.all([text(process.stdout), text(process.stderr), process.exit]);
  return { stdout, stderr, ...exit };
}

export async function shell(channel: Ssh2Channel, script: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await run(channel, ['sh', '-c', script, 'test', ...args]);
  if (code !== 0) throw new Error(`${script} failed: ${stderr}`);
  return stdout.trimEnd();
}

/** Reads a stream up to and including the first line that contains the text. */
export async function outputWith(stream: Readable, wanted: string): Promise<string> {
  let seen = '';
  stream.setEncoding('utf8');
  while (!seen.includes(wanted)) {
    const chunk = stream.read() as string | null;
    if (chunk !== null) seen += chunk;
    else if (stream.readableEnded) throw new Error(`ended after ${JSON.stringify(seen)}`);
    else await new Promise<void>((resolve) => { stream.once('readable', resolve).once('end', resolve); });
  }
  return seen;
}

export async function untilGone(channel: Ssh2Channel, pids: readonly string[], timeoutMs = 20_000): Promise<void> {
  await pollUntil(`the end of processes ${pids.join(' ')}`, { timeoutMs, intervalMs: 100 }, async () => {
    // A zombie that init has not reaped yet has ended as well.
    const left = await shell(channel, 'for p; do read -r line 2>/dev/null </proc/$p/stat || continue; case ${line##*) } in Z*) ;; *) echo $p;; esac; done', ...pids);
    return left === '' ? true : undefined;
  });
}
