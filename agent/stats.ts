// Reads this VM's statistics from /proc, as counters and gauges.
import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { MAX_PROCESSES } from './constants.ts';
import type { BasicStats, WatchedProcess } from './contract.ts';

/** /proc counts CPU time in hundredths of a second on every architecture (USER_HZ). */
const TICK_MS = 10;
const SECTOR_BYTES = 512;
const PAGE_BYTES = 4096;
const STANDARD_ERROR = 2;

export class GuestStats {
  readonly #root: string;
  #watched: readonly string[] = [];

  constructor(root = '/') {
    this.#root = root;
  }

  /** Sets the names of programs whose processes `basic` reports from now on: the name they were started with, or their own (/proc/PID/comm). */
  watch(names: readonly string[]): void {
    this.#watched = names;
  }

  /** Milliseconds since the kernel started. */
  uptimeMs(): number {
    return Math.round(Number(this.#read('proc/uptime').split(' ')[0]) * 1000);
  }

  vcpusOnline(): number {
    return parseCpuList(this.#read('sys/devices/system/cpu/online')).length;
  }

  basic(): BasicStats {
    const cpu = parseCpuTimes(this.#read('proc/stat'));
    const memory = parseMemory(this.#read('proc/meminfo'));
    const space = statfsSync(this.#root);
    const [one = 0, five = 0, fifteen = 0] = this.#read('proc/loadavg').split(' ').map(Number);
    return {
      unixMs: Date.now(),
      uptimeMs: this.uptimeMs(),
      cpu: { vcpusOnline: this.vcpusOnline(), ...cpu },
      memory,
      disk: {
        totalBytes: space.blocks * space.bsize,
        usedBytes: (space.blocks - space.bfree) * space.bsize,
        availableBytes: space.bavail * space.bsize,
        ...parseDiskCounters(this.#read('proc/diskstats'), 'vda'),
      },
      network: parseNetworkCounters(this.#read('proc/net/dev'), 'eth0'),
      load: [one, five, fifteen],
      pressure: this.#pressure(),
      processes: this.#processes(),
      initCrashed: this.initCrashed(),
    };
  }

  /**
   * Whether systemd has crashed as PID 1. It then closes everything but its first three files, logs "Freezing execution" and only reaps processes:
   * see freeze() in systemd's process-util.c. This state never occurs otherwise, not even while systemd re-executes itself.
   */
  initCrashed(): boolean {
    return readdirSync(join(this.#root, 'proc/1/fd')).every((fd) => Number(fd) <= STANDARD_ERROR);
  }

  #pressure(): BasicStats['pressure'] {
    try {
      const [cpu, memory, io] = ['cpu', 'memory', 'io'].map((resource) => parsePressure(this.#read(`proc/pressure/${resource}`)));
      return cpu && memory && io ? { cpu, memory, io } : null;
    } catch {
      return null; // a kernel without pressure information
    }
  }

  #processes(): WatchedProcess[] {
    if (this.#watched.length === 0) return [];
    const found: WatchedProcess[] = [];
    for (const entry of readdirSync(join(this.#root, 'proc'))) {
      if (!/^\d+$/.test(entry)) continue;
      if (found.length === MAX_PROCESSES) break;
      const process = this.#process(entry);
      const name = process && [process.name, ...this.#programName(entry)].find((candidate) => this.#watched.includes(candidate));
      if (process && name !== undefined) found.push({ ...process, name });
    }
    return found;
  }

  #process(pid: string): WatchedProcess | undefined {
    try {
      return parseProcess(this.#read(`proc/${pid}/stat`));
    } catch {
      return undefined; // it has just ended
    }
  }

  /** Returns the name a process was started with, because programs such as node rename their processes. */
  #programName(pid: string): string[] {
    try {
      return [basename(this.#read(`proc/${pid}/cmdline`).split('\0')[0] ?? '')];
    } catch {
      return [];
    }
  }

  #read(path: string): string {
    return readFileSync(join(this.#root, path), 'latin1');
  }
}

/** How much memory a process uses: all of it, and the part for its program and libraries. @throws the error of the file system, for example when it has ended */
export function memoryOf(pid: number, root = '/'): { residentBytes: number; programBytes: number } {
  const [, resident = 0, shared = 0] = readFileSync(join(root, `proc/${pid}/statm`), 'latin1').split(' ').map(Number);
  return { residentBytes: resident * PAGE_BYTES, programBytes: shared * PAGE_BYTES };
}

/** Returns the numbers in a list such as `0-2,5`. */
export function parseCpuList(list: string): number[] {
  return list.trim().split(',').filter((part) => part !== '').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

export function parseCpuTimes(stat: string): Omit<BasicStats['cpu'], 'vcpusOnline'> {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = stat.slice(0, stat.indexOf('\n')).trim().split(/\s+/).slice(1).map(Number);
  return {
    userMs: (user + nice) * TICK_MS,
    systemMs: (system + irq + softirq) * TICK_MS,
    idleMs: idle * TICK_MS,
    iowaitMs: iowait * TICK_MS,
    stealMs: steal * TICK_MS,
  };
}

export function parseMemory(meminfo: string): BasicStats['memory'] {
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
  const totalBytes = bytes('MemTotal');
  const availableBytes = bytes('MemAvailable');
  return {
    totalBytes,
    availableBytes,
    usedBytes: totalBytes - availableBytes,
    cachedBytes: bytes('Cached') + bytes('Buffers') + bytes('SReclaimable'),
    swapUsedBytes: bytes('SwapTotal') - bytes('SwapFree'),
  };
}

export function parseDiskCounters(diskstats: string, disk: string): { readBytes: number; writtenBytes: number } {
  const fields = diskstats.split('\n').map((row) => row.trim().split(/\s+/)).find((row) => row[2] === disk) ?? [];
  return { readBytes: Number(fields[5] ?? 0) * SECTOR_BYTES, writtenBytes: Number(fields[9] ?? 0) * SECTOR_BYTES };
}

export function parseNetworkCounters(dev: string, device: string): BasicStats['network'] {
  const row = dev.split('\n').find((text) => text.trim().startsWith(`${device}:`)) ?? '';
  const fields = row.slice(row.indexOf(':') + 1).trim().split(/\s+/).map(Number);
  return { receivedBytes: fields[0] ?? 0, receivedPackets: fields[1] ?? 0, sentBytes: fields[8] ?? 0, sentPackets: fields[9] ?? 0 };
}

export function parsePressure(text: string): NonNullable<BasicStats['pressure']>['cpu'] {
  const value = (kind: string, span: string): number => Number(new RegExp(`^${kind} .*avg${span}=([\\d.]+)`, 'm').exec(text)?.[1] ?? 0);
  return { some10: value('some', '10'), some60: value('some', '60'), full10: value('full', '10'), full60: value('full', '60') };
}

/** Parses /proc/PID/stat, where the name is in parentheses and may itself contain spaces and parentheses. */
export function parseProcess(stat: string): WatchedProcess {
  const nameEnd = stat.lastIndexOf(')');
  const fields = stat.slice(nameEnd + 2).split(' ');
  return {
    name: stat.slice(stat.indexOf('(') + 1, nameEnd),
    pid: Number.parseInt(stat, 10),
    state: fields[0] ?? '?',
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    rssBytes: Number(fields[21]) * PAGE_BYTES,
  };
}
