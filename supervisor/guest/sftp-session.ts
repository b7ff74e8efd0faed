// An SFTP session in a guest: one program there, sftp-server, that carries out requests one after the other, where a script starts a program for each step.
import type { InputAttributes, SFTPWrapper, Stats } from 'ssh2';

type Done<T> = (error?: Error | null, value?: T) => void;

/** The code of SFTP's answer that a file does not exist. */
const NO_SUCH_FILE = 2;

export class SftpSession {
  readonly #sftp: SFTPWrapper;
  readonly #ended = Promise.withResolvers<never>();
  #open = true;

  constructor(sftp: SFTPWrapper) {
    this.#sftp = sftp;
    this.#ended.promise.catch(() => {}); // a session may end between two requests
    const close = (): void => this.#fail(new Error('The SFTP session ended'));
    sftp.on('error', () => this.end()).on('end', close).on('close', close);
  }

  get isOpen(): boolean { return this.#open; }

  /** Describes what a path names, without following a link; undefined when nothing is there. */
  async lstat(path: string): Promise<Stats | undefined> {
    return await this.#request<Stats>((done) => this.#sftp.lstat(path, done)).catch((error: { code?: unknown }) => {
      if (error.code === NO_SUCH_FILE) return undefined;
      throw error;
    });
  }

  /** Creates a file and returns its handle. @throws when there is one already */
  async create(path: string, mode: number): Promise<Buffer> {
    return await this.#request<Buffer>((done) => this.#sftp.open(path, 'wx', { mode }, done));
  }

  /** Writes the content, sets each of the attributes in turn, and closes the file: sent at once, carried out in this order. @throws when any of it failed */
  async fill(handle: Buffer, content: Buffer, attributes: readonly InputAttributes[]): Promise<void> {
    const requests = [
      ...content.length === 0 ? [] : [this.#request((done) => this.#sftp.write(handle, content, 0, content.length, 0, done))],
      ...attributes.map((each) => this.#request((done) => this.#sftp.fsetstat(handle, each, done))),
      this.#request((done) => this.#sftp.close(handle, done)),
    ];
    await Promise.allSettled(requests);
    await Promise.all(requests);
  }

  /** Renames a file, and replaces the file that has the new name. */
  async rename(from: string, to: string): Promise<void> {
    await this.#request((done) => this.#sftp.ext_openssh_rename(from, to, done));
  }

  /** Ends the session; requests that have no answer fail. Repeatable. */
  end(error: Error = new Error('The SFTP session was ended')): void {
    if (!this.#open) return;
    this.#fail(error);
    this.#sftp.end();
  }

  async #request<T = unknown>(send: (done: Done<T>) => void): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      if (!this.#open) reject(new Error('The SFTP session has ended'));
      else send((error, value) => { if (error) reject(error); else resolve(value as T); });
    });
    return await Promise.race([answer, this.#ended.promise]);
  }

  #fail(error: Error): void {
    this.#open = false;
    this.#ended.reject(error);
  }
}
