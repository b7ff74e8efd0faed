// Saving and loading what a VM is besides its RAM file and its disk: CPU registers and devices, about half a megabyte.
// With QEMU's capability `x-ignore-shared` a migration leaves shared RAM out, since the file holds it already. QEMU migrates to and from a unix socket, because
// libvirt's sandbox allows it nothing else. Cloning RAM and disk, and in which order, is the caller's.
//
// Hibernate or snapshot: saveDeviceState, which suspends → clone RAM and disk → end QEMU, or resume. The disk is flushed by the save; a VM that was saved resumes as any other.
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

/** Either takes some 30 ms; a host that swaps or writes back takes longer. */
const TIMEOUT_MS = 30_000;
const CLEANUP_TIMEOUT_MS = 5_000;
const POLL_MS = 3;
/** Some hundred times what QEMU writes: a QEMU that was taken over is not to fill the pool. */
const LARGEST_STATE_BYTES = 64 << 20;
/** Length of sun_path in Linux, less its end. */
const LONGEST_SOCKET_PATH = 107;

export interface DeviceStateOptions {
  domainName: string;
  /** The VM's folder for sockets, which is root's: here QEMU connects to give its state away. In the folder `qemu` in it, which is `user`'s, QEMU listens to be given one. */
  runDir: string;
  /** Whom QEMU runs as. */
  user: { uid: number; gid: number };
  /** Where the state is written to, or read from. */
  file: string;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
}

export interface SaveDeviceStateOptions extends DeviceStateOptions {
  /** Suspends a VM that runs, once everything is prepared: it is to stand still for as short as can be. Without it, it must be suspended already. */
  suspend?: (() => Promise<void>) | undefined;
  /** What belongs to the same moment, and letting the VM go on: before the clean-up, for which nothing need stand still. */
  whileStill?: (() => Promise<void>) | undefined;
}

/**
 * Writes the device state of a VM to `file`; to make that durable is the caller's, who may let the VM run first. Unless `whileStill` resumes it, the VM stays suspended, also when
 * this fails: resume it or try again. Repeatable; overwrites `file`.
 * One that was saved before and not resumed since runs for a few milliseconds first, and is heard to: its RAM and disk are to be cloned anew.
 * @throws SomnusError invalid_state when the VM is not suspended; libvirt when QEMU cannot save it; timeout, cancelled. No file is left then.
 */
export async function saveDeviceState(driver: VmDriver, options: SaveDeviceStateOptions): Promise<void> {
  const { domainName, file, suspend, whileStill } = options;
  await withSocketPath(options, join(options.runDir, runFiles.stateSocket), 'saving the device state', async (path, signal) => {
    if (!suspend && await requireStatus(driver, domainName, ['paused', 'postmigrate', 'io-error', 'prelaunch'], signal) === 'postmigrate') {
      await driver.resume(domainName, { signal }); // QEMU saves no second time what has not run since
      await driver.suspend(domainName);
    }
    const qemu = await listenForQemu(path, options.user);
    const received = qemu.connection.then(async (socket) => await receive(socket, file, signal));
    received.catch(() => {}); // it is awaited below, perhaps only after something else has failed
    try {
      await ignoreShared(driver, domainName, true, signal);
      await suspend?.();
      await driver.monitor(domainName, 'migrate', { uri: `unix:${path}` }, { signal });
      await Promise.all([received, migrationEnd(driver, domainName, signal)]); // whichever fails first is the reason; the other only follows
      await whileStill?.();
    } catch (error) {
      qemu.close();
      await received.catch(() => {});
      await driver.monitor(domainName, 'migrate_cancel', {}, { timeoutMs: CLEANUP_TIMEOUT_MS }).catch(() => {}); // of one that has ended: nothing
      await rm(file, { force: true });
      throw error;
    } finally {
      qemu.close();
      // Left on, it would make a save by libvirt itself drop the RAM.
      await ignoreShared(driver, domainName, false).catch(() => {});
    }
  });
}

/**
 * Gives `file` to a VM that waits for it (started with `-incoming defer`, paused). Afterwards it stands where it was saved: suspended, to be resumed.
 * Not repeatable on the same VM: one that failed to load has ended, or is to be destroyed.
 * @throws SomnusError corrupt when QEMU does not accept the state; invalid_state when the VM does not wait for one; not_found without a file; timeout, cancelled
 */
export async function loadDeviceState(driver: VmDriver, options: DeviceStateOptions): Promise<void> {
  const { domainName, file } = options;
  await withSocketPath(options, join(options.runDir, runFiles.qemuFolder, runFiles.stateSocket), 'loading the device state', async (path, signal) => {
    await requireStatus(driver, domainName, ['inmigrate'], signal);
    const state = await readFile(file).catch((cause: unknown) => { throw new SomnusError('not_found', `${file} cannot be read`, { details: { file }, cause }); });
    await ignoreShared(driver, domainName, true, signal);
    await driver.monitor(domainName, 'migrate-incoming', { uri: `unix:${path}` }, { signal }); // QEMU listens now
    const socket = quiet(await connectToSocket(path, { uid: options.user.uid })); // when QEMU hangs up halfway, why is in its status, or it has ended
    try {
      socket.end(state);
      await migrationEnd(driver, domainName, signal);
    } catch (thrown) {
      const error = toSomnusError(thrown);
      if (['timeout', 'cancelled', 'unavailable'].includes(error.code)) throw error;
      throw new SomnusError('corrupt', `QEMU does not accept the device state in ${file}: ${error.message}`, {
        hint: `See libvirt's log of the domain, /var/log/libvirt/qemu/${domainName}.log.`, details: { ...error.details, file }, cause: error,
      });
    } finally {
      socket.destroy();
    }
    await ignoreShared(driver, domainName, false, signal);
  });
}

/** Runs `work` under the deadline with a path at which nothing is, and leaves nothing there. */
async function withSocketPath(options: DeviceStateOptions, path: string, what: string, work: (path: string, signal: AbortSignal) => Promise<void>): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new SomnusError('config_invalid', `${path} is too long for a socket`, { hint: 'Choose a data folder with a shorter path.', details: { path, longest: LONGEST_SOCKET_PATH } });
  }
  await rm(path, { force: true });
  let working: Promise<void> | undefined;
  try {
    await withDeadline(what, options.timeoutMs ?? TIMEOUT_MS, options.signal, async (signal) => await (working = work(path, signal)));
  } finally {
    await working?.catch(() => {}); // its clean-up too
    await rm(path, { force: true });
  }
}

/** Listens where QEMU, and none but it, may connect. */
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
    if (bytes > LARGEST_STATE_BYTES) throw new SomnusError('libvirt', `QEMU gives a device state of more than ${LARGEST_STATE_BYTES >> 20} MiB`, { details: { call: 'migrate' } });
    await handle.writeFile(chunk);
  }
}

/** A socket whose end, when it has served, is nobody's error. */
function quiet(socket: Socket): Socket {
  return socket.on('error', () => {});
}

/** Asks until the migration, either way, has ended: QEMU's own event for it does not pass through libvirt. */
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
