// Packs a local folder as a tar stream.
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Header, type Pack } from 'tar-stream';
import { SomnusError } from '../../../common/errors.ts';
import { dataMapOf, hasHoles, sparseMapText } from './sparse-file.ts';

type EntryHeader = Partial<Header> & Pick<Header, 'name'>;

export interface PackedFolder {
  content: Readable;
  /** Known when `content` has ended. */
  files(): number;
  skipped(): readonly string[];
}

/** Entries are named `prefix/…`, or as in the folder without a prefix. Keeps symlinks, hard links within the folder and holes; skips sockets, pipes and devices. */
export function packFolder(folder: string, prefix: string): PackedFolder {
  const archive = pack();
  let files = 0;
  const skipped: string[] = [];
  /** Names of files that have several hard links, by device and inode. */
  const firstNames = new Map<string, string>();

  const addAll = async (path: string, name: string): Promise<void> => {
    for (const child of (await readdir(path)).toSorted()) await add(join(path, child), name === '' ? child : `${name}/${child}`);
  };
  const add = async (path: string, name: string): Promise<void> => {
    const info = await lstat(path);
    const header = { name, mode: info.mode & 0o7777, mtime: info.mtime, uid: 0, gid: 0, uname: 'root', gname: 'root' };
    if (info.isDirectory()) {
      await addEmpty(archive, { ...header, type: 'directory' });
      await addAll(path, name);
    } else if (info.isSymbolicLink()) await addEmpty(archive, { ...header, type: 'symlink', linkname: await readlink(path) });
    else if (info.isFile()) {
      const linkname = info.nlink > 1 ? firstNames.get(`${info.dev}:${info.ino}`) : undefined;
      if (linkname !== undefined) await addEmpty(archive, { ...header, type: 'link', linkname });
      else if (hasHoles(info)) await addSparseFile(archive, { ...header, type: 'file' }, path, info.size);
      else await addFile(archive, { ...header, type: 'file', size: info.size }, path);
      if (info.nlink > 1 && linkname === undefined) firstNames.set(`${info.dev}:${info.ino}`, name);
      files += 1;
    } else skipped.push(path);
  };
  const work = prefix === '' ? addAll(folder, '') : add(folder, prefix);
  work.then(() => archive.finalize(), (error: Error) => archive.destroy(error));
  return { content: Readable.from(archive), files: () => files, skipped: () => skipped };
}

async function addEmpty(archive: Pack, header: EntryHeader): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    archive.entry(header, '', (error) => (error == null ? resolve() : reject(error)));
  });
}

async function addFile(archive: Pack, header: EntryHeader & { size: number }, path: string): Promise<void> {
  if (header.size === 0) {
    await addEmpty(archive, header);
    return;
  }
  let sent = 0;
  const entry = archive.entry(header);
  // The size is written before the bytes, so data appended during the copy is not part of it.
  await pipeline(createReadStream(path, { end: header.size - 1, highWaterMark: 1024 * 1024 }), async function* exactly(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      sent += chunk.length;
      yield chunk;
    }
    if (sent < header.size) throw new SomnusError('invalid_request', `${path} shrank while it was being copied`, { hint: 'Copy it again when nothing writes to it.' });
  }, entry);
}

async function addSparseFile(archive: Pack, header: EntryHeader, path: string, sizeBytes: number): Promise<void> {
  const map = await dataMapOf(path, sizeBytes);
  const mapText = sparseMapText(map, sizeBytes);
  const dataBytes = map.reduce((total, { bytes }) => total + bytes, 0);
  const pax = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': header.name, 'GNU.sparse.realsize': String(sizeBytes) };
  const entry = archive.entry({ ...header, size: mapText.length + dataBytes, pax });
  await pipeline(async function* data() {
    yield mapText;
    for (const { offset, bytes } of map) {
      let sent = 0;
      for await (const chunk of createReadStream(path, { start: offset, end: offset + bytes - 1, highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
        sent += chunk.length;
        yield chunk;
      }
      if (sent < bytes) throw new SomnusError('invalid_request', `${path} shrank while it was being copied`, { hint: 'Copy it again when nothing writes to it.' });
    }
  }, entry);
}
