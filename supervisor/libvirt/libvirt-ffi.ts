// Declares the C functions of libvirt.so.0 and libvirt-qemu.so.0 that are used, and reads their structures (koffi). Low-level on purpose: it checks
// no results and frees nothing but strings; libvirt-connection.ts does. Loaded in the child process only.
import koffi from 'koffi';

/** A pointer into libvirt's memory; null where a function failed. */
export type Pointer = bigint | null;

export interface RawError {
  code: number;
  domain: number;
  message: string | null;
  level: number;
}

export interface NodeInfo {
  model: string;
  memoryKiB: number;
  cpus: number;
}

/** A record of counters: its domain and named values. */
interface StatsRecord {
  domain: Pointer;
  values: Map<string, number | string>;
}

/** An output parameter of a call. */
type Out<T> = [T | null];

export interface Libvirt {
  openConnection(uri: string): Pointer;
  closeConnection(connection: Pointer): number;
  isAlive(connection: Pointer): number;
  keepAlive(connection: Pointer, intervalS: number, count: number): number;
  uri(connection: Pointer): string | null;
  hostname(connection: Pointer): string | null;
  libraryVersion(connection: Pointer, out: Out<number | bigint>): number;
  hypervisorVersion(connection: Pointer, out: Out<number | bigint>): number;
  hypervisorType(connection: Pointer): string | null;
  nodeInfo(connection: Pointer, buffer: Buffer): number;
  freeMemoryBytes(connection: Pointer): number | bigint;
  capabilities(connection: Pointer): string | null;

  defineXml(connection: Pointer, xml: string, flags: number): Pointer;
  createXml(connection: Pointer, xml: string, flags: number): Pointer;
  lookupByName(connection: Pointer, name: string): Pointer;
  listAll(connection: Pointer, out: Out<bigint>, flags: number): number;
  freeDomain(domain: Pointer): number;
  undefine(domain: Pointer, flags: number): number;
  create(domain: Pointer, flags: number): number;
  suspend(domain: Pointer): number;
  resume(domain: Pointer): number;
  shutdown(domain: Pointer, flags: number): number;
  reboot(domain: Pointer, flags: number): number;
  reset(domain: Pointer, flags: number): number;
  destroy(domain: Pointer, flags: number): number;
  domainName(domain: Pointer): string;
  /** `buffer` must hold 37 bytes. */
  domainUuid(domain: Pointer, buffer: Buffer): number;
  /** Returns 0xffffffff when the domain is not running. */
  domainId(domain: Pointer): number;
  domainState(domain: Pointer, state: Out<number>, reason: Out<number>, flags: number): number;
  isPersistent(domain: Pointer): number;
  isActive(domain: Pointer): number;
  domainXml(domain: Pointer, flags: number): string | null;
  setMemory(domain: Pointer, kib: number, flags: number): number;
  setScheduler(domain: Pointer, parameters: Buffer, count: number, flags: number): number;
  setBlkio(domain: Pointer, parameters: Buffer, count: number, flags: number): number;
  allStats(connection: Pointer, stats: number, out: Out<bigint>, flags: number): number;
  /** `domains` is a null-terminated array of pointers. */
  listStats(domains: Pointer[], stats: number, out: Out<bigint>, flags: number): number;
  freeStats(records: bigint): void;
  monitorCommand(domain: Pointer, command: string, out: Out<string>, flags: number): number;
  monitorCommandWithFiles(domain: Pointer, command: string, fileCount: number, files: number[], outCount: null, outFiles: null, out: Out<string>, flags: number): number;
  agentCommand(domain: Pointer, command: string, timeoutS: number, flags: number): string | null;

  registerEventLoop(): number;
  /** Runs one iteration of the event loop on its own thread. */
  runEventLoopOnce(done: (error: unknown, result: number) => void): void;
  onLifecycle(connection: Pointer, listener: (domain: Pointer, event: number, detail: number) => void): number;
  onReboot(connection: Pointer, listener: (domain: Pointer) => void): number;
  onWatchdog(connection: Pointer, listener: (domain: Pointer, action: number) => void): number;
  onClose(connection: Pointer, listener: (reason: number) => void): number;

  /** Returns the last error on this thread. */
  lastError(): RawError | undefined;
  /** Frees an array of pointers that a call allocated. */
  free(memory: bigint): void;
  readPointers(memory: bigint, count: number): Pointer[];
  readStats(records: bigint, count: number): StatsRecord[];
}

/** Loads the libraries, and keeps libvirt from printing errors itself. @throws Error of koffi when they are not installed */
export function loadLibvirt(): Libvirt {
  const core = koffi.load('libvirt.so.0');
  const qemu = koffi.load('libvirt-qemu.so.0');
  const ownedString = koffi.disposable('str'); // koffi copies the string, then frees it
  const outString = koffi.out(koffi.pointer(ownedString));
  const outPointer = koffi.out(koffi.pointer('void *'));
  const outInt = koffi.out(koffi.pointer('int'));
  const outULong = koffi.out(koffi.pointer('ulong'));
  const errorStruct = koffi.struct({ code: 'int', domain: 'int', message: 'str', level: 'int' });
  const recordStruct = koffi.struct({ domain: 'void *', parameters: 'void *', count: 'int' });
  const lifecycleCallback = koffi.pointer(koffi.proto('int', ['void *', 'void *', 'int', 'int', 'void *']));
  const rebootCallback = koffi.pointer(koffi.proto('void', ['void *', 'void *', 'void *']));
  const watchdogCallback = koffi.pointer(koffi.proto('void', ['void *', 'void *', 'int', 'void *']));
  const closeCallback = koffi.pointer(koffi.proto('void', ['void *', 'int', 'void *']));
  const errorCallback = koffi.pointer(koffi.proto('void', ['void *', 'void *']));

  const getLastError = core.func('virGetLastError', 'void *', []);
  const registerEvent = (callback: ReturnType<typeof koffi.pointer>) => core.func('virConnectDomainEventRegisterAny', 'int', ['void *', 'void *', 'int', callback, 'void *', 'void *']);
  const registerClose = core.func('virConnectRegisterCloseCallback', 'int', ['void *', closeCallback, 'void *', 'void *']);
  const setErrorFunction = core.func('virSetErrorFunc', 'void', ['void *', errorCallback]);
  setErrorFunction(null, koffi.register(() => {}, errorCallback));

  return {
    openConnection: core.func('virConnectOpen', 'void *', ['str']),
    closeConnection: core.func('virConnectClose', 'int', ['void *']),
    isAlive: core.func('virConnectIsAlive', 'int', ['void *']),
    keepAlive: core.func('virConnectSetKeepAlive', 'int', ['void *', 'int', 'uint']),
    uri: core.func('virConnectGetURI', ownedString, ['void *']),
    hostname: core.func('virConnectGetHostname', ownedString, ['void *']),
    libraryVersion: core.func('virConnectGetLibVersion', 'int', ['void *', outULong]),
    hypervisorVersion: core.func('virConnectGetVersion', 'int', ['void *', outULong]),
    hypervisorType: core.func('virConnectGetType', 'str', ['void *']),
    nodeInfo: core.func('virNodeGetInfo', 'int', ['void *', 'void *']),
    freeMemoryBytes: core.func('virNodeGetFreeMemory', 'ulonglong', ['void *']),
    capabilities: core.func('virConnectGetCapabilities', ownedString, ['void *']),

    defineXml: core.func('virDomainDefineXMLFlags', 'void *', ['void *', 'str', 'uint']),
    createXml: core.func('virDomainCreateXML', 'void *', ['void *', 'str', 'uint']),
    lookupByName: core.func('virDomainLookupByName', 'void *', ['void *', 'str']),
    listAll: core.func('virConnectListAllDomains', 'int', ['void *', outPointer, 'uint']),
    freeDomain: core.func('virDomainFree', 'int', ['void *']),
    undefine: core.func('virDomainUndefineFlags', 'int', ['void *', 'uint']),
    create: core.func('virDomainCreateWithFlags', 'int', ['void *', 'uint']),
    suspend: core.func('virDomainSuspend', 'int', ['void *']),
    resume: core.func('virDomainResume', 'int', ['void *']),
    shutdown: core.func('virDomainShutdownFlags', 'int', ['void *', 'uint']),
    reboot: core.func('virDomainReboot', 'int', ['void *', 'uint']),
    reset: core.func('virDomainReset', 'int', ['void *', 'uint']),
    destroy: core.func('virDomainDestroyFlags', 'int', ['void *', 'uint']),
    domainName: core.func('virDomainGetName', 'str', ['void *']),
    domainUuid: core.func('virDomainGetUUIDString', 'int', ['void *', 'void *']),
    domainId: core.func('virDomainGetID', 'uint', ['void *']),
    domainState: core.func('virDomainGetState', 'int', ['void *', outInt, outInt, 'uint']),
    isPersistent: core.func('virDomainIsPersistent', 'int', ['void *']),
    isActive: core.func('virDomainIsActive', 'int', ['void *']),
    domainXml: core.func('virDomainGetXMLDesc', ownedString, ['void *', 'uint']),
    setMemory: core.func('virDomainSetMemoryFlags', 'int', ['void *', 'ulong', 'uint']),
    setScheduler: core.func('virDomainSetSchedulerParametersFlags', 'int', ['void *', 'void *', 'int', 'uint']),
    setBlkio: core.func('virDomainSetBlkioParameters', 'int', ['void *', 'void *', 'int', 'uint']),
    allStats: core.func('virConnectGetAllDomainStats', 'int', ['void *', 'uint', outPointer, 'uint']),
    listStats: core.func('virDomainListGetStats', 'int', [koffi.pointer('void *'), 'uint', outPointer, 'uint']),
    freeStats: core.func('virDomainStatsRecordListFree', 'void', ['void *']),
    monitorCommand: qemu.func('virDomainQemuMonitorCommand', 'int', ['void *', 'str', outString, 'uint']),
    monitorCommandWithFiles: qemu.func('virDomainQemuMonitorCommandWithFiles', 'int', ['void *', 'str', 'uint', koffi.pointer('int'), 'void *', 'void *', outString, 'uint']),
    agentCommand: qemu.func('virDomainQemuAgentCommand', ownedString, ['void *', 'str', 'int', 'uint']),

    registerEventLoop: core.func('virEventRegisterDefaultImpl', 'int', []),
    runEventLoopOnce: core.func('virEventRunDefaultImpl', 'int', []).async,
    onLifecycle: (connection, listener) => registerEvent(lifecycleCallback)(connection, null, event.lifecycle, koffi.register((_connection: Pointer, domain: Pointer, event: number, detail: number) => {
      listener(domain, event, detail);
      return 0;
    }, lifecycleCallback), null, null),
    onReboot: (connection, listener) => registerEvent(rebootCallback)(connection, null, event.reboot, koffi.register((_connection: Pointer, domain: Pointer) => {
      listener(domain);
    }, rebootCallback), null, null),
    onWatchdog: (connection, listener) => registerEvent(watchdogCallback)(connection, null, event.watchdog, koffi.register((_connection: Pointer, domain: Pointer, action: number) => {
      listener(domain, action);
    }, watchdogCallback), null, null),
    onClose: (connection, listener) => registerClose(connection, koffi.register((_connection: Pointer, reason: number) => {
      listener(reason);
    }, closeCallback), null, null),

    lastError: () => {
      const error = getLastError() as Pointer;
      return error === null ? undefined : koffi.decode(error, errorStruct) as RawError;
    },
    free: (memory) => koffi.free(memory),
    readPointers: (memory, count) => count === 0 ? [] : koffi.decode(memory, 'void *', count) as Pointer[],
    readStats: (records, count) => (count === 0 ? [] : koffi.decode(records, 'void *', count) as bigint[]).map((record) => {
      const { domain, parameters, count: values } = koffi.decode(record, recordStruct) as { domain: Pointer; parameters: Pointer; count: number };
      return { domain, values: parameters === null ? new Map() : readParameters(parameters, values) };
    }),
  };
}

/** Values of virDomainEventID. */
const event = { lifecycle: 0, reboot: 1, watchdog: 3 } as const;

// struct virTypedParameter: an 80-byte name, an int type at 80, an 8-byte union at 88.
const PARAMETER_BYTES = 96;
const TYPE_AT = 80;
const VALUE_AT = 88;
const types = { int: 1, uint: 2, llong: 3, ullong: 4, double: 5, boolean: 6, string: 7 } as const;

function readParameters(memory: bigint, count: number): Map<string, number | string> {
  const bytes = Buffer.from(koffi.view(memory, count * PARAMETER_BYTES));
  const values = new Map<string, number | string>();
  for (let at = 0; at < bytes.length; at += PARAMETER_BYTES) {
    const name = bytes.toString('utf8', at, bytes.indexOf(0, at));
    values.set(name, readValue(bytes, at));
  }
  return values;
}

/** Integers above 2^53 lose their last digits, which does not matter for counters of that size. */
function readValue(bytes: Buffer, at: number): number | string {
  switch (bytes.readInt32LE(at + TYPE_AT)) {
    case types.int: return bytes.readInt32LE(at + VALUE_AT);
    case types.uint: return bytes.readUInt32LE(at + VALUE_AT);
    case types.llong: return Number(bytes.readBigInt64LE(at + VALUE_AT));
    case types.double: return bytes.readDoubleLE(at + VALUE_AT);
    case types.boolean: return bytes.readUInt8(at + VALUE_AT);
    case types.string: return koffi.decode.string(bytes.readBigUInt64LE(at + VALUE_AT));
    default: return Number(bytes.readBigUInt64LE(at + VALUE_AT));
  }
}

/** Size of struct virNodeInfo, which `nodeInfo` fills. */
export const NODE_INFO_BYTES = 64;

export function readNodeInfo(bytes: Buffer): NodeInfo {
  return { model: bytes.toString('latin1', 0, bytes.indexOf(0)), memoryKiB: Number(bytes.readBigUInt64LE(32)), cpus: bytes.readUInt32LE(40) };
}

/** Encodes an array of parameters for libvirt. */
export function writeParameters(parameters: { name: string; type: 'uint' | 'llong' | 'ullong'; value: number }[]): Buffer {
  const bytes = Buffer.alloc(parameters.length * PARAMETER_BYTES);
  parameters.forEach(({ name, type, value }, index) => {
    const at = index * PARAMETER_BYTES;
    bytes.write(name, at);
    bytes.writeInt32LE(types[type], at + TYPE_AT);
    bytes.writeBigInt64LE(BigInt(value), at + VALUE_AT);
  });
  return bytes;
}
