// Runs a program of the guest without a shell, with a deadline. Never throws: the caller checks the exit code.
import { spawn } from 'node:child_process';

export interface ProgramResult { code: number; output: string }
export type RunProgram = (command: readonly string[], timeoutMs: number) => Promise<ProgramResult>;

/** The exit code for a program that cannot be started, as in a shell. */
const CANNOT_START = 127;
const TIMED_OUT = 124;
const MAX_OUTPUT = 65_536;

/** Returns the exit code and the end of standard output and standard error. Kills the program after `timeoutMs`; the code is then 124. */
export async function runProgram(command: readonly string[], timeoutMs: number): Promise<ProgramResult> {
  const { promise, resolve } = Promise.withResolvers<ProgramResult>();
  const [program = '', ...args] = command;
  let output = '';
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    resolve({ code: TIMED_OUT, output });
  }, timeoutMs);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output = (output + chunk.toString('utf8')).slice(-MAX_OUTPUT); });
  child.on('error', (error) => resolve({ code: CANNOT_START, output: error.message }));
  child.on('close', (code) => resolve({ code: code ?? 128, output }));
  return await promise.finally(() => clearTimeout(timer));
}
