// The control plane as a process of this host: reads its run file and starts it.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { claimFolder, dataFolder } from '../../../common/claimed-folder.ts';
import { SomnusError } from '../../../common/errors.ts';
import { dataPaths } from '../../../common/paths.ts';

const mainProgram = fileURLToPath(new URL('../../main.ts', import.meta.url));

/** What the control plane writes to run/control-plane.json when it listens. */
export interface RunFile { pid: number; url: string; startedAt: string }

/** The run file of a live control plane; undefined when there is none. */
export function runningControlPlane(dataDir: string): RunFile | undefined {
  try {
    const file = JSON.parse(readFileSync(join(dataPaths(dataDir).runDir, 'control-plane.json'), 'utf8')) as RunFile;
    return isControlPlane(file.pid) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a process exists and is a control plane, since pids are reused. */
export function isControlPlane(pid: number): boolean {
  try {
    const [, program] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return program?.endsWith('/orchestrator/main.ts') === true && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The log. Anything else it prints, such as why it could not start, is in the file next to it. */
export function logFileOf(dataDir: string): string {
  return join(dataPaths(dataDir).logDir, 'control-plane.log');
}

function printedFileOf(dataDir: string): string {
  return join(dataPaths(dataDir).logDir, 'control-plane.out');
}

/** Starts the control plane detached from this process and its terminal. @throws SomnusError `config_invalid` when the data folder does not belong to Somnus */
export function startControlPlane(dataDir: string): ChildProcess {
  claimFolder(dataDir, dataFolder);
  mkdirSync(dataPaths(dataDir).logDir, { recursive: true, mode: 0o700 });
  const printed = openSync(printedFileOf(dataDir), 'w', 0o600);
  try {
    return spawn(process.execPath, [mainProgram], { cwd: '/', detached: true, stdio: ['ignore', printed, printed] });
  } finally {
    closeSync(printed);
  }
}

/** What the last control plane started here has printed. */
export function printedBy(dataDir: string): string {
  try {
    return readFileSync(printedFileOf(dataDir), 'utf8').trim();
  } catch {
    return '';
  }
}

/** Replaces this process with the control plane, keeping its pid and streams. Never returns. */
export function becomeControlPlane(): never {
  process.execve?.(process.execPath, [process.execPath, mainProgram]);
  throw new SomnusError('unsupported', 'This Node cannot replace a process', { hint: 'Use the Node that the quickstart installs.' });
}
