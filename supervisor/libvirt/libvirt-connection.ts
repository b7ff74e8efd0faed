// One connection to libvirt and every call on it, synchronous, so that the error of a failed call is read on the thread that failed. Checks each
// result and frees what libvirt allocates. Lives in the child process.
import { SomnusError } from '../../common/errors.ts';
import { readGuestCapabilities } from './libvirt-capabilities.ts';
import { libvirtError, qemuError } from './libvirt-errors.ts';
import { NODE_INFO_BYTES, readNodeInfo, writeParameters, type Libvirt, type Pointer } from './libvirt-ffi.ts';
import type { CallParams, LibvirtCalls } from './libvirt-protocol.ts';
import { readDomainStats } from './libvirt-stats.ts';
import { reasonWord, stateWord } from './libvirt-words.ts';
import type { DomainStats, DomainSummary, HostInfo } from './vm-driver.ts';

// Flags of libvirt-domain.h.
const START_PAUSED = 1;
const DESTROY_GRACEFUL = 1;
const XML_INACTIVE = 2;
const AFFECT_LIVE = 1;
const AFFECT_CONFIG = 2;
const UNDEFINE_EVERYTHING = 1 | 2 | 4 | 16; // managed save, snapshot metadata, NVRAM, checkpoint metadata
const UNDEFINE_BASIC = 1 | 2; // all that the test hypervisor supports
const INVALID_ARG = 8;
const power = { acpi: 1, agent: 2 } as const;
const STATS_WANTED = 1 | 2 | 4 | 16 | 32; // state, CPU, balloon, interface, block; vCPU counters (8) would cost three more QEMU queries
const STATS_ACTIVE_NOWAIT = 1 | 1 << 29;
const NO_ID = 0xffff_ffff;

const CPU_PERIOD_US = 100_000;
const UNLIMITED = -1;

export class LibvirtConnection implements LibvirtCalls {
  readonly #lib: Libvirt;
  readonly #connection: Pointer;

  /** @throws SomnusError `unavailable` when libvirt cannot be reached */
  constructor(lib: Libvirt, uri: string) {
    this.#lib = lib;
    this.#connection = lib.openConnection(uri);
    if (this.#connection === null) {
      const cause = libvirtError('virConnectOpen', lib.lastError());
      throw new SomnusError('unavailable', `libvirt at ${uri} cannot be reached: ${cause.message}`, { details: cause.details, cause });
    }
  }

  get pointer(): Pointer {
    return this.#connection;
  }

  /** Whether the connection is open, as far as its last use showed. Never throws. */
  isOpen(): boolean {
    return this.#lib.isAlive(this.#connection) === 1;
  }

  close(): void {
    this.#lib.closeConnection(this.#connection);
  }

  define({ xml }: CallParams<'define'>): { name: string; uuid: string } {
    return this.#identifyAndFree(this.#checkPointer('virDomainDefineXML', this.#lib.defineXml(this.#connection, text(xml), 0)));
  }

  undefine({ name }: CallParams<'undefine'>): void {
    this.#withDomain(name, (domain) => {
      const result = this.#lib.undefine(domain, UNDEFINE_EVERYTHING);
      const flagUnknown = result < 0 && this.#lib.lastError()?.code === INVALID_ARG;
      this.#check('virDomainUndefine', flagUnknown ? this.#lib.undefine(domain, UNDEFINE_BASIC) : result);
    });
  }

  start({ name, paused }: CallParams<'start'>): void {
    this.#withDomain(name, (domain) => this.#check('virDomainCreate', this.#lib.create(domain, paused ? START_PAUSED : 0)));
  }

  createFromXml({ xml, paused }: CallParams<'createFromXml'>): { name: string; uuid: string } {
    return this.#identifyAndFree(this.#checkPointer('virDomainCreateXML', this.#lib.createXml(this.#connection, text(xml), paused ? START_PAUSED : 0)));
  }

  suspend({ name }: CallParams<'suspend'>): void {
    this.#withDomain(name, (domain) => this.#check('virDomainSuspend', this.#lib.suspend(domain)));
  }

  resume({ name }: CallParams<'resume'>): void {
    this.#withDomain(name, (domain) => this.#check('virDomainResume', this.#lib.resume(domain)));
  }

  shutdown({ name, mode }: CallParams<'shutdown'>): void {
    this.#withDomain(name, (domain) => this.#check('virDomainShutdown', this.#lib.shutdown(domain, power[mode])));
  }

  reboot({ name, mode }: CallParams<'reboot'>): void {
    this.#withDomain(name, (domain) => this.#check('virDomainReboot', this.#lib.reboot(domain, power[mode])));
  }

  reset({ name }: CallParams<'reset'>): void {
    this.#withDomain(name, (domain) => this.#check('virDomainReset', this.#lib.reset(domain, 0)));
  }

  destroy({ name, graceful }: CallParams<'destroy'>): void {
    this.#withDomain(name, (domain) => this.#check('virDomainDestroy', this.#lib.destroy(domain, graceful ? DESTROY_GRACEFUL : 0)));
  }

  list(): DomainSummary[] {
    const out: [bigint | null] = [null];
    const count = this.#check('virConnectListAllDomains', this.#lib.listAll(this.#connection, out, 0));
    if (out[0] === null) return [];
    const domains = this.#lib.readPointers(out[0], count);
    try {
      return domains.map((domain) => unlessGone(() => this.#summary(domain))).filter((summary) => summary !== undefined);
    } finally {
      for (const domain of domains) this.#lib.freeDomain(domain);
      this.#lib.free(out[0]);
    }
  }

  find({ name }: CallParams<'find'>): DomainSummary | undefined {
    return unlessGone(() => this.#withDomain(name, (domain) => this.#summary(domain)));
  }

  domainXml({ name, inactive }: CallParams<'domainXml'>): string {
    return this.#withDomain(name, (domain) => this.#checkText('virDomainGetXMLDesc', this.#lib.domainXml(domain, inactive ? XML_INACTIVE : 0)));
  }

  setMemory({ name, memoryMiB }: CallParams<'setMemory'>): void {
    this.#withDomain(name, (domain) => this.#check('virDomainSetMemory', this.#lib.setMemory(domain, memoryMiB * 1024, AFFECT_LIVE)));
  }

  setCpuQuota({ name, percentPerVcpu }: CallParams<'setCpuQuota'>): void {
    const parameters = writeParameters([
      { name: 'vcpu_period', type: 'ullong', value: CPU_PERIOD_US },
      { name: 'vcpu_quota', type: 'llong', value: percentPerVcpu === undefined ? UNLIMITED : Math.round(CPU_PERIOD_US * percentPerVcpu / 100) },
    ]);
    this.#withDomain(name, (domain) => {
      const live = this.#check('virDomainIsActive', this.#lib.isActive(domain)) === 1 ? AFFECT_LIVE : 0;
      const config = this.#check('virDomainIsPersistent', this.#lib.isPersistent(domain)) === 1 ? AFFECT_CONFIG : 0;
      this.#check('virDomainSetSchedulerParameters', this.#lib.setScheduler(domain, parameters, 2, live | config));
    });
  }

  setIoWeight({ name, weight }: CallParams<'setIoWeight'>): void {
    const parameters = writeParameters([{ name: 'weight', type: 'uint', value: weight }]);
    this.#withDomain(name, (domain) => this.#check('virDomainSetBlkioParameters', this.#lib.setBlkio(domain, parameters, 1, AFFECT_LIVE)));
  }

  stats({ name }: CallParams<'stats'>): DomainStats {
    return this.#withDomain(name, (domain) => {
      const out: [bigint | null] = [null];
      const count = this.#check('virDomainListGetStats', this.#lib.listStats([domain, null], STATS_WANTED, out, 0));
      const [stats] = this.#readStats(out[0], count);
      if (stats === undefined) throw new SomnusError('not_found', `libvirt has no statistics for ${name}`, { details: { name } });
      return stats;
    });
  }

  allStats(): DomainStats[] {
    const out: [bigint | null] = [null];
    const count = this.#check('virConnectGetAllDomainStats', this.#lib.allStats(this.#connection, STATS_WANTED, out, STATS_ACTIVE_NOWAIT));
    return this.#readStats(out[0], count);
  }

  monitor({ name, command, args }: CallParams<'monitor'>): unknown {
    const out: [string | null] = [null];
    this.#withDomain(name, (domain) => {
      this.#check('virDomainQemuMonitorCommand', this.#lib.monitorCommand(domain, JSON.stringify({ execute: command, arguments: args }), out, 0));
    });
    const answer = JSON.parse(out[0] ?? '{}') as { return?: unknown; error?: { class?: unknown; desc?: unknown } };
    if (answer.error) throw qemuError(command, answer.error);
    return answer.return;
  }

  guestAgent({ name, command, args, agentTimeoutS }: CallParams<'guestAgent'>): unknown {
    const answer = this.#withDomain(name, (domain) =>
      this.#checkText('virDomainQemuAgentCommand', this.#lib.agentCommand(domain, JSON.stringify({ execute: command, arguments: args }), agentTimeoutS, 0)));
    return (JSON.parse(answer) as { return?: unknown }).return;
  }

  hostInfo(): HostInfo {
    const lib = this.#lib;
    const connection = this.#connection;
    const library: [number | null] = [null];
    const hypervisor: [number | null] = [null];
    const nodeBytes = Buffer.alloc(NODE_INFO_BYTES);
    this.#check('virConnectGetLibVersion', lib.libraryVersion(connection, library));
    this.#check('virConnectGetVersion', lib.hypervisorVersion(connection, hypervisor));
    this.#check('virNodeGetInfo', lib.nodeInfo(connection, nodeBytes));
    const node = readNodeInfo(nodeBytes);
    return {
      uri: this.#checkText('virConnectGetURI', lib.uri(connection)),
      hostname: this.#checkText('virConnectGetHostname', lib.hostname(connection)),
      libvirtVersion: version(library[0]),
      hypervisor: { type: this.#checkText('virConnectGetType', lib.hypervisorType(connection)), version: version(hypervisor[0]) },
      cpus: node.cpus,
      cpuModel: node.model,
      memoryMiB: Math.floor(node.memoryKiB / 1024),
      freeMemoryMiB: Math.floor(Number(lib.freeMemoryBytes(connection)) / 1024 / 1024),
      guests: readGuestCapabilities(this.#checkText('virConnectGetCapabilities', lib.capabilities(connection))),
    };
  }

  touch(): void {
    this.#check('virConnectGetLibVersion', this.#lib.libraryVersion(this.#connection, [null]));
  }

  #summary(domain: Pointer): DomainSummary {
    const stateOut: [number | null] = [null];
    const reasonOut: [number | null] = [null];
    this.#check('virDomainGetState', this.#lib.domainState(domain, stateOut, reasonOut, 0));
    const state = stateWord(stateOut[0] ?? 0);
    const id = this.#lib.domainId(domain);
    return {
      ...this.#identify(domain),
      state,
      reason: reasonWord(state, reasonOut[0] ?? 0),
      persistent: this.#check('virDomainIsPersistent', this.#lib.isPersistent(domain)) === 1,
      id: id === NO_ID ? undefined : id,
    };
  }

  #identify(domain: Pointer): { name: string; uuid: string } {
    return { name: this.#lib.domainName(domain), uuid: readUuid(this.#lib, domain) };
  }

  #identifyAndFree(domain: Pointer): { name: string; uuid: string } {
    try {
      return this.#identify(domain);
    } finally {
      this.#lib.freeDomain(domain);
    }
  }

  #readStats(records: bigint | null, count: number): DomainStats[] {
    if (records === null) return [];
    try {
      return this.#lib.readStats(records, count).map(({ domain, values }) => {
        const { name, uuid } = this.#identify(domain);
        return readDomainStats(name, uuid, values);
      });
    } finally {
      this.#lib.freeStats(records);
    }
  }

  #withDomain<T>(name: string, use: (domain: Pointer) => T): T {
    const domain = this.#checkPointer('virDomainLookupByName', this.#lib.lookupByName(this.#connection, text(name)));
    try {
      return use(domain);
    } finally {
      this.#lib.freeDomain(domain);
    }
  }

  #check(call: string, result: number): number {
    if (result < 0) throw libvirtError(call, this.#lib.lastError());
    return result;
  }

  #checkPointer(call: string, result: Pointer): Pointer {
    if (result === null) throw libvirtError(call, this.#lib.lastError());
    return result;
  }

  #checkText(call: string, result: string | null): string {
    if (result === null) throw libvirtError(call, this.#lib.lastError());
    return result;
  }
}

export function readUuid(lib: Libvirt, domain: Pointer): string {
  const buffer = Buffer.alloc(37);
  lib.domainUuid(domain, buffer);
  return buffer.toString('latin1', 0, 36);
}

/** Rejects NUL characters, because C strings end at one and the rest would be dropped silently. */
function text(value: string): string {
  if (value.includes('\0')) throw new SomnusError('invalid_request', 'A NUL character is not allowed in a name or in XML');
  return value;
}

/** Returns undefined for a domain that disappeared after it was listed. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof SomnusError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** Unpacks libvirt's versions: major * 1,000,000 + minor * 1,000 + release. */
function version(packed: number | bigint | null): string {
  const number = Number(packed ?? 0);
  return `${Math.floor(number / 1_000_000)}.${Math.floor(number / 1_000) % 1_000}.${number % 1_000}`;
}
