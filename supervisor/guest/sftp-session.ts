// An SFTP session in a guest: a single program there, sftp-server, handles all requests, whereas a script starts a program for each step.
import type { InputAttributes, SFTPWrapper, Stats } from 'ssh2';

type Done<T> = (error?: Error | null, value?: T) => void;

/** SFTP status code: the file does not exist. */
const NO_SUCH_FILE = 2;

export class SftpSession {
  readonly #sftp: SFTPWrapper;
  readonly #ended = Promise.withResolvers<never>();
  #open = true;

  constructor(sftp: SFTPWrapper) {
    this.#sftp = sftp;
    this.#ended.promise.catch(() => {}); // the session may end between two requests
    const close = (): void => this.#fail(new Error('The SFTP session ended'));
    sftp.on('error', () => this.end()).on('end', close).on('close', close);
  }

  get isOpen(): boolean { return this.#open; }

  /** Returns the attributes of a path without following a link; undefined if it does not exist. */
  async lstat(path: string): Promise<Stats | undefined> {
    return await this.#request<Stats>((done) => this.#sftp.lstat(path, done)).catch((error: { code?: unknown }) => {
      if (error.code === NO_SUCH_FILE) return undefined;
      throw error;
    });
  }

  /** Creates a file and returns its handle. @throws if it already exists */
  async create(path: string, mode: number): Promise<Buffer> {
    return await this.#request<Buffer>((done) => this.#sftp.open(path, 'wx', { mode }, done));
  }

  /** Writes the content, sets the attributes in turn, and closes the file. The requests are sent together and handled in this order. @throws if any of them fails */
  async fill(handle: Buffer, content: Buffer, attributes: readonly InputAttributes[]): Promise<void> {
    const requests = [
      ...content.length === 0 ? [] : [this.#request((done) => this.#sftp.write(handle, content, 0, content.length, 0, done))],
      ...attributes.map((each) => this.#request((done) => this.#sftp.fsetstat(handle, each, done))),
      this.#request((done) => this.#sftp.close(handle, done)),
    ];
    await Promise.allSettled(requests);
    await Promise.all(requests);
  }

  /** Renames a file, replacing any file with the new name. */
  async rename(from: string, to: string): Promise<void> {
    await this.#request((done) => this.#sftp.ext_openssh_rename(from, to, done));
  }

  /** Ends the session; pending requests fail. Repeatable. */
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
