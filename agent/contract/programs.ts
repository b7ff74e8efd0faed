// The protocol between the host and the program holder inside a VM (agent/programs): HTTP over a Unix socket that belongs to root, reached through SSH.
//
// PUT /programs/ID (ProgramRequest) → ProgramRecord; repeatable: an existing program is not started again, and no second program with the same name is started while the first runs. 409 if it cannot be started.
// GET /programs → {programs: ProgramRecord[]}; GET /programs/ID; with ?wait=1 it answers when the program has ended.
// GET /programs/ID/output?stream=stdout|stderr&from=N[&follow=1] → its bytes; the header x-somnus-from has the offset of the first one, which is later than N if earlier bytes are no longer kept. A negative N counts from the end.
// PUT /programs/ID/stdin: the body is standard input. With ?eof=1, a complete body is followed by end of file; an interrupted one is not.
// POST /programs/ID/signal?name=TERM, /programs/ID/size?columns=C&rows=R, /programs/ID/end; DELETE /programs/ID for a program that has ended.
import { z } from 'zod';

export const ProgramRequest = z.strictObject({
  command: z.array(z.string()).min(1),
  /** Shown in lists. No two running programs have the same name. */
  name: z.string().nullable(),
  cwd: z.string().nullable(),
  env: z.record(z.string(), z.string()),
  /** Whether callers who attach can send standard input; otherwise it is empty. With a terminal, they always can. */
  stdin: z.boolean(),
  tty: z.strictObject({ columns: z.int(), rows: z.int(), term: z.string() }).nullable(),
});
export type ProgramRequest = z.infer<typeof ProgramRequest>;

/** Limits the length of what the host accepts from a guest. */
const text = z.string().max(4096);

export const ProgramRecord = z.strictObject({
  id: z.string().max(64),
  name: text.nullable(),
  /** Long arguments are truncated. */
  command: z.array(text).max(64),
  tty: z.boolean(),
  /** `lost`: it ended with the guest or while its holder was not running, so its exit code is unknown. */
  status: z.enum(['running', 'ended', 'lost']),
  /** 128 + signal number if a signal ended it. */
  exitCode: z.int().nullable(),
  signal: z.string().max(16).nullable(),
  startedMs: z.number(),
  endedMs: z.number().nullable(),
  /** The number of bytes that it has written so far. */
  stdoutBytes: z.number(),
  stderrBytes: z.number(),
  /** The end of each stream, to find progress lines. */
  stdoutTail: text,
  stderrTail: text,
});
export type ProgramRecord = z.infer<typeof ProgramRecord>;

export const ProgramList = z.strictObject({ programs: z.array(ProgramRecord).max(1000) });

/** The offset of the first byte of an output answer. */
export const FROM_HEADER = 'x-somnus-from';
