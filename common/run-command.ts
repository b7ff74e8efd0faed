// Runs a program on the host with a deadline, never through a shell.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { stretched } from './deadline.ts';
import { SomnusError } from './errors.ts';

export interface CommandOptions {
  /** Milliseconds, before scaling, after which the program is killed. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  /** Written to standard input. */
  input?: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Exit codes besides 0 that are not errors. */
  allowExit?: readonly number[];
}

export interface CommandResult { stdout: string; stderr: string; exitCode: number }

/** @throws SomnusError `command_failed` with the exit code and the end of standard error; `timeout`; `cancelled` */
export async function runCommand(program: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { allowExit = [] } = options;
  const timeoutMs = stretched(options.timeoutMs ?? 30_000);
  options.signal?.throwIfAborted();
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  let stoppedBy: 'timeout' | 'cancelled' | undefined;
  const stop = (reason: 'timeout' | 'cancelled') => (): void => { stoppedBy ??= reason; child.kill('SIGKILL'); };
  const timer = setTimeout(stop('timeout'), timeoutMs);
  const onAbort = stop('cancelled');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    child.stdin.on('error', () => {}); // a program may exit without reading its input
    child.stdin.end(options.input ?? '');
    const [exitCode, stdout, stderr] = await Promise.all([
      new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, signal) => resolve(code ?? (signal ? 128 : 1)));
      }),
      text(child.stdout),
      text(child.stderr),
    ]);
    if (stoppedBy) throw new SomnusError(stoppedBy, `${program} ${args[0] ?? ''} was stopped: ${stoppedBy}`, { details: { program, timeoutMs } });
    if (exitCode !== 0 && !allowExit.includes(exitCode)) {
      const reason = stderr.trim().split('\n').slice(-3).join(' ') || `exit code ${exitCode}`;
      throw new SomnusError('command_failed', `${program} failed: ${reason}`, { details: { program, args, exitCode } });
    }
    return { stdout, stderr, exitCode };
  } catch (thrown) {
    if (thrown instanceof SomnusError) throw thrown;
    throw new SomnusError('command_failed', `${program} could not be run: ${(thrown as Error).message}`, { details: { program }, cause: thrown });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}
