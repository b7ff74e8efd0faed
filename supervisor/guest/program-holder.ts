// The program holder in a guest (agent/programs), seen from the host: starts it when it is first needed, and sends it HTTP requests over its Unix socket.
//
// The holder is not part of the image. The host sends it, so guests of any image get the version of this Somnus, and guests that never need it do not have it.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { PassThrough, Readable, Writable, type Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { z } from 'zod';
import { pollUntil, withDeadline } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import { FROM_HEADER, ProgramList, ProgramRecord, type ProgramRequest } from '../../agent/contract/programs.ts';
import type { AgentBundle } from '../../images/agent-bundle.ts';
import { boundedText, printable, wholeText } from './bounded-text.ts';
import type { ExecExit, GuestChannel, GuestProcess, GuestSignal } from './guest-channel.ts';

/** Larger than any list that the holder's own limits allow. */
const MAX_ANSWER_BYTES = 16 << 20;
const ANSWER_MS = 30_000;
const START_MS = 60_000;
const POLL_MS = 100;

interface HolderPlaces { runDir: string; folder: string }

const inGuest: HolderPlaces = { runDir: '/run/somnus', folder: '/var/lib/somnus/programs' };

/**
 * Starts the holder from the file $1 with the socket $2 and the folder $3. With systemd, as a unit that systemd restarts without ending the programs; otherwise as a process. Exits 3 when
 * it was never used here and $4 says that this is not a reason to start it. A unit that systemd is starting or restarting counts as started.
 */
const startScript = `
[ -d "$3" ] || [ "$4" = start ] || exit 3
[ -f "$1" ] || { mkdir -p -m 700 "\${1%/*}"; exit 4; }
if [ -d /run/systemd/system ]; then
  systemctl reset-failed somnus-programs.service 2>/dev/null
  systemd-run --quiet --collect --unit=somnus-programs --setenv=PATH --setenv=HOME --setenv=USER --setenv=LANG --setenv=SHELL -p DefaultDependencies=no -p KillMode=process -p OOMPolicy=continue -p Restart=on-failure -p RestartSec=1 \\
    node --max-old-space-size=64 "$1" "$2" "$3" 2>/dev/null && exit 0
  case $(systemctl show --property=ActiveState --value somnus-programs.service) in active|activating|reloading) exit 0;; *) exit 5;; esac
else
  setsid flock --nonblock --close "$2.lock" node "$1" "$2" "$3" </dev/null >/dev/null 2>&1 &
fi`;

interface Sending { method: string; path: string; body?: string }

/** A request whose body is still being written. `over` settles when it has been answered or is lost. */
interface Upload { body: Writable; over: Promise<void> }

export class ProgramHolder {
  readonly #channel: GuestChannel;
  readonly #bundle: () => Promise<AgentBundle>;
  readonly #places: HolderPlaces;

  /** `bundle` returns the code of the holder, the same at each call. */
  constructor(channel: GuestChannel, bundle: () => Promise<AgentBundle>, places: HolderPlaces = inGuest) {
    this.#channel = channel;
    this.#bundle = bundle;
    this.#places = places;
  }

  /**
   * Starts a program that belongs to the guest from then on. Repeatable with the same id. While a program with the same name runs, returns that one.
   * @throws guest_unreachable, unavailable, timeout; invalid_state when the guest cannot start another one, for example on a full disk
   */
  async start(id: string, request: ProgramRequest, signal?: AbortSignal): Promise<ProgramRecord> {
    await this.#ensure(true, signal);
    return await this.#json(ProgramRecord, { method: 'PUT', path: `/programs/${id}`, body: JSON.stringify(request) }, signal);
  }

  /** Oldest first, including ended programs that are still kept. Does not start the holder in a guest that never had a program. */
  async list(signal?: AbortSignal): Promise<ProgramRecord[]> {
    if (!await this.#ensure(false, signal)) return [];
    return (await this.#json(ProgramList, { method: 'GET', path: '/programs' }, signal)).programs;
  }

  /** @throws not_found */
  async get(id: string, signal?: AbortSignal): Promise<ProgramRecord> {
    if (!await this.#ensure(false, signal)) throw noProgram(id);
    return await this.#json(ProgramRecord, { method: 'GET', path: `/programs/${id}` }, signal);
  }

  /** The output of a stream from an offset on (a negative one counts from the end); with `follow`, until the program ends. The signal ends reading. @throws not_found */
  async output(id: string, stream: 'stdout' | 'stderr', options: { from: number; follow: boolean }, signal: AbortSignal): Promise<{ from: number; content: Readable }> {
    const response = await this.#send({ method: 'GET', path: `/programs/${id}/output?stream=${stream}&from=${options.from}${options.follow ? '&follow=1' : ''}` }, signal);
    return { from: Number(response.headers[FROM_HEADER]), content: response };
  }

  /** Sends a signal to its process group. @throws not_found */
  async signal(id: string, name: GuestSignal): Promise<void> {
    await this.#json(z.unknown(), { method: 'POST', path: `/programs/${id}/signal?name=${name}` });
  }

  /** Sends TERM, and KILL after five seconds. Resolves at once. Repeatable. @throws not_found */
  async end(id: string): Promise<void> {
    await this.#json(z.unknown(), { method: 'POST', path: `/programs/${id}/end` });
  }

  /** Deletes the record and output of a program that has ended. @throws not_found, invalid_state while it is running */
  async remove(id: string): Promise<void> {
    await this.#json(z.unknown(), { method: 'DELETE', path: `/programs/${id}` });
  }

  /**
   * The program as a process: output from the offsets on, input, signals and terminal size. The signal detaches; neither that nor a lost connection ends the program.
   * @throws not_found, guest_unreachable
   */
  async attach(id: string, from: { stdout: number; stderr: number }, signal: AbortSignal): Promise<GuestProcess> {
    const record = await this.get(id, signal);
    const [stdout, stderr] = await Promise.all((['stdout', 'stderr'] as const).map(async (stream) => (await this.output(id, stream, { from: from[stream], follow: true }, signal)).content));
    const exit = this.#ended(id, [stdout, stderr], signal);
    exit.catch(() => {});
    const stdin = record.status === 'running' ? this.#input(id, signal) : new PassThrough().resume();
    return {
      stdin, stdout: stdout ?? Readable.from([]), stderr: stderr ?? Readable.from([]), exit,
      signal: async (name) => await this.signal(id, name),
      resize: (columns, rows) => { this.#json(z.unknown(), { method: 'POST', path: `/programs/${id}/size?columns=${columns}&rows=${rows}` }).catch(() => {}); },
    };
  }

  async #ended(id: string, streams: readonly (Readable | undefined)[], signal: AbortSignal): Promise<ExecExit> {
    const response = await this.#send({ method: 'GET', path: `/programs/${id}?wait=1` }, signal);
    const text = await wholeText(response, MAX_ANSWER_BYTES).catch((cause: unknown) => { throw signal.aborted ? signal.reason : lost(cause); });
    const record = parsed(ProgramRecord, text);
    await Promise.all(streams.map(async (stream) => { if (stream) await finished(stream, { writable: false }).catch(() => {}); }));
    if (record.status === 'lost') throw new SomnusError('guest_unreachable', 'The program ended with its guest or while its holder was not running, so its exit code is unknown', { hint: 'Its output is kept: see `somnus job logs`.' });
    return { code: record.exitCode ?? 0, signal: record.signal, timedOut: false };
  }

  /** A stream for the program's input, which connects at the first write. Its end is end of file for the program; it finishes when the holder has passed on everything. */
  #input(id: string, signal: AbortSignal): Writable {
    let sending: Promise<Upload> | undefined;
    const open = async (): Promise<Upload> => await (sending ??= this.#upload(`/programs/${id}/stdin?eof=1`, signal));
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => { open().then(({ body }) => { body.write(chunk, done); }, done); },
      final: (done) => {
        open().then(async ({ body, over }) => {
          body.end();
          await over; // a finished stream destroys itself, and the holder discards input it has not read when its connection ends
        }).then(() => done(), done);
      },
      destroy: (error, done) => {
        sending?.then(({ body }) => body.destroy(), () => {}); // interrupts the request, so that the program gets no end of file
        done(error);
      },
    });
  }

  async #upload(path: string, signal: AbortSignal): Promise<Upload> {
    const socket = await this.#connect(signal);
    if (!socket) throw lost();
    const body = httpRequest({ method: 'PUT', path, createConnection: () => socket, signal, headers: { connection: 'close' } });
    body.on('response', (response) => {
      response.resume();
      if (response.statusCode !== 200) body.destroy(new SomnusError('invalid_state', 'The program does not accept input'));
    });
    const over = new Promise<void>((resolve) => { body.once('close', resolve); });
    body.on('error', () => {});
    body.flushHeaders();
    return { body, over };
  }

  async #json<S extends z.ZodType>(schema: S, sending: Sending, signal?: AbortSignal): Promise<z.output<S>> {
    return await withDeadline(`Waiting for the program holder to answer ${sending.method}`, ANSWER_MS, signal, async (deadline) => parsed(schema, await wholeText(await this.#send(sending, deadline), MAX_ANSWER_BYTES)));
  }

  /** @throws not_found, invalid_state, guest_unreachable */
  async #send({ method, path, body }: Sending, signal: AbortSignal): Promise<IncomingMessage> {
    const socket = await this.#connect(signal);
    if (!socket) throw lost();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = httpRequest({ method, path, signal, headers: { connection: 'close' }, createConnection: () => socket }, resolve).on('error', reject);
    sent.end(body);
    const response = await promise.catch((cause: unknown) => { throw signal.aborted ? signal.reason : lost(cause); });
    response.on('error', () => {}); // the reader of the response gets the error
    if (response.statusCode === 200) return response;
    const message = printable(await boundedText(response, 4096).catch(() => ''));
    if (response.statusCode === 404) throw noProgram(path.split(/[/?]/)[2] ?? '');
    if (response.statusCode === 409) throw new SomnusError('invalid_state', `The program holder refused: ${message}`);
    throw new SomnusError('guest_unreachable', `The program holder answered ${response.statusCode}: ${message}`);
  }

  async #connect(signal: AbortSignal): Promise<Duplex | undefined> {
    return await this.#channel.unixSocket(`${this.#places.runDir}/programs.sock`, signal);
  }

  /** Starts the holder unless it is running. Returns false if it was never used here and need not be started. */
  async #ensure(start: boolean, signal?: AbortSignal): Promise<boolean> {
    return await withDeadline('Starting the program holder in the VM', START_MS, signal, async (deadline) => {
      if (await this.#answers(deadline)) return true;
      const { code: source, version } = await this.#bundle();
      const file = `${this.#places.runDir}/programs-${version}.js`;
      let code = await this.#launch(file, start, deadline);
      if (code === 4) {
        await this.#channel.writeFile(file, Readable.from([Buffer.from(source)]), { mode: 0o600 }, deadline);
        code = await this.#launch(file, start, deadline);
      }
      if (code === 3) return false;
      if (code !== 0) throw new SomnusError('unavailable', `The program holder cannot be started in the VM (exit code ${code})`);
      await pollUntil('The program holder in the VM', { timeoutMs: START_MS, intervalMs: POLL_MS, signal: deadline }, async (within) => (await this.#answers(within)) || undefined);
      return true;
    });
  }

  async #answers(signal: AbortSignal): Promise<boolean> {
    const socket = await this.#connect(signal);
    socket?.destroy();
    return socket !== undefined;
  }

  async #launch(file: string, start: boolean, signal: AbortSignal): Promise<number> {
    const { runDir, folder } = this.#places;
    const process = await this.#channel.exec({ command: ['/bin/sh', '-c', startScript, 'somnus', file, `${runDir}/programs.sock`, folder, start ? 'start' : 'look'], env: {} }, signal);
    process.stdin.on('error', () => {});
    process.stdin.end();
    process.stdout.resume();
    process.stderr.resume();
    return (await process.exit).code;
  }
}

function parsed<S extends z.ZodType>(schema: S, text: string): z.output<S> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new SomnusError('guest_unreachable', 'The program holder in the VM sent an invalid answer', { cause });
  }
}

function lost(cause?: unknown): SomnusError {
  if (cause instanceof SomnusError) return cause;
  return new SomnusError('guest_unreachable', 'The connection to the program holder in the VM was lost', { cause, hint: 'The program is still running; attach to it again.' });
}

function noProgram(id: string): SomnusError {
  return new SomnusError('not_found', `There is no job ${id} in this environment`, { hint: 'See `somnus job ls`.' });
}
