// Opens the memory core beside everything else that starts: the control plane serves at once, and who asks for memory waits for it. What keeps it
// from opening is told to whoever asks, and tried again when asked to reload. Unlocks, when open, what the host's key files say.
import { readFile } from 'node:fs/promises';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { OpenMemory } from './open-memory.ts';
import { MAIN_SPACE } from './spaces.ts';

export interface MemoryLoaderOptions {
  open: () => Promise<OpenMemory>;
  /** Files as `keyFileText` makes them, which unlock their users' memory on a host where nobody types. */
  keyFiles: readonly string[];
  log: Logger;
}

export type MemoryState = 'closed' | 'opening' | 'open' | 'failed';

export class MemoryLoader {
  readonly #options: MemoryLoaderOptions;
  #opening: Promise<OpenMemory> | undefined;
  #open: OpenMemory | undefined;
  #failure: SomnusError | undefined;
  #closed = false;

  constructor(options: MemoryLoaderOptions) {
    this.#options = options;
  }

  /** Begins to open. Repeatable; never throws. */
  begin(): void {
    this.opened().catch(() => {}); // kept as the failure
  }

  /** @throws SomnusError `unavailable`, `config_invalid`, `corrupt`, `newer_format`: what kept it from opening */
  async opened(): Promise<OpenMemory> {
    if (this.#closed) throw new SomnusError('unavailable', 'Somnus is shutting down', { hint: 'Try again when it is back.' });
    if (this.#failure !== undefined) throw this.#failure;
    this.#opening ??= this.#start();
    return await this.#opening;
  }

  get state(): MemoryState {
    if (this.#open !== undefined) return 'open';
    if (this.#failure !== undefined) return 'failed';
    return this.#opening === undefined ? 'closed' : 'opening';
  }

  /** What kept it from opening. */
  get failure(): SomnusError | undefined {
    return this.#failure;
  }

  /** When it is open. */
  get current(): OpenMemory | undefined {
    return this.#open;
  }

  /** Reads memory.yaml again, and tries to open what did not open before. @throws SomnusError `config_invalid`; then the old settings stay */
  async reload(): Promise<void> {
    this.#failure = undefined;
    if (this.#open !== undefined) this.#open.reload();
    else await this.opened();
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => {});
    await this.#open?.[Symbol.asyncDispose]();
    this.#open = undefined;
  }

  async #start(): Promise<OpenMemory> {
    const { log, keyFiles } = this.#options;
    const startedAt = performance.now();
    try {
      const memory = await this.#options.open();
      for (const file of keyFiles) await this.#unlock(memory, file);
      this.#open = memory;
      log.info({ event: 'memory.opened', degraded: memory.degraded, tookMs: Math.round(performance.now() - startedAt) });
      return memory;
    } catch (thrown) {
      this.#failure = toSomnusError(thrown);
      this.#opening = undefined;
      log.error({ event: 'memory.not_opened', code: this.#failure.code, err: this.#failure });
      throw this.#failure;
    }
  }

  /** A file that does not fit keeps nobody else's memory locked. */
  async #unlock(memory: OpenMemory, file: string): Promise<void> {
    try {
      const { user, space, fileKey } = readKeyFileText(await readFile(file, 'utf8'));
      if (space !== MAIN_SPACE) throw new SomnusError('forbidden', 'A private space is not unlocked by the host');
      await memory.service.unlock(user, { space, fileKey });
    } catch (error) {
      this.#options.log.warn({ event: 'memory.key_file_refused', file, code: toSomnusError(error).code, err: error });
    }
  }
}

/** One line: whose, which space, and the key. */
export function keyFileText(user: string, space: string, fileKey: string): string {
  return `${user} ${space} ${fileKey}\n`;
}

/** @throws SomnusError `invalid_request` */
export function readKeyFileText(text: string): { user: string; space: string; fileKey: string } {
  const [, user, space, fileKey] = /^(\S+) (\S+) (\S+)\s*$/.exec(text) ?? [];
  if (user === undefined || space === undefined || fileKey === undefined) throw new SomnusError('invalid_request', 'Not a memory key file', { hint: '`somnus memory key-file FILE` makes one.' });
  return { user, space, fileKey };
}
