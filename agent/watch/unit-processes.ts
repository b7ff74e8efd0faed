// Finds the processes of a unit in its control group, and processes by their command line. Cheap enough for a check every few seconds on an emulated
// CPU, unlike systemctl.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseProcess } from '../stats.ts';

export interface Processes {
  pids: number[];
  rssBytes: number;
  cpuMs: number;
  /** Identifies the oldest of them, to detect when it is replaced. */
  first: string | undefined;
}

/** @param controlGroup such as /system.slice/web.service */
export function processesOfGroup(controlGroup: string, root = '/'): Processes {
  try {
    return summed(readFileSync(join(root, 'sys/fs/cgroup', controlGroup, 'cgroup.procs'), 'latin1').split('\n').filter((pid) => pid !== ''), root);
  } catch {
    return summed([], root); // a unit that is not running has no control group
  }
}

/** Processes whose command line contains the text, except this one. */
export function processesMatching(text: string, root = '/'): Processes {
  return summed(readdirSync(join(root, 'proc')).filter((entry) => {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) return false;
    try {
      return readFileSync(join(root, 'proc', entry, 'cmdline'), 'utf8').replaceAll('\0', ' ').includes(text);
    } catch {
      return false; // it has just ended
    }
  }), root);
}

function summed(pids: readonly string[], root: string): Processes {
  const found = pids.flatMap((pid) => {
    try {
      const stat = readFileSync(join(root, 'proc', pid, 'stat'), 'latin1');
      return [{ ...parseProcess(stat), startTime: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) }];
    } catch {
      return [];
    }
  }).filter(({ state }) => state !== 'Z').toSorted((a, b) => a.startTime - b.startTime || a.pid - b.pid);
  return {
    pids: found.map(({ pid }) => pid),
    rssBytes: found.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    cpuMs: found.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    first: found[0] === undefined ? undefined : `${found[0].pid}@${found[0].startTime}`,
  };
}
