// The protocol of a running command over HTTP: frames of the streamed POST answer and of the WebSocket. Shared by API and CLI.
//
// POST …/exec: the body is an ExecBody. The answer is application/x-ndjson with one ExecFrame per line, of which the last is `exit` or `error`; or, with
// Accept: application/json or `"stream": false`, one ExecResult.
// GET …/exec (WebSocket): the first message is an ExecRequest as JSON text. After that, binary messages carry data: the first byte
// is the stream (0 stdin, 1 stdout, 2 stderr), followed by at most EXEC_MESSAGE_BYTES. JSON text messages are ExecControl from
// the client and ExecFrame (started, stdin, exit, error) from the server, which closes after exit or error.
// GET …/jobs/{job}/attach (WebSocket): the same with an AttachRequest as the first message; disconnecting detaches.
// Clients that cannot set headers (browsers) offer the subprotocols EXEC_SUBPROTOCOL and EXEC_KEY_SUBPROTOCOL + key.
import { z } from 'zod';
import { ExecExit, ExecRequest, guestSignals } from '../../supervisor/guest/guest-channel.ts';
import { Problem } from '../operations/operation.ts';

export const execStreams = { stdin: 0, stdout: 1, stderr: 2 } as const;

/** The server splits longer output; it refuses messages of more than four times this size. */
export const EXEC_MESSAGE_BYTES = 1_048_576;

export const EXEC_SUBPROTOCOL = 'somnus.exec.v1';
export const EXEC_KEY_SUBPROTOCOL = 'somnus.key.';

export const ExecBody = ExecRequest.omit({ tty: true }).extend({
  stdin: z.string().optional().meta({ description: 'Text for standard input. Empty by default.' }),
  stream: z.boolean().optional().meta({ description: 'Whether to stream the output as it appears. By default, unless the request has Accept: application/json.' }),
});
export type ExecBody = z.infer<typeof ExecBody>;

/** The answer to POST …/exec without a stream. */
export const ExecResult = z.strictObject({
  stdout: z.string().meta({ description: 'As UTF-8; bytes that are not text become U+FFFD. Stream the output to get them unchanged.' }),
  stderr: z.string(),
  exitCode: z.int().meta({ description: "The program's exit code; 128 + signal number if a signal ended it; 124 if the timeout did." }),
  signal: z.string().nullable(),
  timedOut: z.boolean(),
  durationMs: z.int(),
  truncated: z.boolean().meta({ description: 'Whether a stream had more than 16 MiB, whose rest is missing.' }),
});
export type ExecResult = z.infer<typeof ExecResult>;

export const ExecFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('started') }),
  z.strictObject({ type: z.literal('stdout'), data: z.string(), encoding: z.enum(['utf8', 'base64']) }),
  z.strictObject({ type: z.literal('stderr'), data: z.string(), encoding: z.enum(['utf8', 'base64']) }),
  // The program reads more slowly than the client sends: stop sending standard input until `resume`. If the client continues, the server
  // stops reading from it, including its signals.
  z.strictObject({ type: z.literal('stdin'), flow: z.enum(['pause', 'resume']) }),
  z.strictObject({ type: z.literal('exit'), exit: ExecExit }),
  z.strictObject({ type: z.literal('error'), problem: Problem }),
]);
export type ExecFrame = z.infer<typeof ExecFrame>;

/** The first message at …/jobs/{job}/attach. */
export const AttachRequest = z.strictObject({
  stdoutFrom: z.int().default(0).meta({ description: 'Offset of the first byte of standard output to send; a negative number counts from the end.' }),
  stderrFrom: z.int().default(0),
});
export type AttachRequest = z.infer<typeof AttachRequest>;

export const ExecControl = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('eof') }),
  z.strictObject({ type: z.literal('resize'), columns: z.int().min(1).max(1000), rows: z.int().min(1).max(1000) }),
  z.strictObject({ type: z.literal('signal'), signal: z.enum(guestSignals) }),
]);
export type ExecControl = z.infer<typeof ExecControl>;
