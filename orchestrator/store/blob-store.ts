// Contents by their SHA-256, each stored once as a file. A content is on disk before the call that stored it returns, so a row that names it never lacks it.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { syncFolder } from '../../common/durable-file.ts';
import { SomnusError } from '../../common/errors.ts';

export interface StoredBlob { sha256: string; sizeBytes: number; truncated: boolean }

const NAME = /^[0-9a-f]{64}$/;
const STAGING = /^staging-/;

/** Only one process may use a folder at a time. */
export class BlobStore {
  readonly #folder: string;
  /** Contents that are being stored or that no row names yet, with the number of their users. `collect` keeps them. */
  readonly #pinned = new Map<string, number>();
  readonly #staging = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Stores contents, and keeps them at least until `use`, which records who needs them, has returned. Repeatable. @throws insufficient_space; what `use` throws */
  async keep<T>(contents: readonly Uint8Array[], use: (stored: StoredBlob[]) => T): Promise<T> {
    const writers: BlobWriter[] = [];
    try {
      const stored: StoredBlob[] = [];
      for (const content of contents) {
        const writer = await this.writer();
        writers.push(writer);
        await writer.write(content);
        stored.push(await writer.finish());
      }
      return use(stored);
    } finally {
      for (const writer of writers) await writer.release();
    }
  }

  /** For a content that arrives in parts; what exceeds `limitBytes` is dropped. The caller must call `release` when a row names it, or it is not needed. */
  async writer(limitBytes = Infinity): Promise<BlobWriter> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const name = `staging-${randomBytes(8).toString('hex')}`;
    const path = join(this.#folder, name);
    this.#staging.add(name);
    let pinned: string | undefined;
    const file = await open(path, 'wx', 0o600);
    return new BlobWriter(file, limitBytes, async (sha256) => {
      if (sha256 !== undefined && pinned === undefined) {
        this.#pinned.set(sha256, (this.#pinned.get(sha256) ?? 0) + 1);
        pinned = sha256;
        await this.#adopt(path, sha256);
      } else if (sha256 === undefined) {
        await rm(path, { force: true });
        if (pinned !== undefined) this.#unpin(pinned);
        pinned = undefined;
      }
      this.#staging.delete(name);
    });
  }

  pathOf(sha256: string): string {
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }

  /** @throws corrupt when the content is missing or damaged */
  async read(sha256: string): Promise<Buffer> {
    const content = await readFile(this.pathOf(sha256)).catch((cause: unknown) => { throw damaged(sha256, 'cannot be read', cause); });
    if (createHash('sha256').update(content).digest('hex') !== sha256) throw damaged(sha256, 'does not have its hash');
    return content;
  }

  /** For contents that may be large. The stream ends with `corrupt` when the content is damaged. */
  stream(sha256: string): Readable {
    const source = createReadStream(this.pathOf(sha256));
    return source.compose(async function* checked(chunks: AsyncIterable<Buffer>) {
      const hash = createHash('sha256');
      try {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      } catch (cause) {
        throw damaged(sha256, 'cannot be read', cause);
      }
      if (hash.digest('hex') !== sha256) throw damaged(sha256, 'does not have its hash');
    }) as Readable;
  }

  /** Deletes contents that no row names, and what a crash left of unfinished ones. */
  async collect(isNeeded: (sha256: string) => boolean): Promise<number> {
    let deleted = 0;
    for (const name of await readdir(this.#folder).catch(() => [])) {
      if (STAGING.test(name)) {
        if (!this.#staging.has(name)) await rm(join(this.#folder, name), { force: true });
        continue;
      }
      for (const sha256 of await readdir(join(this.#folder, name)).catch(() => [])) {
        if (!NAME.test(sha256) || this.#pinned.has(sha256) || isNeeded(sha256)) continue;
        rmSync(this.pathOf(sha256), { force: true }); // in the same turn as the checks, so that no caller can find the file in between
        deleted += 1;
      }
    }
    return deleted;
  }

  async #adopt(staging: string, sha256: string): Promise<void> {
    const path = this.pathOf(sha256);
    const folder = join(this.#folder, sha256.slice(0, 2));
    const [existing, staged] = [await stat(path).catch(() => undefined), await stat(staging)];
    if (existing?.size === staged.size && createHash('sha256').update(await readFile(path)).digest('hex') === sha256) return await rm(staging, { force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rename(staging, path); // also replaces a damaged one
    await syncFolder(folder);
    await syncFolder(this.#folder);
  }

  #unpin(sha256: string): void {
    const users = (this.#pinned.get(sha256) ?? 1) - 1;
    if (users > 0) this.#pinned.set(sha256, users);
    else this.#pinned.delete(sha256);
  }
}

export class BlobWriter {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  readonly #settle: (sha256: string | undefined) => Promise<void>;
  readonly #limitBytes: number;
  #sizeBytes = 0;
  #truncated = false;
  #open = true;

  /** `settle` gets the hash when the content is complete, and undefined when it is no longer used. */
  constructor(file: FileHandle, limitBytes: number, settle: (sha256: string | undefined) => Promise<void>) {
    this.#file = file;
    this.#limitBytes = limitBytes;
    this.#settle = settle;
  }

  /** @throws insufficient_space */
  async write(chunk: Uint8Array): Promise<void> {
    const kept = chunk.subarray(0, this.#limitBytes - this.#sizeBytes);
    if (kept.length < chunk.length) this.#truncated = true;
    if (kept.length === 0) return;
    this.#hash.update(kept);
    this.#sizeBytes += kept.length;
    await this.#file.writeFile(kept);
  }

  /** The content is then on disk. */
  async finish(): Promise<StoredBlob> {
    await this.#file.sync();
    await this.#close();
    const sha256 = this.#hash.digest('hex');
    await this.#settle(sha256);
    return { sha256, sizeBytes: this.#sizeBytes, truncated: this.#truncated };
  }

  /** Ends its use. Repeatable, also without `finish`, which then deletes what was written. */
  async release(): Promise<void> {
    await this.#close();
    await this.#settle(undefined);
  }

  async #close(): Promise<void> {
    if (this.#open) await this.#file.close();
    this.#open = false;
  }
}

function damaged(sha256: string, what: string, cause?: unknown): SomnusError {
  return new SomnusError('corrupt', `The stored content ${sha256} ${what}`, { hint: 'Write the version again from its source; other versions are not affected.', details: { sha256 }, cause });
}
