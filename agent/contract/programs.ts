// The protocol between the host and the program holder inside a VM (agent/programs): HTTP over a Unix socket of root's, reached through SSH.
//
// PUT /programs/ID (ProgramRequest) → ProgramRecord; repeatable: a program that exists is not started again.
// GET /programs → {programs: ProgramRecord[]}; GET /programs/ID, with ?wait=1 when it has ended.
// GET /programs/ID/output?stream=stdout|stderr&from=N[&follow=1] → its bytes; header x-somnus-from: where they begin, when earlier ones are no longer kept. A negative N counts from the end.
// PUT /programs/ID/stdin: the body is standard input. A complete body is followed by end of file if ?eof=1; one that breaks off is not.
// POST /programs/ID/signal?name=TERM, /programs/ID/size?columns=C&rows=R, /programs/ID/end; DELETE /programs/ID for one that has ended.
import { z } from 'zod';

export const ProgramRequest = z.strictObject({
  command: z.array(z.string()).min(1),
  /** Shown in lists; sessions are found by it. */
  name: z.string().nullable(),
  cwd: z.string().nullable(),
  env: z.record(z.string(), z.string()),
  /** Whether it gets standard input from the caller who attaches; otherwise it is empty. A terminal always does. */
  stdin: z.boolean(),
  tty: z.strictObject({ columns: z.int(), rows: z.int(), term: z.string() }).nullable(),
});
export type ProgramRequest = z.infer<typeof ProgramRequest>;

/** Limits what the host accepts from a guest. */
const text = z.string().max(4096);

export const ProgramRecord = z.strictObject({
  id: z.string().max(64),
  name: text.nullable(),
  /** Words longer than the limit are cut. */
  command: z.array(text).max(64),
  tty: z.boolean(),
  /** `lost`: it ended while its holder was not running, or with the guest, so its exit code is unknown. */
  status: z.enum(['running', 'ended', 'lost']),
  /** 128 + signal number if a signal ended it. */
  exitCode: z.int().nullable(),
  signal: z.string().max(16).nullable(),
  startedMs: z.number(),
  endedMs: z.number().nullable(),
  /** How much it has written so far. */
  stdoutBytes: z.number(),
  stderrBytes: z.number(),
  /** The end of each stream, for progress lines. */
  stdoutTail: text,
  stderrTail: text,
});
export type ProgramRecord = z.infer<typeof ProgramRecord>;

export const ProgramList = z.strictObject({ programs: z.array(ProgramRecord).max(1000) });

/** Where the bytes of an output answer begin. */
export const FROM_HEADER = 'x-somnus-from';
