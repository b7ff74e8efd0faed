// Opens the memory core in parallel with the rest of the start: the control plane serves immediately, and memory requests wait. If opening fails,
// requests get the error, and a reload tries again. Once open, unlocks the spaces that the host's key files name.
import { z } from 'zod';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { readKeyFile } from './key-file.ts';
import type { MemoryCalls } from './process/memory-protocol.ts';
import type { BackedUp, BackupInput, Restored } from './backup.ts';
import type { Caller } from '../keys/caller.ts';
import { MAIN_SPACE, SpaceStatus } from './spaces.ts';

/** Opened memory, in this process or another. */
export interface LoadedMemory extends AsyncDisposable {
  readonly service: MemoryCalls;
  readonly degraded: string | undefined;
  readonly vectorIndex: 'exact' | 'chroma';
  reload(): void | Promise<void>;
  backUp(input: BackupInput): Promise<BackedUp>;
  /** Resolves when its process has exited, by itself or because it was closed. */
  readonly ended?: Promise<void>;
}

export interface MemoryLoaderOptions {
  open: () => Promise<LoadedMemory>;
  /** Replaces the content with that of a backup while memory is closed. */
  restore: (input: BackupInput) => Promise<Restored>;
  /** Paths of key files, which unlock their users' memory on unattended hosts. */
  keyFiles: readonly string[];
  log: Logger;
}

export const MemoryStatus = z.strictObject({
  state: z.enum(['closed', 'opening', 'open', 'failed']),
  problem: z.string().nullable().meta({ description: 'Why memory cannot be opened.' }),
  mode: z.enum(['hybrid', 'keywords']).nullable().meta({ description: 'keywords: no embedding model is available. null until memory is open.' }),
  degraded: z.string().nullable().meta({ description: 'Why vectors are not available.' }),
  vectorIndex: z.enum(['exact', 'chroma']).nullable(),
  spaces: z.array(SpaceStatus),
});
export type MemoryStatus = z.infer<typeof MemoryStatus>;
export type MemoryState = MemoryStatus['state'];

export class MemoryLoader {
  readonly #options: MemoryLoaderOptions;
  #opening: Promise<LoadedMemory> | undefined;
  #open: LoadedMemory | undefined;
  #failure: SomnusError | undefined;
  #closed = false;

  constructor(options: MemoryLoaderOptions) {
    this.#options = options;
  }

  /** Starts to open. Repeatable; never throws. */
  begin(): void {
    this.opened().catch(() => {}); // kept in #failure
  }

  /** @throws SomnusError `unavailable`, `config_invalid`, `corrupt`, `newer_format`: why opening failed */
  async opened(): Promise<LoadedMemory> {
    if (this.#closed) throw new SomnusError('unavailable', 'Somnus is shutting down', { hint: 'Try again when it has restarted.' });
    if (this.#failure !== undefined) throw this.#failure;
    this.#opening ??= this.#start();
    return await this.#opening;
  }

  /** The service, once memory is open. @throws as `opened` */
  async service(): Promise<MemoryCalls> {
    return (await this.opened()).service;
  }

  /** Also answers while memory is not open. */
  async status(caller: Caller): Promise<MemoryStatus> {
    const open = this.#open;
    return {
      state: this.state, problem: this.#failure?.message ?? null, mode: open === undefined ? null : open.degraded === undefined ? 'hybrid' : 'keywords',
      degraded: open?.degraded ?? null, vectorIndex: open?.vectorIndex ?? null, spaces: await open?.service.status(caller) ?? [],
    };
  }

  get state(): MemoryState {
    if (this.#open !== undefined) return 'open';
    if (this.#failure !== undefined) return 'failed';
    return this.#opening === undefined ? 'closed' : 'opening';
  }

  /** Why opening failed. */
  get failure(): SomnusError | undefined {
    return this.#failure;
  }

  /** The open memory, if any. */
  get current(): LoadedMemory | undefined {
    return this.#open;
  }

  /** Reads memory.yaml again; if memory failed to open, tries again. @throws SomnusError `config_invalid`; the old settings then stay in force */
  async reload(): Promise<void> {
    this.#failure = undefined;
    if (this.#open !== undefined) await this.#open.reload();
    else await this.opened();
  }

  /** Closes memory, replaces its content with that of a backup, and opens it again while requests wait. Spaces are locked afterwards. @throws SomnusError `invalid_request`, `corrupt`, `newer_format`: nothing was changed */
  async restore(input: BackupInput): Promise<Restored> {
    await this.#opening?.catch(() => {});
    const open = this.#open;
    this.#open = undefined;
    const { promise: restored, resolve, reject } = Promise.withResolvers<Restored>();
    this.#failure = undefined;
    this.#opening = (async () => {
      await open?.[Symbol.asyncDispose]();
      await this.#options.restore(input).then(resolve, reject);
      return await this.#start();
    })();
    const [outcome] = await Promise.allSettled([restored, this.#opening]);
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }

  /** Waits for opening to finish, then closes. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => {});
    await this.#open?.[Symbol.asyncDispose]();
    this.#open = undefined;
  }

  async #start(): Promise<LoadedMemory> {
    const { log, keyFiles } = this.#options;
    const startedAt = performance.now();
    try {
      const memory = await this.#options.open();
      for (const file of keyFiles) await this.#unlock(memory, file);
      this.#open = memory;
      void memory.ended?.then(() => this.#lost(memory));
      log.info({ event: 'memory.opened', degraded: memory.degraded, tookMs: Math.round(performance.now() - startedAt) });
      return memory;
    } catch (thrown) {
      this.#failure = toSomnusError(thrown);
      this.#opening = undefined;
      log.error({ event: 'memory.not_opened', code: this.#failure.code, err: this.#failure });
      throw this.#failure;
    }
  }

  /** If the process exits by itself, the next call starts another. */
  #lost(memory: LoadedMemory): void {
    if (this.#open !== memory || this.#closed) return;
    this.#options.log.error({ event: 'memory.process_ended' });
    this.#open = undefined;
    this.#opening = undefined;
  }

  /** A wrong file is logged and does not stop the others. */
  async #unlock(memory: LoadedMemory, file: string): Promise<void> {
    try {
      const { user, space, fileKey } = await readKeyFile(file);
      if (space !== MAIN_SPACE) throw new SomnusError('forbidden', 'A private space is not unlocked by the host');
      await memory.service.unlockAtStart(user, fileKey);
    } catch (error) {
      this.#options.log.warn({ event: 'memory.key_file_refused', file, code: toSomnusError(error).code, err: error });
    }
  }
}
