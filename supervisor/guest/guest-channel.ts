// Access to a running VM: commands, files and the agent's HTTP server over one persistent SSH connection. Interface only; ssh2-channel.ts implements
// it.
import type { Duplex, Readable, Writable } from 'node:stream';
import { z } from 'zod';

const Word = z.string().refine((part) => !part.includes('\0'), 'must not contain NUL');
const Command = z.array(Word).min(1, 'must not be empty').refine((parts) => parts[0] !== '', 'must name a program');
/** As people type it; bash interprets it. */
const CommandLine = Word.refine((line) => line.trim() !== '', 'must not be empty').transform((line) => ['/bin/bash', '-lc', line]);

/** A program to run in a guest. */
export const ExecRequest = z.strictObject({
  command: z.union([CommandLine, Command]).meta({ description: 'Program and arguments, passed unchanged: no shell interprets them unless the list names one. Or a command line as one string, which runs in a login shell.' }),
  cwd: z.string().min(1).optional(),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'use letters, digits and underscores, not starting with a digit'), z.string()).default({}),
  /** Milliseconds after which the process group is ended, at most 24 days; no limit by default. */
  timeoutMs: z.int().positive().max(2_147_483_647).optional(),
  /** A pseudo-terminal of this size; standard error is then part of standard output. */
  tty: z.strictObject({ columns: z.int().min(1).max(1000), rows: z.int().min(1).max(1000), term: z.string().default('xterm-256color') }).optional(),
});
export type ExecRequest = z.infer<typeof ExecRequest>;

export const ExecExit = z.strictObject({
  /** The program's exit code; 128 + signal number if a signal ended it; 124 if the timeout did. */
  code: z.int(),
  /** The signal's name without SIG, such as `KILL`. */
  signal: z.string().nullable(),
  timedOut: z.boolean(),
});
export type ExecExit = z.infer<typeof ExecExit>;

export const guestSignals = ['INT', 'TERM', 'KILL', 'HUP', 'QUIT', 'USR1', 'USR2'] as const;
export type GuestSignal = (typeof guestSignals)[number];

/** A program running in a guest. Its streams have back-pressure; both must be read. */
export interface GuestProcess {
  /** Closes without an error when the program ends before it has read everything. */
  stdin: Writable;
  /** If the reader destroys it, the rest is discarded and the program keeps running. */
  stdout: Readable;
  /** Empty with a terminal. */
  stderr: Readable;
  /** Sends a signal to the whole process group. */
  signal(name: GuestSignal): Promise<void>;
  resize(columns: number, rows: number): void;
  /** Settles after both streams have ended. Rejects with `guest_unreachable` when the connection is lost; the outcome is then unknown. */
  exit: Promise<ExecExit>;
}

export interface GuestFileInfo { type: 'file' | 'directory' | 'other'; sizeBytes: number; mode: number; modifiedMs: number }

export interface GuestChannel {
  /**
   * Starts a program. When the signal fires, its process group is ended, now or as soon as the VM can be reached again. @throws guest_unreachable,
   * unavailable, cancelled
   */
  exec(request: ExecRequest, signal?: AbortSignal): Promise<GuestProcess>;
  /**
   * Writes a stream to a file atomically (to a temporary file, then renamed); without a mode it keeps the mode of the file it replaces. On failure
   * the caller still owns `content`.
   * @throws invalid_request when the path cannot be written, insufficient_space when the guest's disk is full, the error of `content`
   */
  writeFile(path: string, content: Readable, options: { mode?: number | undefined }, signal?: AbortSignal): Promise<{ sizeBytes: number }>;
  /**
   * Reads a file as a stream of as many bytes as it had at the start, or an error. @throws not_found, invalid_request when it is not a file; the
   * stream: precondition_failed when the file became shorter
   */
  readFile(path: string, signal?: AbortSignal): Promise<{ info: GuestFileInfo; content: Readable }>;
  /**
   * Reads a folder as tar, or unpacks tar into a folder, which is created if only its last component is missing; owners become root. @throws as the
   * file methods
   */
  readTar(path: string, signal?: AbortSignal): Promise<Readable>;
  writeTar(path: string, content: Readable, signal?: AbortSignal): Promise<void>;
  stat(path: string): Promise<GuestFileInfo | undefined>;
  /** Opens a connection to a Unix socket in the guest; undefined when nothing listens there. The signal ends it. @throws guest_unreachable, unavailable */
  unixSocket(path: string, signal: AbortSignal): Promise<Duplex | undefined>;
  /** Opens a TCP connection to a port on the guest's loopback; undefined if nothing listens there. The signal ends the connection. @throws guest_unreachable, unavailable */
  tcpSocket(port: number, signal: AbortSignal): Promise<Duplex | undefined>;
  /**
   * Listens on a port of the guest's loopback as long as the present connection to the VM lasts; connects if necessary. `accept` gets each connection that a program in the guest makes. Repeatable.
   * @returns whether it has just begun; undefined if the port is in use in the guest @throws guest_unreachable, cancelled
   */
  listen(port: number, accept: (socket: Duplex) => void, signal: AbortSignal): Promise<boolean | undefined>;
  /** Sends a GET to the HTTP server of the agent in the VM. */
  agentGet(path: string, timeoutMs: number): Promise<{ status: number; body: unknown }>;
  close(): Promise<void>;
}
