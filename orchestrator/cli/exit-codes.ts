// What the exit code of `somnus` says: the one table from error codes to exit codes.
import type { ErrorCode } from '../../common/errors.ts';

export const exitCodes = { ok: 0, error: 1, usage: 2, notFound: 3, auth: 4, conflict: 5, timeout: 6, interrupted: 130, brokenPipe: 141 } as const;

export const exitCodeOf: Readonly<Record<ErrorCode, number>> = {
  invalid_request: exitCodes.usage,
  invalid_json: exitCodes.usage,
  too_large: exitCodes.usage,
  unsupported_media_type: exitCodes.usage,
  not_found: exitCodes.notFound,
  unauthenticated: exitCodes.auth,
  key_expired: exitCodes.auth,
  forbidden: exitCodes.auth,
  name_taken: exitCodes.conflict,
  operation_in_progress: exitCodes.conflict,
  invalid_state: exitCodes.conflict,
  idempotency_mismatch: exitCodes.conflict,
  precondition_failed: exitCodes.conflict,
  locked: exitCodes.conflict,
  in_use: exitCodes.conflict,
  timeout: exitCodes.timeout,
  method_not_allowed: exitCodes.error,
  insufficient_memory: exitCodes.error,
  insufficient_space: exitCodes.error,
  memory_in_use: exitCodes.conflict,
  quota_exceeded: exitCodes.error,
  unsupported: exitCodes.error,
  cancelled: exitCodes.error,
  interrupted: exitCodes.error,
  guest_unreachable: exitCodes.error,
  libvirt: exitCodes.error,
  command_failed: exitCodes.error,
  corrupt: exitCodes.error,
  newer_format: exitCodes.error,
  unavailable: exitCodes.error,
  config_invalid: exitCodes.error,
  internal: exitCodes.error,
};
