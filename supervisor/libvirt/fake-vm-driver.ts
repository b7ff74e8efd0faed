// A VmDriver over a hypervisor in memory, for tests of everything above the driver; it passes the same suite as the libvirt driver. Faults are
// injected on the FakeHypervisor: the nth call of a method can fail, hang, be late, lose its answer, or find that QEMU has ended.
import { sleep, throwIfAborted } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import { type FakeDomain, type FakeHypervisor, qmpError, refusal, summary } from './fake-hypervisor.ts';
import type {
  CallOptions, ConnectionState, DestroyOptions, DomainStats, DomainSummary, GuestAgentOptions, HostInfo, LifecycleEvent, ShutdownOptions, StartOptions, Unsubscribe, VmDriver,
} from './vm-driver.ts';

const CALL_TIMEOUT_MS = 35_000;

export class FakeVmDriver implements VmDriver {
  readonly #hypervisor: FakeHypervisor;
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #unsubscribes: Unsubscribe[] = [];
  readonly #connectionListeners = new Set<(state: ConnectionState) => void>();
  #connection: ConnectionState = 'connected';
  #dead = false;

  constructor(hypervisor: FakeHypervisor) {
    this.#hypervisor = hypervisor;
  }

  async define(xml: string, options?: CallOptions): Promise<{ name: string; uuid: string }> {
    return await this.#call('define', nameIn(xml), options, () => identity(this.#hypervisor.define(xml)));
  }

  async undefine(name: string, options?: CallOptions): Promise<void> {
    await this.#of('undefine', name, options, (domain) => {
      if (domain.definition === undefined) throw refusal('invalid_state', 'virDomainUndefineFlags', 55, 'cannot undefine transient domain');
      this.#hypervisor.undefine(domain);
    });
  }

  async start(name: string, options: StartOptions = {}): Promise<void> {
    await this.#of('start', name, options, (domain) => {
      if (domain.id !== undefined) throw refusal('invalid_state', 'virDomainCreateWithFlags', 55, 'domain is already running');
      this.#hypervisor.start(domain, domain.definition ?? domain.live, options.paused ?? false);
    });
  }

  async createFromXml(xml: string, options: StartOptions = {}): Promise<{ name: string; uuid: string }> {
    return await this.#call('createFromXml', nameIn(xml), options, () => identity(this.#hypervisor.create(xml, options.paused ?? false)));
  }

  async suspend(name: string, options?: CallOptions): Promise<void> {
    await this.#ofActive('suspend', 'virDomainSuspend', name, options, (domain) => { this.#hypervisor.setRunning(domain, false); });
  }

  async resume(name: string, options?: CallOptions): Promise<void> {
    await this.#ofActive('resume', 'virDomainResume', name, options, (domain) => {
      if (domain.state === 'running') throw refusal('invalid_state', 'virDomainResume', 55, 'domain is already running');
      if (domain.qemu === 'inmigrate') throw refusal('libvirt', 'virDomainResume', 9, 'QEMU waits for a migration');
      this.#hypervisor.setRunning(domain, true);
    });
  }

  async shutdown(name: string, options: ShutdownOptions): Promise<void> {
    await this.#ofActive('shutdown', 'virDomainShutdownFlags', name, options, (domain) => {
      if (domain.state === 'running' && domain.guest.powerButton?.() === true) this.#hypervisor.stop(domain, 'shutdown');
    });
  }

  async reboot(name: string, options: ShutdownOptions): Promise<void> {
    await this.#ofActive('reboot', 'virDomainReboot', name, options, () => {});
  }

  async reset(name: string, options?: CallOptions): Promise<void> {
    await this.#ofActive('reset', 'virDomainReset', name, options, (domain) => { domain.guest.reset?.(); });
  }

  async destroy(name: string, options: DestroyOptions = {}): Promise<void> {
    await this.#now('destroy', name, options, () => { this.#hypervisor.stop(this.#active(name, 'virDomainDestroyFlags'), 'destroyed'); });
  }

  async list(options?: CallOptions): Promise<DomainSummary[]> {
    return await this.#now('list', undefined, options, () => [...this.#hypervisor.domains.values()].map(summary));
  }

  async find(name: string, options?: CallOptions): Promise<DomainSummary | undefined> {
    return await this.#now('find', name, options, () => {
      const domain = this.#hypervisor.domains.get(name);
      return domain && summary(domain);
    });
  }

  async domainXml(name: string, options: CallOptions & { inactive?: boolean } = {}): Promise<string> {
    return await this.#of('domainXml', name, options, ({ live, definition, quotaPercent }) => {
      const xml = options.inactive === true ? definition ?? live : live;
      return quotaPercent === undefined ? xml : xml.replace(/<\/domain>\s*$/, `<cputune><period>100000</period><quota>${quotaPercent * 1000}</quota></cputune></domain>`);
    });
  }

  async setMemoryMiB(name: string, memoryMiB: number, options?: CallOptions): Promise<void> {
    await this.#ofActive('setMemoryMiB', 'virDomainSetMemoryFlags', name, options, (domain) => { domain.balloonMiB = memoryMiB; });
  }

  async setCpuQuota(name: string, percentPerVcpu: number | undefined, options?: CallOptions): Promise<void> {
    await this.#of('setCpuQuota', name, options, (domain) => { domain.quotaPercent = percentPerVcpu; });
  }

  async setIoWeight(name: string, _weight: number, options?: CallOptions): Promise<void> {
    await this.#ofActive('setIoWeight', 'virDomainSetBlkioParameters', name, options, () => {});
  }

  async stats(name: string, options?: CallOptions): Promise<DomainStats> {
    return await this.#of('stats', name, options, statsOf);
  }

  async allStats(options?: CallOptions): Promise<DomainStats[]> {
    return await this.#now('allStats', undefined, options, () => [...this.#hypervisor.domains.values()].filter(({ id }) => id !== undefined).map(statsOf));
  }

  async monitor(name: string, command: string, args: Record<string, unknown> = {}, options?: CallOptions): Promise<unknown> {
    return await this.#ofActive(`monitor ${command}`, 'virDomainQemuMonitorCommand', name, options, async (domain) => await this.#qmp(domain, command, args));
  }

  async guestAgent(name: string, command: string, _args: Record<string, unknown> = {}, options: GuestAgentOptions = {}): Promise<unknown> {
    return await this.#now(`guestAgent ${command}`, name, options, () => {
      const { guest } = this.#active(name, 'virDomainQemuAgentCommand');
      if (!guest.agent) throw refusal('guest_unreachable', 'virDomainQemuAgentCommand', 86, 'the guest agent is not connected');
      return guest.agent(command);
    });
  }

  async hostInfo(options?: CallOptions): Promise<HostInfo> {
    return await this.#now('hostInfo', undefined, options, () => ({
      uri: 'fake:///system', hostname: 'fake', libvirtVersion: '9.0.0', hypervisor: { type: 'QEMU', version: '7.2.0' }, cpus: 4, cpuModel: 'x86_64', memoryMiB: 65_536, freeMemoryMiB: 32_768,
      guests: { kvmOffered: false, tcgOffered: true, machineTypes: [{ name: 'pc', canonical: 'pc-i440fx-7.2' }] },
    }));
  }

  async isAlive(options?: CallOptions): Promise<boolean> {
    return await this.#now('isAlive', undefined, options, () => true).catch(() => false);
  }

  get connection(): ConnectionState { return this.#connection; }

  onLifecycle(listener: (event: LifecycleEvent) => void): Unsubscribe {
    const unsubscribe = this.#hypervisor.onLifecycle(listener);
    this.#unsubscribes.push(unsubscribe);
    return unsubscribe;
  }

  onConnection(listener: (state: ConnectionState) => void): Unsubscribe {
    this.#connectionListeners.add(listener);
    return () => { this.#connectionListeners.delete(listener); };
  }

  /** Simulates losing or regaining libvirtd: while it is lost, calls fail with `unavailable`. */
  setConnection(state: ConnectionState): void {
    if (this.#connection === state) return;
    this.#connection = state;
    for (const listener of this.#connectionListeners) listener(state);
  }

  async whenConnected(): Promise<void> {
    if (this.#connection === 'lost') throw new SomnusError('unavailable', 'libvirt does not answer');
  }

  /** Simulates the death of the process that uses this driver: from now on no call is carried out or answered, and no event arrives. */
  die(): void {
    this.#dead = true;
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
  }

  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.setConnection('lost');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #qmp(domain: FakeDomain, command: string, args: Record<string, unknown>): Promise<unknown> {
    const known: Record<string, { args: readonly string[]; work: () => unknown }> = {
      'query-status': { args: [], work: () => ({ status: domain.qemu, running: domain.qemu === 'running', singlestep: false }) },
      'query-balloon': { args: [], work: () => ({ actual: domain.balloonMiB * 2 ** 20 }) },
      'query-migrate': { args: [], work: () => domain.migration ?? {} },
      'migrate-set-capabilities': { args: ['capabilities'], work: () => ({}) },
      'migrate': { args: ['uri'], work: () => { this.#hypervisor.migrate(domain, args['uri']); return {}; } },
      'migrate_cancel': { args: [], work: () => ({}) },
      'migrate-incoming': { args: ['uri'], work: async () => { await this.#hypervisor.migrateIncoming(domain, args['uri']); return {}; } },
      'quit': { args: [], work: () => { this.#hypervisor.stop(domain, 'shutdown'); return {}; } },
    };
    const found = known[command];
    if (!found) throw qmpError('CommandNotFound', `The command ${command} has not been found`);
    const unexpected = Object.keys(args).find((name) => !found.args.includes(name));
    if (unexpected !== undefined) throw qmpError('GenericError', `Parameter '${unexpected}' is unexpected`);
    return await found.work();
  }

  async #ofActive<T>(call: string, libvirtCall: string, name: string, options: CallOptions | undefined, work: (domain: FakeDomain) => T | Promise<T>): Promise<T> {
    return await this.#call(call, name, options, async () => await work(this.#active(name, libvirtCall)));
  }

  async #of<T>(call: string, name: string, options: CallOptions | undefined, work: (domain: FakeDomain) => T | Promise<T>): Promise<T> {
    return await this.#call(call, name, options, async () => await work(this.#find(name)));
  }

  #find(name: string): FakeDomain {
    if (name.includes('\0')) throw new SomnusError('invalid_request', 'A name must not contain NUL');
    const domain = this.#hypervisor.domains.get(name);
    if (!domain) throw refusal('not_found', 'virDomainLookupByName', 42, `no domain with matching name '${name}'`);
    return domain;
  }

  #active(name: string, libvirtCall: string): FakeDomain {
    const domain = this.#find(name);
    if (domain.id === undefined) throw refusal('invalid_state', libvirtCall, 55, 'domain is not running');
    return domain;
  }

  /** Runs after earlier calls for the same domain. */
  async #call<T>(call: string, name: string, options: CallOptions | undefined, work: () => T | Promise<T>): Promise<T> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const turn = before.then(async () => await this.#now(call, name, options, work));
    const settled = turn.catch(() => {});
    this.#turns.set(name, settled);
    return await turn;
  }

  async #now<T>(call: string, name: string | undefined, options: CallOptions = {}, work: () => T | Promise<T>): Promise<T> {
    await new Promise(setImmediate);
    if (this.#dead) return await new Promise<never>(() => {});
    if (this.#connection === 'lost') throw new SomnusError('unavailable', 'libvirt does not answer', { details: { begun: false } });
    throwIfAborted(options.signal);
    const fault = this.#hypervisor.faultOf(call);
    switch (fault?.effect) {
      case 'fail': throw fault.error ?? refusal('libvirt', call, 1, `${call} was refused by an injected fault`);
      case 'hang': {
        const timeoutMs = options.timeoutMs ?? CALL_TIMEOUT_MS;
        await sleep(timeoutMs);
        throw new SomnusError('timeout', `${call} took longer than ${timeoutMs / 1000} s`, { details: { begun: true } });
      }
      case 'delay': await sleep(fault.delayMs ?? 0); break;
      case 'endVm': if (name !== undefined) this.#hypervisor.endVm(name); break;
      case 'loseAnswer':
        await work();
        throw new SomnusError('unavailable', `The answer to ${call} was lost`, { details: { begun: true } });
      default:
    }
    const result = await work();
    if (fault?.effect === 'resetVm' && name !== undefined) this.#hypervisor.resetVm(name);
    if (this.#dead) return await new Promise<never>(() => {});
    return result;
  }
}

function identity({ name, uuid }: FakeDomain): { name: string; uuid: string } {
  return { name, uuid };
}

function nameIn(xml: string): string {
  return /<name>([^<]+)<\/name>/.exec(xml)?.[1] ?? '';
}

function statsOf({ name, uuid, state, id, balloonMiB }: FakeDomain): DomainStats {
  const memoryKiB = id === undefined ? undefined : balloonMiB * 1024;
  return {
    name, uuid, state, cpuTimeNs: id === undefined ? undefined : 1_000_000, blocks: [], interfaces: [],
    memory: { actualKiB: memoryKiB, rssKiB: memoryKiB, totalKiB: undefined, unusedKiB: undefined, availableKiB: undefined, reportedAtS: undefined },
  };
}
