// The child process that loads libvirt: carries out calls one after the other, or listens for events. Started by libvirt-child-handle.ts only. Kept
// small: it lives exactly as long as its connection and its parent, and is replaced whenever something is wrong with it.
import koffi from 'koffi';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { LibvirtConnection, readUuid } from './libvirt-connection.ts';
import { loadLibvirt, type Libvirt, type Pointer } from './libvirt-ffi.ts';
import type { ChildSettings, FromChild, ToChild } from './libvirt-protocol.ts';
import { closeReasonWord, lifecycleWords, watchdogWord } from './libvirt-words.ts';
import type { LifecycleEventName } from './vm-driver.ts';

const KEEPALIVE_INTERVAL_S = 5;
const KEEPALIVE_COUNT = 3;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

const libc = koffi.load('libc.so.6');
const exitNow = libc.func('_exit', 'void', ['int']); // an ordinary exit waits for the event loop's thread, which never ends

libc.func('int prctl(int option, ulong value)')(PR_SET_PDEATHSIG, SIGKILL); // dies with its parent even when it hangs in a call
process.on('disconnect', () => exitNow(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {}); // a terminal sends these to the whole process group; the parent decides when to end

const settings = JSON.parse(process.argv[2] ?? '{}') as ChildSettings;
process.title = settings.events ? 'somnus-libvirt-events' : 'somnus-libvirt-calls';
try {
  const lib = loadLibvirt();
  if (settings.events) lib.registerEventLoop(); // libvirt requires this before the connection is opened
  const connection = new LibvirtConnection(lib, settings.uri);
  if (settings.events) listen(lib, connection);
  process.on('message', (message: ToChild) => {
    if (message.kind === 'ping') send({ kind: 'pong' });
    else carryOut(connection, message);
  });
  send({ kind: 'connected' });
} catch (error) {
  endWith(error instanceof SomnusError ? error : new SomnusError('unavailable', `libvirt cannot be loaded: ${toSomnusError(error).message}`, { cause: error }));
}

function carryOut(connection: LibvirtConnection, { id, call, params }: Extract<ToChild, { kind: 'call' }>): void {
  send({ kind: 'begun', id });
  try {
    const work = connection[call].bind(connection) as (params: unknown) => unknown;
    send({ kind: 'done', id, result: work(params) });
  } catch (thrown) {
    const error = toSomnusError(thrown);
    if (connection.isOpen()) {
      send({ kind: 'refused', id, error: error.toJSON() });
      return;
    }
    const lost = new SomnusError('unavailable', `The connection to libvirt broke during ${call}: ${error.message}`, { details: { ...error.details, begun: true } });
    send({ kind: 'refused', id, error: lost.toJSON() });
    endWith(lost);
  }
}

function listen(lib: Libvirt, connection: LibvirtConnection): void {
  const must = (what: string, result: number): void => {
    if (result < 0) throw new SomnusError('unavailable', `libvirt refused ${what}: ${lib.lastError()?.message ?? 'no reason given'}`);
  };
  const sendEvent = (domain: Pointer, words: { event: LifecycleEventName; detail: string }): void => send({ kind: 'lifecycle', event: { name: lib.domainName(domain), uuid: readUuid(lib, domain), ...words, atMs: Date.now() } });
  must('lifecycle events', lib.onLifecycle(connection.pointer, (domain, event, detail) => {
    const words = lifecycleWords(event, detail);
    if (words) sendEvent(domain, words);
  }));
  must('reboot events', lib.onReboot(connection.pointer, (domain) => sendEvent(domain, { event: 'rebooted', detail: 'reset' })));
  must('watchdog events', lib.onWatchdog(connection.pointer, (domain, action) => sendEvent(domain, { event: 'watchdog', detail: watchdogWord(action) })));
  must('a close callback', lib.onClose(connection.pointer, (reason) => {
    endWith(new SomnusError('unavailable', `The connection to libvirt was closed (${closeReasonWord(reason)})`));
  }));
  lib.keepAlive(connection.pointer, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT); // an in-process hypervisor has no keepalive; that is not an error
  const turn = (): void => lib.runEventLoopOnce((error, result) => {
    if (error || result < 0) endWith(new SomnusError('unavailable', "libvirt's event loop failed", { cause: error }));
    else turn();
  });
  turn();
}

function send(message: FromChild): void {
  process.send?.(message);
}

function endWith(error: SomnusError): void {
  process.send?.({ kind: 'lost', error: error.toJSON() } satisfies FromChild, () => exitNow(1));
}
