// A point of a VM's statistics history, and how points are computed from counters and merged. Pure.
import type { BasicStats } from '../../agent/contract.ts';
import type { DomainStats } from '../libvirt/vm-driver.ts';

/** Rates are averages over the span that ends at `atMs`; gauges are values at `atMs`. */
export interface StatsPoint {
  atMs: number;
  spanMs: number;
  /** Percent of one host CPU. */
  cpuPercent: number;
  hostMemoryMiB: number;
  memoryUsedMiB: number | null;
  memoryTotalMiB: number | null;
  diskReadBytesPerSecond: number;
  diskWrittenBytesPerSecond: number;
  diskUsedBytes: number | null;
  networkReceivedBytesPerSecond: number;
  networkSentBytesPerSecond: number;
  load1: number | null;
}

/** Counters at one time, from libvirt and, if it answered, from the guest. */
export interface Sample { atMs: number; domain: DomainStats; guest: BasicStats | undefined }

/** Returns the point between two samples of the same QEMU process; undefined when counters went backwards, as after a restart. */
export function pointBetween(before: Sample, after: Sample): StatsPoint | undefined {
  const spanMs = after.atMs - before.atMs;
  const cpuNs = (after.domain.cpuTimeNs ?? 0) - (before.domain.cpuTimeNs ?? 0);
  if (spanMs <= 0 || cpuNs < 0) return undefined;
  const perSecond = (count: (stats: DomainStats) => number): number => Math.max(0, ((count(after.domain) - count(before.domain)) * 1000) / spanMs);
  const guest = after.guest;
  return {
    atMs: after.atMs,
    spanMs,
    cpuPercent: (cpuNs / 1e6 / spanMs) * 100,
    hostMemoryMiB: (after.domain.memory.rssKiB ?? 0) / 1024,
    memoryUsedMiB: guest ? guest.memory.usedBytes / 2 ** 20 : null,
    memoryTotalMiB: guest ? guest.memory.totalBytes / 2 ** 20 : null,
    diskReadBytesPerSecond: perSecond((stats) => sum(stats.blocks.map((block) => block.readBytes))),
    diskWrittenBytesPerSecond: perSecond((stats) => sum(stats.blocks.map((block) => block.writtenBytes))),
    diskUsedBytes: guest ? guest.disk.usedBytes : null,
    // The tap receives what the guest sends.
    networkReceivedBytesPerSecond: perSecond((stats) => sum(stats.interfaces.map((tap) => tap.sentBytes))),
    networkSentBytesPerSecond: perSecond((stats) => sum(stats.interfaces.map((tap) => tap.receivedBytes))),
    load1: guest ? guest.load[0] : null,
  };
}

/** Merges consecutive points into one: rates weighted by span, gauges from the last point that has them. */
export function mergePoints(points: readonly StatsPoint[]): StatsPoint | undefined {
  const last = points.at(-1);
  if (!last) return undefined;
  const spanMs = sum(points.map((point) => point.spanMs));
  const average = (value: (point: StatsPoint) => number): number => sum(points.map((point) => value(point) * point.spanMs)) / spanMs;
  const latest = (value: (point: StatsPoint) => number | null): number | null => points.map(value).findLast((found) => found !== null) ?? null;
  return {
    atMs: last.atMs,
    spanMs,
    cpuPercent: average((point) => point.cpuPercent),
    hostMemoryMiB: last.hostMemoryMiB,
    memoryUsedMiB: latest((point) => point.memoryUsedMiB),
    memoryTotalMiB: latest((point) => point.memoryTotalMiB),
    diskReadBytesPerSecond: average((point) => point.diskReadBytesPerSecond),
    diskWrittenBytesPerSecond: average((point) => point.diskWrittenBytesPerSecond),
    diskUsedBytes: latest((point) => point.diskUsedBytes),
    networkReceivedBytesPerSecond: average((point) => point.networkReceivedBytesPerSecond),
    networkSentBytesPerSecond: average((point) => point.networkSentBytesPerSecond),
    load1: latest((point) => point.load1),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
