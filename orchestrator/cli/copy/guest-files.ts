// The …/files path of the API, as the copy commands use it.
import type { Readable } from 'node:stream';
import { SomnusError } from '../../../common/errors.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Kind } from './copy-place.ts';

/** Same names as in answers.ts, whose schemas are slow to load. A test compares the two. */
export const fileHeaders = { type: 'x-somnus-file-type', sizeBytes: 'x-somnus-file-size', mode: 'x-somnus-file-mode', modified: 'x-somnus-file-modified' } as const;

const filesPath = '/v1/environments/{ref}/files';

export interface GuestFile { kind: Kind; sizeBytes: number; mode: number; modified: Date | undefined }

export class GuestFiles {
  readonly #api: ApiClient;
  readonly #name: string;

  readonly #signal: AbortSignal;

  /** The signal cancels the transfer. */
  constructor(api: ApiClient, name: string, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    this.#name = name;
  }

  /** Reads the kind and size of a path. @throws not_found when there is no such environment, invalid_state when it is not running */
  async stat(path: string): Promise<GuestFile> {
    try {
      const response = await this.#api.open('head', filesPath, { path: { ref: this.#name }, query: { path }, signal: this.#signal });
      response.resume();
      const header = (name: string): string => String(response.headers[name] ?? '');
      const modified = new Date(header(fileHeaders.modified));
      return {
        kind: kindOf(header(fileHeaders.type)),
        sizeBytes: Number(header(fileHeaders.sizeBytes)) || 0,
        mode: Number.parseInt(header(fileHeaders.mode), 8) & 0o7777,
        modified: Number.isNaN(modified.getTime()) ? undefined : modified,
      };
    } catch (error) {
      // A HEAD answer has no body, so it cannot say what is missing or why. Asking for the environment can.
      if (!(error instanceof SomnusError) || error.details['status'] !== undefined) throw error;
      if (error.code !== 'not_found') throw await this.#reason(path, error);
      await this.#api.call('get', '/v1/environments/{ref}', { path: { ref: this.#name } });
      return { kind: 'missing', sizeBytes: 0, mode: 0, modified: undefined };
    }
  }

  /** The bytes of a file, or of a tar with a folder's content. */
  async read(path: string, archive: boolean): Promise<Readable> {
    return await this.#api.open('get', filesPath, { path: { ref: this.#name }, query: { path, archive: archive ? 'tar' : undefined }, signal: this.#signal });
  }

  /** Writes a file, or unpacks a tar into a folder. */
  async write(path: string, content: Readable, options: { archive?: boolean; mode?: number; sizeBytes?: number; onBytes: (count: number) => void }): Promise<void> {
    await this.#api.call('put', filesPath, {
      path: { ref: this.#name }, query: { path, archive: options.archive ? 'tar' : undefined, mode: options.mode?.toString(8).padStart(4, '0') }, timeoutMs: neverMs, signal: this.#signal,
      upload: { content, type: options.archive ? 'application/x-tar' : 'application/octet-stream', sizeBytes: options.sizeBytes, onBytes: options.onBytes },
    });
  }

  /** Sends the same request as GET, whose answer names the reason. */
  async #reason(path: string, otherwise: SomnusError): Promise<unknown> {
    try {
      (await this.read(path, false)).destroy();
      return otherwise;
    } catch (error) {
      return error;
    }
  }
}

/** Uploads have no time limit; this is the largest delay of a timer. */
const neverMs = 2 ** 31 - 1;

function kindOf(type: string): Kind {
  return type === 'file' || type === 'directory' ? type : 'other';
}
