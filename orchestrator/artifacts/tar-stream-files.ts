// Turns the files of a version into an archive, and the archive of a run's result folder into stored contents. The archive comes from a program that is not trusted: only plain files within the folder are taken.
import { normalize } from 'node:path/posix';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import { ArtifactPath, type StoredFile } from './artifact.ts';
import type { BlobStore, BlobWriter } from '../store/blob-store.ts';

/** The archive fails with `corrupt` when a content is damaged. */
export function packFiles(files: readonly StoredFile[], blobs: Pick<BlobStore, 'stream'>): Readable {
  const packed = pack();
  const work = (async () => {
    for (const { path, sizeBytes, sha256, executable } of files) await pipeline(blobs.stream(sha256), packed.entry({ name: path, size: sizeBytes, mode: executable ? 0o755 : 0o644 }));
    packed.finalize();
  })();
  work.catch((error: unknown) => packed.destroy(error as Error));
  const content = new PassThrough();
  pipeline(packed, content).catch(() => {}); // reported to the reader
  return content;
}

export interface TakenFiles {
  files: StoredFile[];
  /** Names of what was not taken: links, devices, and what exceeds the limits. */
  leftOut: string[];
  /** Ends the use of the contents: when rows name them, or they are not needed. Repeatable. */
  release(): Promise<void>;
}

export interface TakeLimits { bytes: number; files: number }

/** How much is read and dropped, as a multiple of the limit, before the rest of the archive is not read at all. */
const PATIENCE = 16;

/** @param folder the name of the folder within the archive; '.' if the paths start in it. @throws what the source and the store throw */
export async function takeFiles(source: Readable, folder: string, blobs: Pick<BlobStore, 'writer'>, limits: TakeLimits): Promise<TakenFiles> {
  const taken = new Map<string, { file: StoredFile; writer: BlobWriter }>();
  const leftOut: string[] = [];
  const release = async (): Promise<void> => { for (const { writer } of taken.values()) await writer.release(); };
  let [usedBytes, droppedBytes] = [0, 0];
  const archive = extract();
  const fed = pipeline(source, archive);
  fed.catch(() => {}); // awaited below
  try {
    for await (const entry of archive) {
      const { name, type, mode, size } = entry.header;
      const path = pathWithin(name, folder);
      const fits = usedBytes + size <= limits.bytes && taken.size < limits.files;
      if (type !== 'file' || path === undefined || !ArtifactPath.safeParse(path).success || taken.has(path) || !fits) {
        if (type !== 'directory') leftOut.push(path ?? name);
        droppedBytes += size;
        if (droppedBytes > PATIENCE * limits.bytes) {
          leftOut.push('everything after it');
          source.destroy();
          return { files: filesOf(taken.values()), leftOut, release };
        }
        entry.resume();
        continue;
      }
      const writer = await blobs.writer();
      const file = { path, sizeBytes: size, sha256: '', executable: (mode & 0o100) !== 0 };
      taken.set(path, { file, writer });
      for await (const chunk of entry as AsyncIterable<Buffer>) await writer.write(chunk);
      file.sha256 = (await writer.finish()).sha256;
      usedBytes += size;
    }
    await fed;
  } catch (error) {
    await release();
    throw error;
  }
  return { files: filesOf(taken.values()), leftOut, release };
}

function filesOf(taken: Iterable<{ file: StoredFile }>): StoredFile[] {
  return Array.from(taken, ({ file }) => file).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function pathWithin(name: string, folder: string): string | undefined {
  const path = normalize(name).replace(/\/$/, '');
  if (folder === '.') return path;
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
}
