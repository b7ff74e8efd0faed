// Saves and loads the part of a VM that is not in its RAM file or on its disk: CPU registers and devices, about half a megabyte. With QEMU's
// capability `x-ignore-shared` a migration omits shared RAM, which is already in the file. QEMU migrates through a unix socket, because libvirt's
// sandbox allows it nothing else. The caller clones RAM and disk, in the order below.
//
// Hibernate or snapshot: saveDeviceState, which suspends → clone RAM and disk → end QEMU, or resume. The save flushes the disk; a saved VM resumes
// like any other.
// Wake, restore or fork: put RAM and disk in place → createFromXml(xml with `-incoming defer`, {paused: true}) → loadDeviceState → resume.
import { lchown, open, readFile, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { sleep, throwIfAborted, withDeadline } from '../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { runFiles } from '../domain/domain-xml.ts';
import { connectToSocket } from '../host/untrusted-files.ts';
import type { VmDriver } from '../libvirt/vm-driver.ts';

/** A save or a load takes about 30 ms; longer on a host that swaps or writes back. */
const TIMEOUT_MS = 30_000;
const CLEANUP_TIMEOUT_MS = 5_000;
const POLL_MS = 3;
/** About a hundred times what QEMU normally writes; limits how much a compromised QEMU can write to the pool. */
const LARGEST_STATE_BYTES = 64 << 20;
/** Length of sun_path in Linux, without the terminating zero. */
const LONGEST_SOCKET_PATH = 107;

export interface DeviceStateOptions {
  domainName: string;
  /**
   * The VM's folder for sockets, owned by root, where QEMU connects to send its state. To receive one, QEMU listens in the folder `qemu` in it, owned
   * by `user`.
   */
  runDir: string;
  /** The user that QEMU runs as. */
  user: { uid: number; gid: number };
  /** The file that the state is written to or read from. */
  file: string;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
}

export interface SaveDeviceStateOptions extends DeviceStateOptions {
  /** Suspends a running VM once everything is prepared, to keep the pause as short as possible. Without it, the VM must already be suspended. */
  suspend?: (() => Promise<void>) | undefined;
  /** Does what must happen while the VM is suspended, and may resume it. Runs before the clean-up, which does not need the VM suspended. */
  whileSuspended?: (() => Promise<void>) | undefined;
}

/**
 * Writes the device state of a VM to `file`. The caller makes the file durable, and may resume the VM first. Unless `whileSuspended` resumes it, the VM
 * stays suspended, even on failure: resume it or try again. Overwrites `file`. Repeatable.
 * A VM that was saved before and has not been resumed since runs for a few milliseconds first, so its RAM and disk must be cloned again.
 * @throws SomnusError invalid_state when the VM is not suspended; libvirt when QEMU cannot save it; timeout, cancelled. No file remains then.
 */
export async function saveDeviceState(driver: VmDriver, options: SaveDeviceStateOptions): Promise<void> {
  const { domainName, file, suspend, whileSuspended } = options;
  await withSocketPath(options, join(options.runDir, runFiles.stateSocket), 'saving the device state', async (path, signal) => {
    if (!suspend && await requireStatus(driver, domainName, ['paused', 'postmigrate', 'io-error', 'prelaunch'], signal) === 'postmigrate') {
      await driver.resume(domainName, { signal }); // QEMU refuses to save again what has not run since
      await driver.suspend(domainName);
    }
    const qemu = await listenForQemu(path, options.user);
    const received = qemu.connection.then(async (socket) => await receive(socket, file, signal));
    received.catch(() => {}); // awaited below, perhaps only after something else has failed
    try {
      await ignoreShared(driver, domainName, true, signal);
      await suspend?.();
      await driver.monitor(domainName, 'migrate', { uri: `unix:${path}` }, { signal });
      await Promise.all([received, migrationEnd(driver, domainName, signal)]); // whichever fails first is the reason; the other only follows from it
      await whileSuspended?.();
    } catch (error) {
      qemu.close();
      await received.catch(() => {});
      await driver.monitor(domainName, 'migrate_cancel', {}, { timeoutMs: CLEANUP_TIMEOUT_MS }).catch(() => {}); // does nothing if it has ended
      await rm(file, { force: true });
      throw error;
    } finally {
      qemu.close();
      // If left on, libvirt's own save would omit the RAM.
      await ignoreShared(driver, domainName, false).catch(() => {});
    }
  });
}

/**
 * Loads `file` into a VM that waits for it (started with `-incoming defer`, paused). Afterwards the VM is suspended at the point where it was saved.
 * Cannot be repeated on the same VM: after a failed load it has ended or must be destroyed.
 * @throws SomnusError corrupt when QEMU does not accept the state; invalid_state when the VM does not wait for one; not_found without a file;
 * timeout, cancelled
 */
export async function loadDeviceState(driver: VmDriver, options: DeviceStateOptions): Promise<void> {
  const { domainName, file } = options;
  await withSocketPath(options, join(options.runDir, runFiles.qemuFolder, runFiles.stateSocket), 'loading the device state', async (path, signal) => {
    await requireStatus(driver, domainName, ['inmigrate'], signal);
    const state = await readFile(file).catch((cause: unknown) => { throw new SomnusError('not_found', `${file} cannot be read`, { details: { file }, cause }); });
    await ignoreShared(driver, domainName, true, signal);
    await driver.monitor(domainName, 'migrate-incoming', { uri: `unix:${path}` }, { signal }); // QEMU listens now
    const socket = quiet(await connectToSocket(path, { uid: options.user.uid })); // if QEMU hangs up halfway, its status has the reason, or it has ended
    try {
      socket.end(state);
      await migrationEnd(driver, domainName, signal);
    } catch (thrown) {
      const error = toSomnusError(thrown);
      if (['timeout', 'cancelled', 'unavailable'].includes(error.code)) throw error;
      throw new SomnusError('corrupt', `QEMU does not accept the device state in ${file}: ${error.message}`, {
        hint: `See libvirt's log for the domain: /var/log/libvirt/qemu/${domainName}.log.`, details: { ...error.details, file }, cause: error,
      });
    } finally {
      socket.destroy();
    }
    await ignoreShared(driver, domainName, false, signal);
  });
}

/** Runs `work` under the deadline with an unused path, and removes whatever is at the path afterwards. */
async function withSocketPath(options: DeviceStateOptions, path: string, what: string, work: (path: string, signal: AbortSignal) => Promise<void>): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new SomnusError('config_invalid', `${path} is too long for a socket`, { hint: 'Choose a data folder with a shorter path.', details: { path, longest: LONGEST_SOCKET_PATH } });
  }
  await rm(path, { force: true });
  let working: Promise<void> | undefined;
  try {
    await withDeadline(what, options.timeoutMs ?? TIMEOUT_MS, options.signal, async (signal) => await (working = work(path, signal)));
  } finally {
    await working?.catch(() => {}); // including its clean-up
    await rm(path, { force: true });
  }
}

/** Listens on a socket that only QEMU may connect to. */
async function listenForQemu(path: string, { uid, gid }: DeviceStateOptions['user']): Promise<{ connection: Promise<Socket>; close(): void }> {
  const { promise: connection, resolve, reject } = Promise.withResolvers<Socket>();
  const server = createServer((socket) => resolve(quiet(socket)));
  const { promise: listening, resolve: onListening, reject: onError } = Promise.withResolvers<void>();
  server.on('error', onError);
  server.listen({ path }, onListening);
  await listening;
  await lchown(path, uid, gid);
  return {
    connection,
    close: () => {
      server.close();
      reject(new SomnusError('cancelled', 'QEMU did not connect'));
      void connection.then((socket) => socket.destroy(), () => {});
    },
  };
}

async function receive(socket: Socket, file: string, signal: AbortSignal): Promise<void> {
  await using handle = await open(file, 'w', 0o600);
  let bytes = 0;
  for await (const chunk of addAbortSignal(signal, socket) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_STATE_BYTES) throw new SomnusError('libvirt', `QEMU sent a device state of more than ${LARGEST_STATE_BYTES >> 20} MiB`, { details: { call: 'migrate' } });
    await handle.writeFile(chunk);
  }
}

/** Ignores errors on a socket that has served its purpose. */
function quiet(socket: Socket): Socket {
  return socket.on('error', () => {});
}

/** Polls until the migration has completed or failed, because libvirt does not forward QEMU's event for it. */
async function migrationEnd(driver: VmDriver, name: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const migration = await driver.monitor(name, 'query-migrate', {}, { signal }) as { status?: string; 'error-desc'?: string };
    if (migration.status === 'completed') return;
    if (migration.status === 'failed' || migration.status === 'cancelled') {
      const reason = migration['error-desc'] ?? migration.status;
      throw new SomnusError('libvirt', `QEMU's migration failed: ${reason}`, { details: { call: 'migrate', qemuReason: reason } });
    }
    await sleep(POLL_MS, signal);
  }
}

async function ignoreShared(driver: VmDriver, name: string, state: boolean, signal?: AbortSignal): Promise<void> {
  const options = signal ? { signal } : { timeoutMs: CLEANUP_TIMEOUT_MS };
  await driver.monitor(name, 'migrate-set-capabilities', { capabilities: [{ capability: 'x-ignore-shared', state }] }, options);
}

async function requireStatus(driver: VmDriver, name: string, allowed: string[], signal: AbortSignal): Promise<string> {
  throwIfAborted(signal);
  const { status } = await driver.monitor(name, 'query-status', {}, { signal }) as { status: string };
  if (!allowed.includes(status)) throw new SomnusError('invalid_state', `The VM's state in QEMU is ${status}, not ${allowed[0]}`, { details: { qemuStatus: status } });
  return status;
}
