// The one error type and the closed table of its codes. What HTTP makes of a code is decided in orchestrator/api alone.

/** Every code an error of ours can carry: a title for people and the hint shown when the thrower gives none of its own. */
export const errorCodes = {
  invalid_request: { title: 'The request is not valid', hint: 'Fix these fields and send the request again.' },
  invalid_json: { title: 'The body is not valid JSON', hint: 'Send a JSON object with Content-Type: application/json.' },
  too_large: { title: 'The request is too large', hint: 'Send less at once; files go through …/files, which has no limit.' },
  unsupported_media_type: { title: 'The content type is not taken here', hint: 'Send a JSON object with Content-Type: application/json.' },
  unauthenticated: { title: 'A valid API key is needed', hint: 'Set SOMNUS_KEY, or make a key with `somnus key create`.' },
  key_expired: { title: 'The API key has expired', hint: 'Make a new one with `somnus key create`.' },
  forbidden: { title: 'The API key may not do this', hint: 'Use a key with the needed scope; `somnus key ls` shows scopes.' },
  not_found: { title: 'No such object', hint: 'List what exists; names and ids both work.' },
  method_not_allowed: { title: 'The method is not allowed here', hint: 'See /docs for the parameters of this path.' },
  name_taken: { title: 'The name is taken', hint: 'Choose another name, or remove the one that has it.' },
  operation_in_progress: { title: 'Another operation is at work on this', hint: 'Wait for it or cancel it.' },
  invalid_state: { title: 'Not possible in this state', hint: 'See `somnus show NAME` for the state and the available actions of it.' },
  idempotency_mismatch: { title: 'The idempotency key was used with another request', hint: 'Use a new Idempotency-Key for a new request.' },
  precondition_failed: { title: 'The object has changed since it was read', hint: 'Read it again and repeat the change.' },
  insufficient_memory: { title: 'The host has too little memory left', hint: 'Stop or hibernate an environment, or choose a smaller profile.' },
  insufficient_space: { title: 'The storage pool has too little space left', hint: 'Free space, or grow the pool with `somnus pool grow`.' },
  memory_in_use: { title: 'The guest uses more memory than it would keep', hint: 'Stop programs in the guest, or choose a profile with more memory.' },
  quota_exceeded: { title: 'A quota would be exceeded', hint: 'Remove what is no longer needed, or increase the quota.' },
  unsupported: { title: 'This host cannot do that', hint: '`somnus doctor` checks this host.' },
  in_use: { title: 'Another process has it open', hint: '`somnus status` shows the control plane that runs, `somnus down` ends it.' },
  locked: { title: 'The data is locked', hint: 'Unlock it first.' },
  cancelled: { title: 'The operation was cancelled', hint: 'Start it again if needed.' },
  interrupted: { title: 'A restart of Somnus interrupted it', hint: 'It was undone; start the operation again.' },
  timeout: { title: 'The deadline passed', hint: 'Try again, or give more time.' },
  guest_unreachable: { title: 'The VM does not answer', hint: 'See `somnus logs NAME`; `somnus restart NAME` boots it again.' },
  guest_panicked: { title: "The guest's kernel panicked", hint: 'See the console with `somnus logs NAME`. What was saved is unchanged: try again, or take its disk alone with --disk-only.' },
  libvirt: { title: 'libvirt refused', hint: 'See `somnus doctor`.' },
  command_failed: { title: 'A command on the host failed', hint: 'See `somnus doctor`.' },
  corrupt: { title: 'Stored data is damaged', hint: 'Nothing was changed; see the named file.' },
  newer_format: { title: 'The data was written by a newer Somnus', hint: 'Start that version again; nothing was changed.' },
  unavailable: { title: 'A needed service is not available', hint: 'See `somnus doctor`; try again in a moment.' },
  starting: { title: 'Somnus is still starting', hint: 'Try again in a moment; `somnus up` waits, and /healthz shows what is still coming up.' },
  config_invalid: { title: 'The configuration is not valid', hint: 'Fix this setting.' },
  internal: { title: 'Something went wrong inside Somnus', hint: 'This is a bug; the log has the details.' },
} as const satisfies Record<string, { title: string; hint: string }>;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorOptions {
  /** The next step for whoever reads the error; the code's own hint when left out. */
  hint?: string | undefined;
  /** Facts for programs: field names, numbers, the id of whatever blocks. Never secrets. */
  details?: Record<string, unknown> | undefined;
  cause?: unknown;
}

/** The error everything of ours throws. Branch on `code`, never on `message`. */
export class SomnusError extends Error {
  override readonly name = 'SomnusError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? errorCodes[code].hint;
    this.details = options.details ?? {};
  }

  /** A plain form that survives JSON, for operation rows and messages between processes. */
  toJSON(): SerializedError {
    return { code: this.code, message: this.message, hint: this.hint, details: this.details };
  }
}

export interface SerializedError {
  code: ErrorCode;
  message: string;
  hint: string;
  details: Record<string, unknown>;
}

/** Gives any thrown value our type: ours stays as it is, aborts become `cancelled` or `timeout`, a full disk `insufficient_space`, the rest `internal`. */
export function toSomnusError(thrown: unknown): SomnusError {
  if (thrown instanceof SomnusError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') return new SomnusError('cancelled', 'Cancelled', { cause: thrown });
  if (thrown instanceof Error && thrown.name === 'TimeoutError') return new SomnusError('timeout', 'The deadline passed', { cause: thrown });
  if (thrown instanceof Error && ['ENOSPC', 'EDQUOT'].includes((thrown as NodeJS.ErrnoException).code ?? '')) {
    const { path, dest = path } = thrown as NodeJS.ErrnoException & { dest?: string };
    return new SomnusError('insufficient_space', `There is no space left${dest === undefined ? '' : ` for ${dest}`}`, { details: dest === undefined ? {} : { path: dest }, cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SomnusError('internal', message, { cause: thrown });
}

/** Rebuilds an error from its plain form. */
export function fromSerializedError(plain: SerializedError): SomnusError {
  return new SomnusError(plain.code, plain.message, { hint: plain.hint, details: plain.details });
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCodes, value);
}
