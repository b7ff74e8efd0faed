// Names of staging folders, which show whether their creator is still running, so that the remains of a killed build are recognized reliably.
import { readFileSync } from 'node:fs';

const STAGING = /^\.staging-(?<pid>\d+)-(?<startedAt>\d+)$/;

/** Returns a name for this process, which can use one at a time. */
export function stagingName(): string {
  return `.staging-${process.pid}-${startTime(process.pid)}`;
}

/** Whether the creator of a staging folder is running; undefined when the name is not a staging name. */
export function isOfLivingProcess(name: string): boolean | undefined {
  const { pid, startedAt } = STAGING.exec(name)?.groups ?? {};
  if (pid === undefined) return undefined;
  return startTime(Number(pid)) === startedAt;
}

/** Returns when a process started, in the kernel's ticks: a process id is reused, this pair is not. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
