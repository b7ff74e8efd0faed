// The way into a running VM: commands, files and the agent's HTTP door over one kept-open SSH connection.
// Only the interface; ssh2-channel.ts is it.
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';

/** What to run in a guest. */
export const ExecRequest = z.strictObject({
  /** Program and arguments, passed as they are: no shell sees them unless it is named. */
  command: z.array(z.string().refine((part) => !part.includes('\0'), 'must not contain NUL')).min(1).refine((parts) => parts[0] !== '', 'must name a program'),
  cwd: z.string().min(1).optional(),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
  /** Milliseconds until the process group is ended, at most 24 days; none when left out. */
  timeoutMs: z.int().positive().max(2_147_483_647).optional(),
  /** A pseudo-terminal of this size; then standard error is part of standard output. */
  tty: z.strictObject({ columns: z.int().min(1).max(1000), rows: z.int().min(1).max(1000), term: z.string().default('xterm-256color') }).optional(),
});
export type ExecRequest = z.infer<typeof ExecRequest>;

export const ExecExit = z.strictObject({
  /** The program's exit code; 128 + signal number when a signal ended it; 124 when the timeout did. */
  code: z.int(),
  /** Without SIG: `KILL`. */
  signal: z.string().nullable(),
  timedOut: z.boolean(),
});
export type ExecExit = z.infer<typeof ExecExit>;

export const guestSignals = ['INT', 'TERM', 'KILL', 'HUP', 'QUIT', 'USR1', 'USR2'] as const;
export type GuestSignal = (typeof guestSignals)[number];

/** A program running in a guest. Its streams have back-pressure; both must be read. */
export interface GuestProcess {
  /** Closes, without an error, when the program ends before it has read everything. */
  stdin: Writable;
  /** A stream that its reader destroys is read away, and the program goes on. */
  stdout: Readable;
  /** Empty with a terminal. */
  stderr: Readable;
  /** Sends a signal to the whole process group. */
  signal(name: GuestSignal): Promise<void>;
  resize(columns: number, rows: number): void;
  /** Settles after both streams have ended. Rejects with `guest_unreachable` when the connection is lost: the outcome is unknown then. */
  exit: Promise<ExecExit>;
}

export interface GuestFileInfo { type: 'file' | 'directory' | 'other'; sizeBytes: number; mode: number; modifiedMs: number }

export interface GuestChannel {
  /** Starts a program; when the signal fires, its process group is ended, now or when the VM can be reached again. @throws guest_unreachable, unavailable, cancelled */
  exec(request: ExecRequest, signal?: AbortSignal): Promise<GuestProcess>;
  /**
   * Streams into a file, whole or not at all (written beside it, then renamed); without a mode it keeps that of the file it replaces. On failure `content` is left to its owner.
   * @throws invalid_request when the path cannot be written, insufficient_space when the guest's disk is full, what `content` fails with
   */
  writeFile(path: string, content: Readable, options: { mode?: number | undefined }, signal?: AbortSignal): Promise<{ sizeBytes: number }>;
  /** Streams a file out: as many bytes as it had at the start, or an error. @throws not_found, invalid_request when it is no file; the stream: precondition_failed when it became shorter */
  readFile(path: string, signal?: AbortSignal): Promise<{ info: GuestFileInfo; content: Readable }>;
  /** Packs a folder as tar, or unpacks one into a folder, which is made when only itself is missing; owners become root. @throws as the files */
  readTar(path: string, signal?: AbortSignal): Promise<Readable>;
  writeTar(path: string, content: Readable, signal?: AbortSignal): Promise<void>;
  stat(path: string): Promise<GuestFileInfo | undefined>;
  /** GET on the in-VM agent's HTTP door. */
  agentGet(path: string, timeoutMs: number): Promise<{ status: number; body: unknown }>;
  close(): Promise<void>;
}
