// What the driver and its child processes say to each other. The calls are one table: the child implements it, the driver calls it, so they cannot drift.
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

/** Handed to the child as its only argument, as JSON. */
export interface ChildSettings {
  uri: string;
  /** Whether it listens for events; a child that does is given calls only where the URI's hypervisor lives inside the process (`test:///`). */
  events: boolean;
}

export type ToChild =
  | { kind: 'call'; id: number; call: CallName; params: unknown }
  | { kind: 'ping' };

export type FromChild =
  /** The connection stands, and events flow if they are wanted. */
  | { kind: 'connected' }
  /** There is no connection, or no more: the child ends. */
  | { kind: 'lost'; error: SerializedError }
  /** Sent before libvirt is called: a call that ends without it was never carried out. */
  | { kind: 'begun'; id: number }
  | { kind: 'done'; id: number; result: unknown }
  | { kind: 'refused'; id: number; error: SerializedError }
  | { kind: 'lifecycle'; event: LifecycleEvent }
  | { kind: 'pong' };
