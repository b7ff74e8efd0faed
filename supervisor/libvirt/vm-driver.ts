// What the supervisor asks of a hypervisor, and what it is told by it: the interface alone. libvirt-driver.ts implements it.
// Which domain belongs to which environment, and what to do about a state, is decided by supervisor/vms.

/** libvirt's states, by their own names. `no_state` and `blocked` are never seen with QEMU. */
export type DomainState = 'no_state' | 'running' | 'blocked' | 'paused' | 'shutting_down' | 'shut_off' | 'crashed' | 'pm_suspended';

export interface DomainSummary {
  name: string;
  uuid: string;
  state: DomainState;
  /** Why it is in that state, in libvirt's words: `user`, `io_error`, `migration`, `booted`, `destroyed`…; `unknown` when libvirt gives none. */
  reason: string;
  /** Whether a definition stays when the domain stops. */
  persistent: boolean;
  /** libvirt's number of this run; undefined while shut off. Another number means another QEMU process. */
  id: number | undefined;
}

export interface CallOptions {
  /**
   * From the moment of the call to its answer, waiting for its turn included. Default 35 s (libvirt itself gives up on a busy domain after 30 s), and
   * 120 s for `define`, `start`, `createFromXml` and `hostInfo`, before which it may look QEMU over anew. A call that has begun and does not end in time costs the child process its life; no VM notices.
   */
  timeoutMs?: number | undefined;
  /** Cancels a call that has not begun; one that has begun is waited for, since it cannot be taken back. */
  signal?: AbortSignal | undefined;
}

export interface StartOptions extends CallOptions {
  /** Leave the vCPUs standing. Default false. */
  paused?: boolean;
}

export interface ShutdownOptions extends CallOptions {
  /** Press the power button, or tell the QEMU guest agent. Both only ask: wait for the lifecycle event. */
  mode: 'acpi' | 'agent';
}

export interface DestroyOptions extends CallOptions {
  /** Let QEMU flush and end by itself (SIGTERM) and fail rather than SIGKILL it. Default false. */
  graceful?: boolean;
}

export interface GuestAgentOptions extends CallOptions {
  /** Seconds libvirt waits for the agent's answer. Default 5. The call's own deadline is longer by itself. */
  agentTimeoutS?: number;
}

export interface BlockStats {
  /** Target name in the guest: `vda`. */
  device: string;
  readBytes: number;
  readRequests: number;
  writtenBytes: number;
  writeRequests: number;
  /** Bytes the file takes on the host, and its size as the guest sees it; undefined while not running. */
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

/** Counters run from the start of the QEMU process. */
export interface DomainStats {
  name: string;
  uuid: string;
  state: DomainState;
  /** CPU time of the whole QEMU process; undefined while not running. */
  cpuTimeNs: number | undefined;
  memory: {
    /** What the balloon leaves the guest. */
    actualKiB: number | undefined;
    /** Resident on the host, guest RAM file included. */
    rssKiB: number | undefined;
    /** The guest's own figures; undefined until its balloon driver reports (see the stats period in domain-xml.ts). */
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
  /** What libvirt offers for x86_64 guests. Offered is not proven: only a booted guest proves KVM. */
  guests: { kvmOffered: boolean; tcgOffered: boolean; machineTypes: MachineType[] };
}

export interface MachineType {
  /** As it may be asked for: `pc`, `q35`. */
  name: string;
  /** What it means on this host, for manifests and definitions that must not drift: `pc-i440fx-7.2`. */
  canonical: string;
}

export type LifecycleEventName = 'defined' | 'undefined' | 'started' | 'suspended' | 'resumed' | 'stopped' | 'shutdown' | 'pm_suspended' | 'crashed' | 'rebooted' | 'watchdog';

/**
 * `rebooted`: the guest was reset, by itself or by us, and goes on in the same QEMU. `watchdog`: nobody in the guest has petted the watchdog device in time.
 * `crashed` with the detail `panicked`: the guest's kernel said that it panicked; QEMU is then ended by libvirt.
 * A start is heard as `resumed` and then `started`; a stop mostly as `shutdown` and then `stopped`.
 */
export interface LifecycleEvent {
  name: string;
  uuid: string;
  event: LifecycleEventName;
  /** libvirt's detail: `booted`, `migrated`, `destroyed`, `io_error`, `paused`, `guest`…; `unknown` for one we do not know. */
  detail: string;
  /** When we heard of it, Unix ms. */
  atMs: number;
}

/** `connected`: events flow from now on. After a `lost`, some were missed: compare `list()` with what you believe. */
export type ConnectionState = 'connected' | 'lost';

export type Unsubscribe = () => void;

/**
 * One host's hypervisor. Domains are meant by their libvirt name. Calls that name the same domain are carried out in the order made; those for different domains do
 * not wait for each other. `find`, `destroy` and `guestAgent` wait for no other call, so that they get through to a domain that hangs.
 *
 * Every method may throw a SomnusError:
 * - `not_found`: no such domain; `invalid_state`: not possible in the domain's state; `unsupported`: this hypervisor cannot; `invalid_request`: libvirt cannot read the XML;
 *   `guest_unreachable`: the guest agent does not answer; `libvirt`: everything else libvirt refuses. All carry `details: {libvirtCode, libvirtDomain, level, call}`;
 *   those of `monitor` also `details.qmpClass` when QEMU refused.
 * - `unavailable`: libvirt cannot be reached, or the child process ended during the call. `details.begun` says whether the call may have been carried out.
 * - `timeout`: the deadline passed, `details.begun` as above; or libvirt itself gave up on a domain that is busy, with its code 68. `cancelled`: by the signal, before it began.
 */
export interface VmDriver extends AsyncDisposable {
  /** Makes or replaces the persistent definition. Repeatable with the same name and UUID; another UUID under a name is refused with `libvirt`. */
  define(xml: string, options?: CallOptions): Promise<{ name: string; uuid: string }>;
  /** Removes the definition with all libvirt keeps for it (managed save, snapshot and checkpoint records, NVRAM). A running domain runs on and vanishes when it stops. */
  undefine(name: string, options?: CallOptions): Promise<void>;

  /** Starts a defined domain. @throws `invalid_state` when it runs. */
  start(name: string, options?: StartOptions): Promise<void>;
  /**
   * Starts a domain from XML that is not kept. Where a persistent definition of the same name and UUID stands and is off, that one stays as it is and
   * is what the next `start` uses: so a wake (`-incoming defer`, see supervisor/snapshots/device-state.ts) leaves no trace in the definition.
   */
  createFromXml(xml: string, options?: StartOptions): Promise<{ name: string; uuid: string }>;
  /** Stops the vCPUs; memory stays where it is. Suspending a suspended domain is no error. */
  suspend(name: string, options?: CallOptions): Promise<void>;
  /** @throws `invalid_state` when it runs already. */
  resume(name: string, options?: CallOptions): Promise<void>;
  shutdown(name: string, options: ShutdownOptions): Promise<void>;
  /** Ends QEMU. @throws `invalid_state` when it is off. */
  destroy(name: string, options?: DestroyOptions): Promise<void>;
  /** The reset button. */
  reset(name: string, options?: CallOptions): Promise<void>;
  /** Asks the guest to restart itself, like `shutdown`. */
  reboot(name: string, options: ShutdownOptions): Promise<void>;

  list(options?: CallOptions): Promise<DomainSummary[]>;
  find(name: string, options?: CallOptions): Promise<DomainSummary | undefined>;
  /** The live XML of a running domain, the definition of one that is off; `inactive` asks for what the next start uses. */
  domainXml(name: string, options?: CallOptions & { inactive?: boolean }): Promise<string>;

  /** Moves the balloon of a running domain; returns at once, the guest follows in its own time. */
  setMemoryMiB(name: string, memoryMiB: number, options?: CallOptions): Promise<void>;
  /** Caps each vCPU at a percentage of a host CPU (1–100, undefined takes the cap away), now and for later starts. */
  setCpuQuota(name: string, percentPerVcpu: number | undefined, options?: CallOptions): Promise<void>;
  /** Weighs the disk access of a running domain against others' (1–1000). */
  setIoWeight(name: string, weight: number, options?: CallOptions): Promise<void>;

  stats(name: string, options?: CallOptions): Promise<DomainStats>;
  /** Statistics of all active domains in one call; a domain that is busy reports what can be had without waiting. */
  allStats(options?: CallOptions): Promise<DomainStats[]>;

  /** A QMP command; gives what QEMU returned. */
  monitor(name: string, command: string, args?: Record<string, unknown>, options?: CallOptions): Promise<unknown>;
  /** A command of the QEMU guest agent; gives what it returned. */
  guestAgent(name: string, command: string, args?: Record<string, unknown>, options?: GuestAgentOptions): Promise<unknown>;

  hostInfo(options?: CallOptions): Promise<HostInfo>;
  /** Whether libvirt answers; never throws. */
  isAlive(options?: CallOptions): Promise<boolean>;

  /** Events of all domains of the host, also those that are not Somnus's, in order. A listener must not throw. */
  onLifecycle(listener: (event: LifecycleEvent) => void): Unsubscribe;
  /** Told of every change of `connection`. */
  onConnection(listener: (state: ConnectionState) => void): Unsubscribe;
  readonly connection: ConnectionState;
  /** Resolves when events flow. @throws `unavailable` when they do not within `timeoutMs` (default 15 s). */
  whenConnected(options?: CallOptions): Promise<void>;

  /** Ends the child processes; calls under way fail with `unavailable`. VMs run on. Repeatable. */
  close(): Promise<void>;
}
