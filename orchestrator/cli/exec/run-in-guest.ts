// Runs a command in a guest with this process's standard streams, terminal and signals.
import { constants } from 'node:os';
import { Readable } from 'node:stream';
import type { ExecExit, ExecRequest, GuestSignal } from '../../../supervisor/guest/guest-channel.ts';
import type { Cli } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { fdSink, type ByteSink } from '../terminal/byte-sink.ts';
import { rawTerminal, resetSequences, terminalSize } from '../terminal/raw-terminal.ts';
import { WsExecSession } from './ws-exec-session.ts';

/** How long a killed command may take to report its end when nothing reads its output anymore. */
const brokenPipeMs = 3000;

export interface GuestRun {
  name: string;
  request: Omit<ExecRequest, 'tty'>;
  /** A terminal in the guest, of the same size as the user's. */
  tty: boolean;
  input: 'none' | 'stdin';
  sinks?: { stdout: ByteSink; stderr: ByteSink };
  onStarted?(): void;
  onExit?(exit: ExecExit): void;
}

/** Returns the guest's exit code. @throws SomnusError when the command could not be started, or its outcome is unknown */
export async function runInGuest(cli: Cli, run: GuestRun): Promise<number> {
  let pipeIsBroken = false;
  const { promise: waitedLongEnough, resolve: stopWaiting } = Promise.withResolvers<void>();
  const request: ExecRequest = { ...run.request, ...(run.tty ? { tty: { ...terminalSize(), term: cli.settings.terminal } } : {}) };
  const session = new WsExecSession((await cli.api()).webSocket('/v1/environments/{ref}/exec', { ref: run.name }), request, {
    ...(run.sinks ?? { stdout: fdSink(1), stderr: fdSink(2) }),
    started: () => run.onStarted?.(),
    brokenPipe: () => {
      pipeIsBroken = true;
      session.signal('KILL');
      setTimeout(stopWaiting, brokenPipeMs).unref();
    },
  });
  using _terminal = run.tty && process.stdin.isTTY ? rawTerminal() : undefined;
  using _signals = forwardSignals(session, run.tty);
  if (run.input === 'stdin') session.sendInput(process.stdin).catch(() => session.signal('HUP')); // the terminal is gone
  else void session.sendInput(Readable.from([]));
  try {
    const ended = await Promise.race([session.exit, waitedLongEnough]);
    if (pipeIsBroken || !ended) return exitCodes.brokenPipe;
    run.onExit?.(ended);
    if (ended.timedOut) cli.out.warn(`The command was stopped at its time limit of ${(request.timeoutMs ?? 0) / 1000} s.`);
    return ended.code;
  } catch (error) {
    if (run.tty && process.stdout.isTTY) process.stdout.write(resetSequences);
    throw error;
  } finally {
    process.stdin.pause();
    await session.close();
  }
}

/**
 * Ctrl-C: sends INT to the guest's process group, then KILL, then ends this process. In a guest terminal it is a byte like any other.
 * TERM and HUP are passed on and end this process; the API kills commands that ignore them.
 */
function forwardSignals(session: WsExecSession, tty: boolean): Disposable {
  let interrupts = 0;
  const onInterrupt = (): void => {
    interrupts += 1;
    if (interrupts <= 2) session.signal(interrupts === 1 ? 'INT' : 'KILL');
    else exitBySignal('SIGINT', onInterrupt);
  };
  const leave = (signal: 'SIGTERM' | 'SIGHUP', guest: GuestSignal) => (): void => {
    session.signal(guest);
    void session.close().finally(() => process.exit(128 + constants.signals[signal]));
  };
  const onTerminate = leave('SIGTERM', 'TERM');
  const onHangUp = leave('SIGHUP', 'HUP');
  const onResize = (): void => {
    const { columns, rows } = terminalSize();
    session.resize(columns, rows);
  };
  process.on('SIGINT', onInterrupt);
  process.once('SIGTERM', onTerminate);
  process.once('SIGHUP', onHangUp);
  if (tty) process.stdout.on('resize', onResize);
  return {
    [Symbol.dispose]: () => {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
      process.off('SIGHUP', onHangUp);
      process.stdout.off('resize', onResize);
    },
  };
}

/** process.exit would wait for a write that nothing reads; the signal's default action does not. */
function exitBySignal(signal: 'SIGINT', listener: () => void): void {
  process.off(signal, listener);
  process.kill(process.pid, signal);
}
