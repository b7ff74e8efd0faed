// Opening what lies in a folder that QEMU's user can write, or could write under an older version of Somnus: a QEMU that was taken over may have put a link, a FIFO or a
// device there. Nothing is followed, and no call waits for a peer. Everything here is checked on the opened file, never on its name.
import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { SomnusError } from '../../common/errors.ts';

/** Opens nothing but the name itself: Linux' O_PATH, which Node does not list. */
const O_PATH = 0o10_000_000;

/**
 * Opens a plain file that has one name only, so that it cannot be a file of somebody else. `flags` say how: reading when left out.
 * @throws corrupt when it is a link, a FIFO, a socket, a device or a folder, or has a second name; what `open` throws when it is not there
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
 * Connects to the unix socket at this very name, and to no other that a link leads to. `uid`: whose it must be.
 * The socket that is returned reports later errors; a server that never accepts makes no call wait.
 * @throws corrupt when it is no socket, or not of that user; what `open` throws when it is not there
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

/** What keeps a file from being used as ours: links and special files. */
export function isPlainFile(info: Stats): boolean {
  return info.isFile() && info.nlink === 1;
}

function notPlain(path: string, cause?: unknown): SomnusError {
  return new SomnusError('corrupt', `${path} is not a plain file`, { hint: 'Another program replaced it; check who can write to its folder.', details: { path }, cause });
}
