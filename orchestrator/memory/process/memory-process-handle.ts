// The memory process as the control plane sees it: starts it, passes calls to it, answers its questions, and reports its end. MemoryLoader then starts another.
import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stretched } from '../../../common/deadline.ts';
import { fromSerializedError, SomnusError, toSomnusError } from '../../../common/errors.ts';
import type { Logger } from '../../../common/log.ts';
import type { SystemCache } from '../../cache/system-cache.ts';
import type { SqliteEventLog } from '../../events/sqlite-event-log.ts';
import type { SqliteIdempotency } from '../../operations/sqlite-idempotency.ts';
import type { BackedUp, BackupInput } from '../backup.ts';
import type { SqliteSnapshotNotices } from '../sqlite-snapshot-notices.ts';
import { cachedQueryVectors } from './cached-query-vectors.ts';
import { fileCalls, memoryCalls, type Ask, type FromMemory, type MemoryCall, type MemoryCalls, type Opened, type ProcessOptions, type ToMemory } from './memory-protocol.ts';
import type { UserKeys } from './user-keys.ts';

const program = fileURLToPath(new URL('memory-process.ts', import.meta.url));
/** Time for writing the last packs and vectors. */
const CLOSE_MS = 60_000;
const LEVELS: Record<number, 'debug' | 'info' | 'warn' | 'error'> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'error' };

export interface MemoryProcessDeps {
  cache: SystemCache;
  keys: UserKeys;
  events: SqliteEventLog;
  idempotency: SqliteIdempotency;
  notices: SqliteSnapshotNotices;
  log: Logger;
}

type Waiting = { resolve(result: unknown): void; reject(error: SomnusError): void };

export class MemoryProcess implements AsyncDisposable, Opened {
  readonly service: MemoryCalls;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  degraded: string | undefined;
  vectorIndex: Opened['vectorIndex'] = 'exact';
  readonly #deps: MemoryProcessDeps;
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, Waiting>();
  /** Work with an idempotency key that this process has begun for the memory process. */
  readonly #once = new Map<number, Waiting>();
  readonly #opened = Promise.withResolvers<void>();
  #lastId = 0;
  #isGone = false;

  private constructor(deps: MemoryProcessDeps) {
    this.#deps = deps;
    const callers = (names: readonly MemoryCall[]): object => Object.fromEntries(names.map((name) => [name, async (...args: unknown[]) => await this.#call(name, args)]));
    this.service = { ...callers(memoryCalls), files: callers(fileCalls) } as unknown as MemoryCalls;
    // No core dumps, which would contain keys. The kernel ends the process when the control plane dies, even while it is computing.
    this.#child = fork(program, [], { execPath: 'setpriv', execArgv: ['--pdeathsig', 'KILL', '--', 'prlimit', '--core=0', '--', process.execPath], serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child.on('message', (message) => {
      try {
        this.#receive(message as FromMemory);
      } catch (error) { // for example, an event that cannot be written
        deps.log.error({ event: 'memory.message_failed', kind: (message as FromMemory).kind, err: error });
      }
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    const end = (how: string): void => {
      if (this.#isGone) return;
      this.#isGone = true;
      this.#end(how);
      resolve();
    };
    this.#child.on('error', (error) => end(error.message));
    this.#child.on('close', (code, signal) => end(signal ?? `exit code ${code}`));
    if (this.#child.stderr !== null) createInterface({ input: this.#child.stderr }).on('line', (line) => this.#log(line));
  }

  /** @throws SomnusError `config_invalid`, `in_use`, `corrupt`, `newer_format`, `unavailable` */
  static async start(options: ProcessOptions, deps: MemoryProcessDeps): Promise<MemoryProcess> {
    const started = new MemoryProcess(deps);
    started.#send({ kind: 'open', options });
    try {
      await started.#opened.promise;
      return started;
    } catch (error) {
      started.#child.kill('SIGKILL');
      await started.ended;
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async reload(): Promise<void> {
    await this.#request((id) => ({ kind: 'reload', id }));
  }

  async backUp(input: BackupInput): Promise<BackedUp> {
    return await this.#request((id) => ({ kind: 'backUp', id, input })) as BackedUp;
  }

  /** Ends it after it has written pending changes. Repeatable. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isGone) return;
    this.#send({ kind: 'close' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stretched(CLOSE_MS));
    await this.ended;
    clearTimeout(timer);
  }

  async #call(name: MemoryCall, args: unknown[]): Promise<unknown> {
    const [caller] = args as [{ user?: unknown } | undefined];
    const notices = typeof caller?.user === 'string' ? this.#deps.notices.of(caller.user) : [];
    return await this.#request((id) => ({ kind: 'call', id, name, args, notices }));
  }

  async #request(message: (id: number) => ToMemory): Promise<unknown> {
    if (this.#isGone) throw gone('it has ended');
    this.#lastId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#calls.set(this.#lastId, { resolve, reject });
    this.#send(message(this.#lastId));
    return await promise;
  }

  #receive(message: FromMemory): void {
    const { cache, keys, events, notices } = this.#deps;
    switch (message.kind) {
      case 'opened':
        this.degraded = message.degraded;
        this.vectorIndex = message.vectorIndex;
        return this.#opened.resolve();
      case 'notOpened': return this.#opened.reject(fromSerializedError(message.error));
      case 'done': return taken(this.#calls, message.id)?.resolve(message.result);
      case 'refused': return taken(this.#calls, message.id)?.reject(fromSerializedError(message.error));
      case 'ask': return this.#answer(message.id, message.ask);
      case 'onceDone': {
        const waiting = taken(this.#once, message.id);
        if ('error' in message.outcome) waiting?.reject(fromSerializedError(message.outcome.error));
        else waiting?.resolve(message.outcome.result);
        return;
      }
      case 'event': return void events.append(message.event);
      case 'noticeApplied': return notices.remove(message.id);
      case 'noticesCleared': return notices.clear(message.owner);
      case 'cacheUnlocked':
        keys.add(message.user, message.key);
        return cache.warm(message.user);
      case 'cacheLocked':
        cache.cool(message.user); // writing changed entries needs the key
        return keys.remove(message.user);
      case 'cacheDestroyed':
        cache.forgetOwner(message.user);
        return keys.remove(message.user);
      case 'vector': return cachedQueryVectors(cache, message.user).put(message.model, message.text, message.vector);
    }
  }

  #answer(id: number, ask: Ask): void {
    if (ask.what === 'vector') return this.#send({ kind: 'answer', id, answer: cachedQueryVectors(this.#deps.cache, ask.user).get(ask.model, ask.text) });
    let begun = false;
    const work = async (): Promise<unknown> => {
      begun = true;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      this.#once.set(id, { resolve, reject });
      this.#send({ kind: 'answer', id, answer: { begin: true } });
      return await promise;
    };
    // Once the work has begun, its own answer reports the outcome.
    this.#deps.idempotency.onceAsync(ask.request, work).then((kept) => {
      if (!begun) this.#send({ kind: 'answer', id, answer: { kept } });
    }, (error: unknown) => {
      if (!begun) this.#send({ kind: 'refusal', id, error: toSomnusError(error).toJSON() });
    });
  }

  #send(message: ToMemory): void {
    if (this.#child.connected) this.#child.send(message, () => {}); // the channel is closed: `close` follows
  }

  #end(how: string): void {
    const error = gone(how);
    this.#opened.promise.catch(() => {});
    this.#opened.reject(error);
    for (const waiting of [...this.#calls.values(), ...this.#once.values()]) waiting.reject(error);
    this.#calls.clear();
    this.#once.clear();
    this.#deps.keys.clear();
  }

  /** Passes on its log lines; logs anything else that it writes as a warning. */
  #log(line: string): void {
    try {
      const { level, time: _time, ...fields } = JSON.parse(line) as { level: number; time: string };
      this.#deps.log[LEVELS[level] ?? 'warn'](fields);
    } catch {
      this.#deps.log.warn({ event: 'memory.process_output', line: line.slice(0, 500) });
    }
  }
}

function gone(how: string): SomnusError {
  return new SomnusError('unavailable', `The memory process exited (${how})`, { hint: 'The next call starts another one. Unlock memory again, unless a key file unlocks it.' });
}

function taken(waiting: Map<number, Waiting>, id: number): Waiting | undefined {
  const found = waiting.get(id);
  waiting.delete(id);
  return found;
}
