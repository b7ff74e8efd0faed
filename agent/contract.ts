// What the agent inside a VM says and understands: shared by the agent and the host. Version it when it changes.
//
// Two doors, one content. HTTP on the guest's 127.0.0.1 (reached through SSH): GET /status, /health/live, /health/ready, /stats/basic.
// And a virtio-serial port for what must work without a network: one JSON object a line, requests answered by id. The host begins each
// connection with an empty line, which ends a half line of its predecessor, takes ids that its predecessor will not have used, and asks for
// `status`: a reconnect too quick for the guest to notice brings none unasked.
import { z } from 'zod';

import { MAX_MESSAGE, MAX_PROCESSES } from './constants.ts';

export { AGENT_HTTP_PORT, AGENT_PORT_NAME, CONTRACT_VERSION, MAX_LINE_BYTES } from './constants.ts';

/** Who a VM is. Given at first boot and again after a fork or a restore; kept on the guest's disk. */
export const Identity = z.strictObject({
  environmentId: z.string(),
  hostname: z.string(),
  /** 32 hex digits, for /etc/machine-id. */
  machineId: z.string().regex(/^[0-9a-f]{32}$/),
  network: z.strictObject({
    mac: z.string(),
    ip: z.string(),
    /** Reached on the link itself, whatever the prefix. */
    gateway: z.string(),
    dns: z.string(),
  }),
  /** The public key that may log in as root, in authorized_keys form. */
  authorizedKey: z.string(),
  /** The guest's own SSH host key (OpenSSH private key text), made by the host so that it can be pinned. */
  sshHostKey: z.string(),
  /** Counts up whenever the host gives a new identity or new keys: the agent applies what is newer than what it has. */
  generation: z.int().min(1),
});
export type Identity = z.infer<typeof Identity>;

/** The host takes what a guest says about itself only within these: it is kept in the host's records. */
const short = z.string().max(64);

/** The first line an agent says when the host connects, and the answer to `status`. */
export const AgentStatus = z.strictObject({
  contractVersion: z.int(),
  agentVersion: short,
  /** The kernel's, new at each boot; a fork keeps its twin's. */
  bootId: short,
  /** Milliseconds since the kernel started. */
  uptimeMs: z.number(),
  /** The guest's clock. */
  unixMs: z.number(),
  /** What has been applied; null before the first identity. */
  identity: z.strictObject({ environmentId: short, generation: z.int() }).nullable(),
  ready: z.boolean(),
  /** What readiness still waits for, in plain words; empty when ready. */
  waitingFor: z.array(z.string().max(256)).max(16),
  hostname: z.string().max(256),
  vcpusOnline: z.int(),
});
export type AgentStatus = z.infer<typeof AgentStatus>;

const Pressure = z.strictObject({ some10: z.number(), some60: z.number(), full10: z.number(), full60: z.number() });

export const WatchedProcess = z.strictObject({
  name: short,
  pid: z.int(),
  cpuMs: z.number(),
  rssBytes: z.number(),
  state: short,
});
export type WatchedProcess = z.infer<typeof WatchedProcess>;

/** Counters since boot and gauges; rates are the reader's to compute. */
export const BasicStats = z.strictObject({
  unixMs: z.number(),
  uptimeMs: z.number(),
  cpu: z.strictObject({ vcpusOnline: z.int(), userMs: z.number(), systemMs: z.number(), idleMs: z.number(), iowaitMs: z.number(), stealMs: z.number() }),
  memory: z.strictObject({ totalBytes: z.number(), availableBytes: z.number(), usedBytes: z.number(), cachedBytes: z.number(), swapUsedBytes: z.number() }),
  /** The root file system, and the disk's counters. */
  disk: z.strictObject({ totalBytes: z.number(), usedBytes: z.number(), availableBytes: z.number(), readBytes: z.number(), writtenBytes: z.number() }),
  network: z.strictObject({ receivedBytes: z.number(), sentBytes: z.number(), receivedPackets: z.number(), sentPackets: z.number() }),
  load: z.tuple([z.number(), z.number(), z.number()]),
  /** Pressure stall information, in percent; null where the kernel has none. */
  pressure: z.strictObject({ cpu: Pressure, memory: Pressure, io: Pressure }).nullable(),
  processes: z.array(WatchedProcess).max(MAX_PROCESSES),
  /** Whether PID 1 has crashed, and so does nothing any more; agents before contract 2 do not say. */
  initCrashed: z.boolean().optional(),
});
export type BasicStats = z.infer<typeof BasicStats>;

/** What the virtio-serial port understands: method, parameters, result. */
export const portMethods = {
  status: { params: z.strictObject({}), result: AgentStatus },
  stats: { params: z.strictObject({}), result: BasicStats },
  /** Applies an identity: host name, machine id, keys, addresses; repeatable. Answers when it is in force. */
  identify: { params: Identity, result: AgentStatus },
  /** Steps the guest's clock. */
  setClock: { params: z.strictObject({ unixMs: z.number() }), result: z.strictObject({ unixMs: z.number() }) },
  /** Brings vCPUs online or takes them offline; vCPU 0 stays. */
  setVcpus: { params: z.strictObject({ online: z.int().min(1) }), result: z.strictObject({ vcpusOnline: z.int() }) },
  /** Whether PID 1 answers; when it does, the watchdog device is armed again. `crashed` when it never will. */
  checkInit: { params: z.strictObject({}), result: z.strictObject({ answers: z.boolean(), crashed: z.boolean().optional() }) },
  /** Asks systemd to power off, or to reboot; answers before it happens. */
  powerOff: { params: z.strictObject({ mode: z.enum(['poweroff', 'reboot']) }), result: z.strictObject({}) },
  /** Names of programs whose processes `stats` reports. */
  watch: { params: z.strictObject({ names: z.array(z.string().min(1).max(64)).max(32) }), result: z.strictObject({}) },
} as const;
export type PortMethod = keyof typeof portMethods;
export type PortParams<M extends PortMethod> = z.infer<(typeof portMethods)[M]['params']>;
export type PortResult<M extends PortMethod> = z.infer<(typeof portMethods)[M]['result']>;

export const PortRequest = z.strictObject({ id: z.int(), method: z.string(), params: z.unknown() });
export type PortRequest = z.infer<typeof PortRequest>;
export const PortResponse = z.union([
  z.strictObject({ id: z.int(), result: z.unknown() }),
  z.strictObject({ id: z.int(), error: z.strictObject({ code: short, message: z.string().max(MAX_MESSAGE) }) }),
]);
export type PortResponse = z.infer<typeof PortResponse>;
/** Sent unasked: when the agent notices that the host has connected, and when the guest becomes ready. */
export const PortEvent = z.strictObject({ event: z.literal('status'), status: AgentStatus });
export type PortEvent = z.infer<typeof PortEvent>;
