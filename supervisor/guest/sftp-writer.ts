// Writes small files over SFTP: four round trips to one program that keeps running, instead of a script in which each step starts a program, which takes
// tens of milliseconds in an emulated guest. The script handles the cases that SFTP cannot, and those that need an explanation.
import { sleep, untilAborted, withDeadline } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { SftpSession } from './sftp-session.ts';

/** Fits into one SFTP request, and is too small for holes, which the script would keep. */
const MOST_BYTES = 32 * 1024;
/** How long a session is kept for the next file. */
const KEEP_MS = 30_000;
/** How long a file waits for the previous one; a file system in the guest may hang. */
const WAIT_MS = 1000;
const WRITE_MS = 60_000;
const OPEN_MS = 10_000;
/** Pause after a guest offered no SFTP or did not answer. */
const RETRY_AFTER_MS = 600_000;
const REGULAR_FILE = { mask: 0o170_000, type: 0o100_000 };
const PERMISSIONS = 0o7777;

export interface SmallFile {
  path: string;
  /** Suffix for the name of the temporary file beside `path`. */
  temporaryName: string;
  content: Buffer;
  /** Default: the mode of the replaced file, whose owner is also kept, otherwise 0644. */
  mode: number | undefined;
}

export class SftpWriter {
  readonly #open: (signal: AbortSignal) => Promise<SftpSession | undefined>;
  #session: SftpSession | undefined;
  #inUse: Promise<unknown> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #notBefore = 0;

  /** `open` starts a session; it returns undefined if the guest's SSH server allows none now. */
  constructor(open: (signal: AbortSignal) => Promise<SftpSession | undefined>) {
    this.#open = open;
  }

  /**
   * Replaces the file atomically. @returns false if a script should write the file instead; the temporary file may then exist.
   * @throws guest_unreachable, timeout, cancelled; it is then unknown whether the file was replaced, and the temporary file may exist
   */
  async write(file: SmallFile, signal?: AbortSignal): Promise<boolean> {
    if (file.content.length > MOST_BYTES || performance.now() < this.#notBefore) return false;
    const giveUpAt = performance.now() + WAIT_MS;
    while (this.#inUse) {
      await untilAborted(Promise.race([this.#inUse, sleep(Math.max(0, giveUpAt - performance.now()))]), signal);
      if (performance.now() >= giveUpAt) return false;
    }
    const work = withDeadline('Writing a file in the VM', WRITE_MS, signal, async (deadline) => await this.#writeNow(file, deadline));
    this.#inUse = work.catch(() => {}).finally(() => { this.#inUse = undefined; });
    return await work;
  }

  async #writeNow(file: SmallFile, signal: AbortSignal): Promise<boolean> {
    clearTimeout(this.#idle);
    try {
      const session = await this.#openSession(signal);
      return session !== undefined && await untilAborted(replaceFile(session, file), signal);
    } catch (error) {
      this.#session?.end(); // the server may still be handling the request
      if (error instanceof SomnusError) throw error;
      return false;
    } finally {
      this.#idle = setTimeout(() => this.#session?.end(), KEEP_MS).unref();
    }
  }

  async #openSession(signal: AbortSignal): Promise<SftpSession | undefined> {
    if (this.#session?.isOpen) return this.#session;
    this.#session = await withDeadline('Opening an SFTP session', OPEN_MS, signal, this.#open).catch((error: unknown) => {
      if (error instanceof SomnusError && ['unavailable', 'timeout'].includes(error.code)) return undefined;
      throw error;
    });
    if (this.#session === undefined) this.#notBefore = performance.now() + RETRY_AFTER_MS;
    return this.#session;
  }
}

/** @returns false if a script must write the file @throws errors of SFTP */
async function replaceFile(session: SftpSession, { path, temporaryName, content, mode }: SmallFile): Promise<boolean> {
  const replaced = await session.lstat(path);
  if (replaced && (replaced.mode & REGULAR_FILE.mask) !== REGULAR_FILE.type) return false; // the script follows a link, and refuses anything else
  const temporary = `${path.slice(0, path.lastIndexOf('/') + 1)}${temporaryName}`;
  const handle = await session.create(temporary, 0o600);
  const owner = mode === undefined && replaced ? [{ uid: replaced.uid, gid: replaced.gid }] : [];
  await session.fill(handle, content, [...owner, { mode: mode ?? (replaced ? replaced.mode & PERMISSIONS : 0o644) }]); // changing the owner clears set-id bits
  await session.rename(temporary, path);
  return true;
}
