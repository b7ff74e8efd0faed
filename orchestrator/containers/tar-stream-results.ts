// What a container hands back to the VM: an archive of which only plain files, folders and links within it are passed on. Its program is not trusted, and the archive is unpacked by root.
import { normalize } from 'node:path/posix';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack, type Header } from 'tar-stream';

export interface Results {
  /** The archive with what may pass. */
  content: Readable;
  /** Settles when it is complete, with the names of what was left out. @throws the error of the source */
  done: Promise<string[]>;
}

const MODE = 0o755;

/** @param top the only name that may be at the top of the archive */
export function safeResults(source: Readable, top: string): Results {
  const packed = pack();
  const content = new PassThrough();
  pipeline(packed, content).catch(() => {}); // goes to the reader
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
    // Without `..`: what that means depends on links on the way.
    case 'symlink': return path !== top && linkname != null && !linkname.startsWith('/') && !linkname.split('/').includes('..') ? { ...common, type, linkname } : undefined;
    default: return undefined; // devices, sockets, hard links
  }
}
