// Opens files in a folder that QEMU's user can write, or could under an older version of Somnus: a compromised QEMU may have put a link, a FIFO or a
// device there. Links are not followed, and no call waits for a peer. All checks are made on the opened file, never on its name.
import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { SomnusError } from '../../common/errors.ts';

/** Opens only the name itself: Linux's O_PATH, which Node does not define. */
const O_PATH = 0o10_000_000;

/**
 * Opens a plain file with only one name, so that it cannot be another user's file. `flags` default to reading.
 * @throws corrupt when it is a link, a FIFO, a socket, a device or a folder, or has a second name; whatever `open` throws when it is missing
 */
export async function openPlainFile(path: string, flags: number = constants.O_RDONLY): Promise<FileHandle> {
  const file = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw ['ELOOP', 'ENXIO', 'EISDIR'].includes((cause as NodeJS.ErrnoException).code ?? '') ? notPlain(path, cause) : cause;
  });
  const info = await file.stat();
  if (info.isFile() && info.nlink === 1) return file;
  await file.close();
  throw notPlain(path);
}

/**
 * Connects to the unix socket with exactly this name, never through a link. `uid` is its required owner. The returned socket reports later errors; a
 * server that never accepts does not block the call.
 * @throws corrupt when it is not a socket, or not owned by that user; whatever `open` throws when it is missing
 */
export async function connectToSocket(path: string, { uid }: { uid?: number } = {}): Promise<Socket> {
  const file = await open(path, O_PATH | constants.O_NOFOLLOW);
  try {
    const info = await file.stat();
    if (!info.isSocket() || (uid !== undefined && info.uid !== uid)) throw new SomnusError('corrupt', `${path} is not the socket it should be`, { details: { path, uid: info.uid } });
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const socket = createConnection(`/proc/self/fd/${file.fd}`);
    socket.once('error', reject).once('connect', () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
    return await promise;
  } finally {
    await file.close();
  }
}

/** Whether the file is neither a link nor a special file, so that it can be used as ours. */
export function isPlainFile(info: Stats): boolean {
  return info.isFile() && info.nlink === 1;
}

function notPlain(path: string, cause?: unknown): SomnusError {
  return new SomnusError('corrupt', `${path} is not a plain file`, { hint: 'Another program replaced it; check who can write to its folder.', details: { path }, cause });
}
