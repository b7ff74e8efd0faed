// The one error type and the closed table of its codes. Only orchestrator/api maps a code to an HTTP status.

/** Every error code, with a title for people and the hint shown when the error has none of its own. */
export const errorCodes = {
  invalid_request: { title: 'The request is not valid', hint: 'Fix these fields and send the request again.' },
  invalid_json: { title: 'The body is not valid JSON', hint: 'Send a JSON object with Content-Type: application/json.' },
  too_large: { title: 'The request is too large', hint: 'Send less at once; files go through …/files, which has no limit.' },
  unsupported_media_type: { title: 'The content type is not supported here', hint: 'Send a JSON object with Content-Type: application/json.' },
  unauthenticated: { title: 'A valid API key is needed', hint: 'Set SOMNUS_KEY, or create one with `somnus key create`.' },
  key_expired: { title: 'The API key has expired', hint: 'Create a new one with `somnus key create`.' },
  forbidden: { title: 'The API key does not allow this', hint: 'Use a key with the needed scope; `somnus key ls` shows scopes.' },
  not_found: { title: 'No such object', hint: 'List what exists; names and ids both work.' },
  method_not_allowed: { title: 'The method is not allowed here', hint: 'See /docs for the parameters of this path.' },
  name_taken: { title: 'The name is taken', hint: 'Choose another name, or remove the one that has it.' },
  operation_in_progress: { title: 'Another operation is in progress', hint: 'Wait for it or cancel it.' },
  invalid_state: { title: 'Not possible in this state', hint: 'See `somnus show NAME` for its state and available actions.' },
  idempotency_mismatch: { title: 'The idempotency key was used with another request', hint: 'Use a new Idempotency-Key for a new request.' },
  precondition_failed: { title: 'The object has changed since it was read', hint: 'Read it again and repeat the change.' },
  insufficient_memory: { title: 'The host has too little memory left', hint: 'Stop or hibernate an environment, or choose a smaller profile.' },
  insufficient_space: { title: 'The storage pool has too little space left', hint: 'Free space, or grow the pool with `somnus pool grow`.' },
  memory_in_use: { title: 'The guest uses more memory than it would have left', hint: 'Stop programs in the guest, or choose a profile with more memory.' },
  quota_exceeded: { title: 'A quota would be exceeded', hint: 'Remove what is no longer needed, or increase the quota.' },
  rate_limited: { title: 'Too many requests', hint: 'Wait a moment and try again.' },
  unsupported: { title: 'This host cannot do that', hint: '`somnus doctor` checks this host.' },
  in_use: { title: 'Another process is using it', hint: '`somnus status` shows the running control plane; `somnus down` stops it.' },
  locked: { title: 'The data is locked', hint: 'Unlock it first.' },
  address_refused: { title: 'This address may not be fetched', hint: 'Only public web addresses may be fetched; an admin can allow others with `research.internalOrigins` in the configuration.' },
  fetch_failed: { title: 'The page could not be fetched', hint: 'Check the address, or try again later.' },
  cancelled: { title: 'The operation was cancelled', hint: 'Start it again if needed.' },
  interrupted: { title: 'Interrupted by a restart of Somnus', hint: 'It was undone; start the operation again.' },
  timeout: { title: 'The deadline passed', hint: 'Try again, or allow more time.' },
  guest_unreachable: { title: 'The VM does not answer', hint: 'See `somnus logs NAME`; `somnus restart NAME` boots it again.' },
  guest_panicked: { title: "The guest's kernel panicked", hint: 'See the console with `somnus logs NAME --console`. The saved state is unchanged: try again, or restore only the disk with --disk-only.' },
  libvirt: { title: 'libvirt refused', hint: 'See `somnus doctor`.' },
  pack_failed: { title: 'A step of a pack failed', hint: 'The VM is as before this step. Correct the pack and install it again: it continues at this step.' },
  command_failed: { title: 'A command on the host failed', hint: 'See `somnus doctor`.' },
  corrupt: { title: 'Stored data is damaged', hint: 'Nothing was changed; see the named file.' },
  newer_format: { title: 'The data was written by a newer Somnus', hint: 'Start that version again; nothing was changed.' },
  unavailable: { title: 'A needed service is not available', hint: 'See `somnus doctor`; try again in a moment.' },
  starting: { title: 'Somnus is still starting', hint: 'Try again in a moment; `somnus up` waits, and /healthz shows which parts are still starting.' },
  config_invalid: { title: 'The configuration is not valid', hint: 'Fix this setting.' },
  internal: { title: 'Something went wrong inside Somnus', hint: 'This is a bug; the log has the details.' },
} as const satisfies Record<string, { title: string; hint: string }>;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorOptions {
  /** The next step for the reader; defaults to the hint of the code. */
  hint?: string | undefined;
  /** Facts for programs: field names, numbers, the id of the blocking operation. Never secrets. */
  details?: Record<string, unknown> | undefined;
  cause?: unknown;
}

/** The error type that Somnus throws everywhere. Branch on `code`, never on `message`. */
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

  /** Returns a plain form that survives JSON, for operation rows and messages between processes. */
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

/**
 * Converts any thrown value to a SomnusError: ours is returned unchanged, aborts become `cancelled` or `timeout`, a full disk `insufficient_space`,
 * anything else `internal`.
 */
export function toSomnusError(thrown: unknown): SomnusError {
  if (thrown instanceof SomnusError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') return new SomnusError('cancelled', 'Cancelled', { cause: thrown });
  if (thrown instanceof Error && thrown.name === 'TimeoutError') return new SomnusError('timeout', 'The deadline passed', { cause: thrown });
  if (thrown instanceof Error && ['ENOSPC', 'EDQUOT'].includes((thrown as NodeJS.ErrnoException).code ?? '')) {
    const { path, dest = path } = thrown as NodeJS.ErrnoException & { dest?: string };
    return new SomnusError('insufficient_space', `No space left${dest === undefined ? '' : ` for ${dest}`}`, { details: dest === undefined ? {} : { path: dest }, cause: thrown });
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
