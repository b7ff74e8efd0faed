// Writes cpio archives in the "newc" format, which the Linux kernel unpacks as its initial RAM disk. Supports only what an initrd needs: folders,
// regular files, device nodes; all owned by root. Format: https://docs.kernel.org/driver-api/early-userspace/buffer-format.html

export type CpioEntry =
  | { kind: 'folder'; path: string }
  | { kind: 'file'; path: string; content: Uint8Array; executable?: boolean }
  | { kind: 'character device'; path: string; major: number; minor: number };

/** Paths are relative to the root, without a leading slash; a folder precedes its contents. The same entries give the same bytes. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  entries.forEach((entry, index) => {
    const content = entry.kind === 'file' ? entry.content : Buffer.alloc(0);
    const device = entry.kind === 'character device' ? entry : { major: 0, minor: 0 };
    parts.push(header(entry.path, index + 1, mode(entry), content.byteLength, device), padded(content));
  });
  parts.push(header('TRAILER!!!', 0, 0, 0, { major: 0, minor: 0 }));
  return Buffer.concat(parts);
}

function mode(entry: CpioEntry): number {
  if (entry.kind === 'folder') return 0o040755;
  if (entry.kind === 'character device') return 0o020600;
  return entry.executable ? 0o100755 : 0o100644;
}

function header(path: string, inode: number, fileMode: number, size: number, device: { major: number; minor: number }): Buffer {
  const name = Buffer.from(`${path}\0`);
  // magic, inode, mode, uid, gid, links, mtime, size, device of the file (2), device number of a node (2), length of the name, checksum
  const fields = [inode, fileMode, 0, 0, 1, 0, size, 0, 0, device.major, device.minor, name.byteLength, 0];
  const text = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return padded(Buffer.concat([Buffer.from(text), name]));
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.byteLength % 4)) % 4)]);
}
