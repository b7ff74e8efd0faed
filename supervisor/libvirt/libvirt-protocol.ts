// The protocol between the driver and its child processes. The calls are one table that the child implements and the driver calls, so they cannot
// diverge.
import type { SerializedError } from '../../common/errors.ts';
import type { DomainStats, DomainSummary, HostInfo, LifecycleEvent } from './vm-driver.ts';

export interface LibvirtCalls {
  define(params: { xml: string }): { name: string; uuid: string };
  undefine(params: { name: string }): void;
  start(params: { name: string; paused: boolean }): void;
  createFromXml(params: { xml: string; paused: boolean }): { name: string; uuid: string };
  suspend(params: { name: string }): void;
  resume(params: { name: string }): void;
  shutdown(params: { name: string; mode: 'acpi' | 'agent' }): void;
  reboot(params: { name: string; mode: 'acpi' | 'agent' }): void;
  reset(params: { name: string }): void;
  destroy(params: { name: string; graceful: boolean }): void;
  list(params: Record<never, never>): DomainSummary[];
  find(params: { name: string }): DomainSummary | undefined;
  domainXml(params: { name: string; inactive: boolean }): string;
  setMemory(params: { name: string; memoryMiB: number }): void;
  setCpuQuota(params: { name: string; percentPerVcpu: number | undefined }): void;
  setIoWeight(params: { name: string; weight: number }): void;
  stats(params: { name: string }): DomainStats;
  allStats(params: Record<never, never>): DomainStats[];
  monitor(params: { name: string; command: string; args: Record<string, unknown> }): unknown;
  guestAgent(params: { name: string; command: string; args: Record<string, unknown>; agentTimeoutS: number }): unknown;
  hostInfo(params: Record<never, never>): HostInfo;
  /** A round trip to libvirt and nothing else. */
  touch(params: Record<never, never>): void;
}

export type CallName = keyof LibvirtCalls;
export type CallParams<C extends CallName> = Parameters<LibvirtCalls[C]>[0];
export type CallResult<C extends CallName> = ReturnType<LibvirtCalls[C]>;

/** The child's only argument, as JSON. */
export interface ChildSettings {
  uri: string;
  /** Whether it listens for events. Such a child receives calls only if the URI's hypervisor exists inside the process (`test:///`). */
  events: boolean;
}

export type ToChild =
  | { kind: 'call'; id: number; call: CallName; params: unknown }
  | { kind: 'ping' };

export type FromChild =
  /** Connected, and receiving events if requested. */
  | { kind: 'connected' }
  /** The connection failed or was lost; the child exits. */
  | { kind: 'lost'; error: SerializedError }
  /** Sent before libvirt is called: a call that ends without it was never carried out. */
  | { kind: 'begun'; id: number }
  | { kind: 'done'; id: number; result: unknown }
  | { kind: 'refused'; id: number; error: SerializedError }
  | { kind: 'lifecycle'; event: LifecycleEvent }
  | { kind: 'pong' };
