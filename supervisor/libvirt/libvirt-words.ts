// Names for libvirt's numbers: states and their reasons, lifecycle events and their details, in the order of the C enumerations (libvirt-domain.h).
import type { DomainState, LifecycleEventName } from './vm-driver.ts';

const states: readonly DomainState[] = ['no_state', 'running', 'blocked', 'paused', 'shutting_down', 'shut_off', 'crashed', 'pm_suspended'];

const reasons: Record<DomainState, readonly string[]> = {
  no_state: [],
  running: ['unknown', 'booted', 'migrated', 'restored', 'from_snapshot', 'unpaused', 'migration_cancelled', 'save_cancelled', 'wakeup', 'crashed', 'postcopy', 'postcopy_failed'],
  blocked: [],
  paused: ['unknown', 'user', 'migration', 'save', 'dump', 'io_error', 'watchdog', 'from_snapshot', 'shutting_down', 'snapshot', 'crashed', 'starting_up', 'postcopy', 'postcopy_failed'],
  shutting_down: ['unknown', 'user'],
  shut_off: ['unknown', 'shutdown', 'destroyed', 'crashed', 'migrated', 'saved', 'failed', 'from_snapshot', 'daemon'],
  crashed: ['unknown', 'panicked'],
  pm_suspended: [],
};

/** libvirt's lifecycle events; `rebooted` and `watchdog` are separate events. */
const events: readonly Exclude<LifecycleEventName, 'rebooted' | 'watchdog'>[] = ['defined', 'undefined', 'started', 'suspended', 'resumed', 'stopped', 'shutdown', 'pm_suspended', 'crashed'];

const details: Record<(typeof events)[number], readonly string[]> = {
  defined: ['added', 'updated', 'renamed', 'from_snapshot'],
  undefined: ['removed', 'renamed'],
  started: ['booted', 'migrated', 'restored', 'from_snapshot', 'wakeup'],
  suspended: ['paused', 'migrated', 'io_error', 'watchdog', 'restored', 'from_snapshot', 'api_error', 'postcopy', 'postcopy_failed'],
  resumed: ['unpaused', 'migrated', 'from_snapshot', 'postcopy', 'postcopy_failed'],
  stopped: ['shutdown', 'destroyed', 'crashed', 'migrated', 'saved', 'failed', 'from_snapshot'],
  shutdown: ['finished', 'guest', 'host'],
  pm_suspended: ['memory', 'disk'],
  crashed: ['panicked', 'crash_loaded'],
};

const watchdogActions = ['none', 'pause', 'reset', 'poweroff', 'shutdown', 'debug', 'inject_nmi'] as const;

const closeReasons = ['error', 'end of file', 'keepalive', 'client'] as const;

export function stateWord(state: number): DomainState {
  return states[state] ?? 'no_state';
}

export function reasonWord(state: DomainState, reason: number): string {
  return reasons[state][reason] ?? 'unknown';
}

/** Returns undefined for an event that a later libvirt may have added. */
export function lifecycleWords(event: number, detail: number): { event: LifecycleEventName; detail: string } | undefined {
  const name = events[event];
  return name === undefined ? undefined : { event: name, detail: details[name][detail] ?? 'unknown' };
}

export function watchdogWord(action: number): string {
  return watchdogActions[action] ?? 'unknown';
}

export function closeReasonWord(reason: number): string {
  return closeReasons[reason] ?? 'unknown';
}
