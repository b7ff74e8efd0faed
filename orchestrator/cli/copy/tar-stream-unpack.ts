// Unpacks a tar stream from a guest into a local folder. The guest is not trusted: nothing is written outside the folder or through a link,
// and no devices are created. Keeps permissions including set-id bits, as `docker cp` and tar do, and reports files that have such bits,
// since they are now programs that run as the user who copied them.
import { chmod, link, lstat, lutimes, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Extract, type Header } from 'tar-stream';
import { SomnusError } from '../../../common/errors.ts';
import { writeFromSparseEntry, writeSparse } from './sparse-file.ts';

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

export interface Unpacked { files: number; skipped: string[]; setId: string[] }

/** Replaces existing files and merges folders. @throws SomnusError `invalid_request` for an archive that reaches outside the folder */
export async function unpackInto(folder: string, content: Readable): Promise<Unpacked> {
  const unpacking = new Unpacking(folder);
  const archive = extract();
  const fed = pipeline(content, archive);
  const read = (async () => {
    for await (const entry of archive) await unpacking.add(entry);
  })();
  await Promise.all([fed, read]);
  await unpacking.finish();
  return { files: unpacking.files.size, skipped: unpacking.skipped, setId: unpacking.setId };
}

class Unpacking {
  readonly files = new Set<string>();
  readonly skipped: string[] = [];
  readonly setId: string[] = [];
  readonly #root: string;
  /** Folders verified to be real folders. */
  readonly #folders = new Set<string>();
  /** Set last: a folder may forbid writing, and files must not go through a link. */
  readonly #folderHeaders: { path: string; header: Header }[] = [];
  readonly #links: { path: string; target: string }[] = [];

  constructor(root: string) {
    this.#root = resolve(root);
    this.#folders.add(this.#root);
  }

  async add(entry: Entry): Promise<void> {
    const { header } = entry;
    const pax = header.pax as Record<string, string | undefined> | null | undefined;
    const holes = pax?.['GNU.sparse.major'] === '1' ? { name: pax['GNU.sparse.name'], bytes: Number(pax['GNU.sparse.realsize']) } : undefined;
    const path = this.#inside(holes?.name ?? header.name);
    switch (header.type) {
      case 'file':
      case 'contiguous-file':
        await this.#makeFolder(dirname(path));
        await removeFile(path);
        if (holes === undefined) await writeSparse(path, bytesOf(entry));
        else await writeFromSparseEntry(path, bytesOf(entry), Number.isSafeInteger(holes.bytes) ? holes.bytes : 0);
        await chmod(path, permissions(header));
        await setTime(path, header);
        if ((header.mode & 0o6000) !== 0) this.setId.push(path);
        this.files.add(path);
        return;
      case 'directory':
        await this.#makeFolder(path);
        if (path !== this.#root) this.#folderHeaders.push({ path, header });
        break;
      case 'symlink':
        this.#links.push({ path, target: header.linkname });
        break;
      case 'link': {
        const target = this.#inside(header.linkname);
        if (!this.files.has(target)) throw outside(header.name);
        await this.#makeFolder(dirname(path));
        await removeFile(path);
        await link(target, path);
        this.files.add(path);
        break;
      }
      default:
        this.skipped.push(header.name);
    }
    await drain(entry);
  }

  async finish(): Promise<void> {
    for (const { path, target } of this.#links) {
      await this.#makeFolder(dirname(path));
      await removeFile(path);
      await symlink(target, path);
    }
    for (const { path, header } of this.#folderHeaders.toReversed()) {
      await chmod(path, permissions(header));
      await setTime(path, header);
    }
  }

  #inside(name: string): string {
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (name.startsWith('/') || parts.includes('..') || name.includes('\0')) throw outside(name);
    return join(this.#root, ...parts);
  }

  /** Creates a folder and its parents up to the root, replacing links in the way by folders. */
  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await this.#makeFolder(dirname(path));
    const info = await lstat(path).catch(() => undefined);
    if (info?.isSymbolicLink()) await rm(path);
    if (info === undefined || info.isSymbolicLink()) await mkdir(path, 0o700);
    else if (!info.isDirectory()) throw new SomnusError('invalid_request', `${path} is not a folder, so a folder cannot be copied there`, { hint: 'Move it away, or copy to another path.' });
    this.#folders.add(path);
  }
}

async function removeFile(path: string): Promise<void> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isDirectory()) throw new SomnusError('invalid_request', `${path} is a folder, so a file cannot be copied there`, { hint: 'Move it away, or copy to another path.' });
  if (info !== undefined) await rm(path);
}

function bytesOf(entry: Entry): AsyncIterable<Buffer> {
  return entry as AsyncIterable<Buffer>;
}

async function drain(entry: Entry): Promise<void> {
  entry.resume();
  if (!entry.destroyed) await new Promise<void>((resolve) => entry.once('close', () => resolve()));
}

function permissions(header: Header): number {
  return header.mode & 0o7777;
}

async function setTime(path: string, header: Header): Promise<void> {
  await lutimes(path, header.mtime, header.mtime);
}

function outside(name: string): SomnusError {
  return new SomnusError('invalid_request', `The guest's archive has an entry that reaches outside the folder: ${name}`, { hint: 'Nothing was written for this entry; copy single files instead.' });
}
