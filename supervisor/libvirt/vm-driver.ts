// The interface between the supervisor and a hypervisor; libvirt-driver.ts implements it. supervisor/vms decides which domain belongs to which
// environment, and how to react to a state.

/** libvirt's states, under their own names. `no_state` and `blocked` never occur with QEMU. */
export type DomainState = 'no_state' | 'running' | 'blocked' | 'paused' | 'shutting_down' | 'shut_off' | 'crashed' | 'pm_suspended';

export interface DomainSummary {
  name: string;
  uuid: string;
  state: DomainState;
  /** The reason for the state, in libvirt's terms: `user`, `io_error`, `migration`, `booted`, `destroyed`…; `unknown` when libvirt gives none. */
  reason: string;
  /** Whether the definition remains when the domain stops. */
  persistent: boolean;
  /** libvirt's id of this run; undefined while shut off. A different id means a different QEMU process. */
  id: number | undefined;
}

export interface CallOptions {
  /**
   * Covers the time from the call to its answer, including waiting in the queue. Default 35 s (libvirt itself gives up on a busy domain after 30 s),
   * and 120 s for `define`, `start`, `createFromXml` and `hostInfo`, before which libvirt may probe QEMU again. If a running call misses its
   * deadline, its child process is killed; VMs are not affected.
   */
  timeoutMs?: number | undefined;
  /** Cancels a call that has not begun; a running call is waited for, since it cannot be undone. */
  signal?: AbortSignal | undefined;
}

export interface StartOptions extends CallOptions {
  /** Leave the vCPUs paused. Default false. */
  paused?: boolean;
}

export interface ShutdownOptions extends CallOptions {
  /** Press the power button, or ask the QEMU guest agent. Both are only requests: wait for the lifecycle event. */
  mode: 'acpi' | 'agent';
}

export interface DestroyOptions extends CallOptions {
  /** Let QEMU flush and end (SIGTERM), and fail rather than SIGKILL it. Default false. */
  graceful?: boolean;
}

export interface GuestAgentOptions extends CallOptions {
  /** Seconds that libvirt waits for the agent's answer. Default 5. The call's own deadline is extended accordingly. */
  agentTimeoutS?: number;
}

export interface BlockStats {
  /** Target name in the guest: `vda`. */
  device: string;
  readBytes: number;
  readRequests: number;
  writtenBytes: number;
  writeRequests: number;
  /** Bytes the file uses on the host, and its size as the guest sees it; undefined while not running. */
  allocatedBytes: number | undefined;
  capacityBytes: number | undefined;
}

export interface InterfaceStats {
  /** The tap's name on the host. */
  device: string;
  receivedBytes: number;
  receivedPackets: number;
  sentBytes: number;
  sentPackets: number;
  droppedPackets: number;
}

/** Counters start at zero with each QEMU process. */
export interface DomainStats {
  name: string;
  uuid: string;
  state: DomainState;
  /** CPU time of the whole QEMU process; undefined while not running. */
  cpuTimeNs: number | undefined;
  memory: {
    /** The guest's memory after ballooning. */
    actualKiB: number | undefined;
    /** Resident on the host, including the guest RAM file. */
    rssKiB: number | undefined;
    /** Reported by the guest; undefined until its balloon driver reports (see the stats period in domain-xml.ts). */
    totalKiB: number | undefined;
    unusedKiB: number | undefined;
    availableKiB: number | undefined;
    /** Unix time of the guest's last report. */
    reportedAtS: number | undefined;
  };
  blocks: BlockStats[];
  interfaces: InterfaceStats[];
}

export interface HostInfo {
  uri: string;
  hostname: string;
  /** `9.0.0` */
  libvirtVersion: string;
  hypervisor: { type: string; version: string };
  cpus: number;
  cpuModel: string;
  memoryMiB: number;
  freeMemoryMiB: number;
  /** What libvirt offers for x86_64 guests. This does not prove that KVM works: only a booted guest does. */
  guests: { kvmOffered: boolean; tcgOffered: boolean; machineTypes: MachineType[] };
}

export interface MachineType {
  /** The name to request: `pc`, `q35`. */
  name: string;
  /** The versioned name on this host, for manifests and definitions that must not change: `pc-i440fx-7.2`. */
  canonical: string;
}

export type LifecycleEventName = 'defined' | 'undefined' | 'started' | 'suspended' | 'resumed' | 'stopped' | 'shutdown' | 'pm_suspended' | 'crashed' | 'rebooted' | 'watchdog';

/**
 * `rebooted`: the guest was reset, by itself or by us, and continues in the same QEMU. `watchdog`: the guest did not reset the watchdog timer in
 * time. `crashed` with the detail `panicked`: the guest's kernel reported a panic; libvirt then ends QEMU. A start arrives as `resumed` and then
 * `started`; a stop usually as `shutdown` and then `stopped`.
 */
export interface LifecycleEvent {
  name: string;
  uuid: string;
  event: LifecycleEventName;
  /** libvirt's detail: `booted`, `migrated`, `destroyed`, `io_error`, `paused`, `guest`…; `unknown` for any other. */
  detail: string;
  /** When we received the event, Unix ms. */
  atMs: number;
}

/** `connected`: events arrive from now on. After `lost`, some were missed: call `list()` and compare. */
export type ConnectionState = 'connected' | 'lost';

export type Unsubscribe = () => void;

/**
 * One host's hypervisor. Domains are identified by their libvirt name. Calls for the same domain run in the order they were made; calls for different
 * domains do not wait for each other. `find`, `destroy` and `guestAgent` wait for no other call, so that they get through to a domain that hangs.
 *
 * Every method may throw a SomnusError:
 * - `not_found`: no such domain; `invalid_state`: not possible in the domain's state; `unsupported`: not supported by this hypervisor;
 * `invalid_request`: libvirt cannot parse the XML; `guest_unreachable`: the guest agent does not answer; `libvirt`: any other refusal by libvirt. All
 * carry `details: {libvirtCode, libvirtDomain, level, call}`; those of `monitor` also `details.qmpClass` when QEMU refused.
 * - `unavailable`: libvirt cannot be reached, or the child process ended during the call. `details.begun` says whether the call may have been carried
 * out.
 * - `timeout`: the deadline passed, `details.begun` as above; or libvirt itself gave up on a busy domain, with its code 68. `cancelled`: by the
 * signal, before it began.
 */
export interface VmDriver extends AsyncDisposable {
  /** Creates or replaces the persistent definition. Repeatable with the same name and UUID; another UUID under the same name is refused with `libvirt`. */
  define(xml: string, options?: CallOptions): Promise<{ name: string; uuid: string }>;
  /**
   * Removes the definition and everything libvirt keeps for it (managed save, snapshot and checkpoint records, NVRAM). A running domain keeps running
   * and disappears when it stops.
   */
  undefine(name: string, options?: CallOptions): Promise<void>;

  /** Starts a defined domain. @throws `invalid_state` when it is running */
  start(name: string, options?: StartOptions): Promise<void>;
  /**
   * Starts a domain from XML that is not saved. A persistent definition with the same name and UUID remains unchanged, and the next `start` uses it:
   * so a wake (`-incoming defer`, see supervisor/snapshots/device-state.ts) leaves no trace in the definition.
   */
  createFromXml(xml: string, options?: StartOptions): Promise<{ name: string; uuid: string }>;
  /** Stops the vCPUs; memory stays in RAM. Suspending a suspended domain is not an error. */
  suspend(name: string, options?: CallOptions): Promise<void>;
  /** @throws `invalid_state` when it is already running */
  resume(name: string, options?: CallOptions): Promise<void>;
  shutdown(name: string, options: ShutdownOptions): Promise<void>;
  /** Ends QEMU. @throws `invalid_state` when it is off */
  destroy(name: string, options?: DestroyOptions): Promise<void>;
  /** Presses the reset button. */
  reset(name: string, options?: CallOptions): Promise<void>;
  /** Asks the guest to reboot, like `shutdown`. */
  reboot(name: string, options: ShutdownOptions): Promise<void>;

  list(options?: CallOptions): Promise<DomainSummary[]>;
  find(name: string, options?: CallOptions): Promise<DomainSummary | undefined>;
  /** Returns the live XML of a running domain, or the definition of one that is off; `inactive` returns what the next start uses. */
  domainXml(name: string, options?: CallOptions & { inactive?: boolean }): Promise<string>;

  /** Moves the balloon of a running domain. Returns at once; the guest follows gradually. */
  setMemoryMiB(name: string, memoryMiB: number, options?: CallOptions): Promise<void>;
  /** Limits each vCPU to a percentage of a host CPU (1–100, undefined removes the limit), now and for later starts. */
  setCpuQuota(name: string, percentPerVcpu: number | undefined, options?: CallOptions): Promise<void>;
  /** Sets the I/O weight of a running domain (1–1000). */
  setIoWeight(name: string, weight: number, options?: CallOptions): Promise<void>;

  stats(name: string, options?: CallOptions): Promise<DomainStats>;
  /** Returns statistics of all active domains in one call; a busy domain reports only what is available without waiting. */
  allStats(options?: CallOptions): Promise<DomainStats[]>;

  /** Runs a QMP command and returns QEMU's answer. */
  monitor(name: string, command: string, args?: Record<string, unknown>, options?: CallOptions): Promise<unknown>;
  /** Runs a command of the QEMU guest agent and returns its answer. */
  guestAgent(name: string, command: string, args?: Record<string, unknown>, options?: GuestAgentOptions): Promise<unknown>;

  hostInfo(options?: CallOptions): Promise<HostInfo>;
  /** Whether libvirt answers. Never throws. */
  isAlive(options?: CallOptions): Promise<boolean>;

  /** Calls the listener for the events of all domains of the host, including those that are not Somnus's, in order. A listener must not throw. */
  onLifecycle(listener: (event: LifecycleEvent) => void): Unsubscribe;
  /** Calls the listener for every change of `connection`. */
  onConnection(listener: (state: ConnectionState) => void): Unsubscribe;
  readonly connection: ConnectionState;
  /** Resolves when events arrive. @throws `unavailable` when they do not within `timeoutMs` (default 15 s) */
  whenConnected(options?: CallOptions): Promise<void>;

  /** Ends the child processes; running calls fail with `unavailable`. VMs keep running. Repeatable. */
  close(): Promise<void>;
}
