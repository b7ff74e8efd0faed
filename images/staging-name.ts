// Names of folders that are being made, which tell whether their maker still lives: what a killed build leaves is recognised for certain.
import { readFileSync } from 'node:fs';

const STAGING = /^\.staging-(?<pid>\d+)-(?<startedAt>\d+)$/;

/** A name for this process; one at a time. */
export function stagingName(): string {
  return `.staging-${process.pid}-${startTime(process.pid)}`;
}

/** Whether the maker of a staging folder lives; undefined when the name is no staging name. */
export function isOfLivingProcess(name: string): boolean | undefined {
  const { pid, startedAt } = STAGING.exec(name)?.groups ?? {};
  if (pid === undefined) return undefined;
  return startTime(Number(pid)) === startedAt;
}

/** When a process started, in the kernel's ticks: a process id is given again, this pair is not. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
