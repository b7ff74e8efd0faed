// Filters the archive of results from a container: passes on only plain files, folders, and links within it. The program in the container is not trusted, and root unpacks the archive in the VM.
import { normalize } from 'node:path/posix';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack, type Header } from 'tar-stream';

export interface Results {
  /** The filtered archive. */
  content: Readable;
  /** Settles when the archive is complete, with the names of entries that were left out. @throws the error of the source */
  done: Promise<string[]>;
}

const MODE = 0o755;

/** @param top the only name that may be at the top of the archive */
export function safeResults(source: Readable, top: string): Results {
  const packed = pack();
  const content = new PassThrough();
  pipeline(packed, content).catch(() => {}); // reported to the reader
  const done = (async () => {
    const leftOut: string[] = [];
    const archive = extract();
    const fed = pipeline(source, archive);
    fed.catch(() => {}); // awaited below
    for await (const entry of archive) {
      const { header } = entry;
      const passed = passedHeader(header, top);
      if (passed === undefined) {
        leftOut.push(header.name);
        entry.resume();
        continue;
      }
      if (passed.type === 'file') await pipeline(entry, packed.entry(passed));
      else {
        entry.resume();
        await new Promise<void>((resolve, reject) => { packed.entry(passed, (error) => { if (error) reject(error); else resolve(); }); });
      }
    }
    await fed;
    packed.finalize();
    return leftOut;
  })();
  done.catch((error: unknown) => packed.destroy(error as Error));
  return { content, done };
}

function passedHeader({ name, type, mode, size, linkname, mtime }: Header, top: string): (Partial<Header> & { name: string }) | undefined {
  const path = normalize(name).replace(/\/$/, '');
  if (path !== top && !path.startsWith(`${top}/`)) return undefined;
  const common = { name: path, mode: (mode ?? MODE) & 0o777, uid: 0, gid: 0, uname: '', gname: '', ...(mtime === undefined ? {} : { mtime }) };
  switch (type) {
    case 'file': return { ...common, type, size: size ?? 0 };
    case 'directory': return { ...common, type };
    // No `..`: its meaning depends on links in the path.
    case 'symlink': return path !== top && linkname != null && !linkname.startsWith('/') && !linkname.split('/').includes('..') ? { ...common, type, linkname } : undefined;
    default: return undefined; // devices, sockets, hard links
  }
}
