// Restarts the watched processes without rebooting the VM: each gets TERM, and KILL after a deadline; systemd starts units again. Reports what is running again.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SoftReboot, Watched } from '../contract/health.ts';
import type { RunProgram } from './run-program.ts';
import { processesMatching, type Processes } from './unit-processes.ts';

export interface SoftRebootOptions {
  watched: readonly Pick<Watched, 'name' | 'kind' | 'state'>[];
  /** How long a process may take to stop after TERM. */
  deadlineMs: number;
  run: RunProgram;
  matching?: (text: string) => Processes;
}

type Outcome = SoftReboot['processes'][number];

/** How long systemd, or whatever else started a process, may take to start it again. */
const COMES_BACK_WITHIN_MS = 30_000;
const LOOK_MS = 200;

/** Restarts all of them at the same time. Repeatable. */
export async function softReboot(options: SoftRebootOptions): Promise<SoftReboot> {
  const started = performance.now();
  const processes = await Promise.all(options.watched.map(async ({ name, kind }): Promise<Outcome> => {
    const from = performance.now();
    const outcome = kind === 'unit' ? await rebootUnit(name, options) : await rebootMatching(name, options);
    return { name, kind, ...outcome, tookMs: Math.round(performance.now() - from) };
  }));
  return { tookMs: Math.round(performance.now() - started), processes };
}

async function rebootUnit(unit: string, { run, deadlineMs }: SoftRebootOptions): Promise<Pick<Outcome, 'stopped' | 'back'>> {
  const wasActive = (await run(['systemctl', 'is-active', '--quiet', unit], COMES_BACK_WITHIN_MS)).code === 0;
  if (!wasActive) await run(['systemctl', 'reset-failed', unit], COMES_BACK_WITHIN_MS);
  let killed: Promise<unknown> | undefined;
  // Without this KILL, systemd would wait for the unit's TimeoutStopSec, which is 90 s by default.
  const timer = setTimeout(() => { killed = run(['systemctl', 'kill', '--signal=KILL', unit], COMES_BACK_WITHIN_MS); }, deadlineMs);
  const { code } = await run(['systemctl', 'restart', unit], deadlineMs + COMES_BACK_WITHIN_MS).finally(() => clearTimeout(timer));
  await killed;
  return { stopped: killed !== undefined ? 'killed' : wasActive ? 'ended' : 'not-running', back: code === 0 };
}

async function rebootMatching(text: string, { deadlineMs, matching = processesMatching }: SoftRebootOptions): Promise<Pick<Outcome, 'stopped' | 'back'>> {
  const before = matching(text).pids;
  if (before.length === 0) return { stopped: 'not-running', back: false };
  signal(before, 'SIGTERM');
  const left = (): number[] => matching(text).pids.filter((pid) => before.includes(pid));
  const ended = await until(() => left().length === 0, deadlineMs);
  if (!ended) signal(left(), 'SIGKILL');
  const back = await until(() => matching(text).pids.some((pid) => !before.includes(pid)), COMES_BACK_WITHIN_MS);
  return { stopped: ended ? 'ended' : 'killed', back };
}

function signal(pids: readonly number[], name: 'SIGTERM' | 'SIGKILL'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // it has just ended
    }
  }
}

async function until(holds: () => boolean, timeoutMs: number): Promise<boolean> {
  for (const end = performance.now() + timeoutMs; performance.now() < end; await sleep(LOOK_MS)) if (holds()) return true;
  return holds();
}
