// Maps error codes to HTTP status codes, in this one place.
import type { ErrorCode } from '../../common/errors.ts';

/**
 * Errors that the caller can fix are 4xx: a full host (409) or one without a feature (422) is not a server failure.
 * 5xx means that Somnus or something it depends on has failed.
 */
export const httpStatus: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  invalid_json: 400,
  unauthenticated: 401,
  key_expired: 401,
  forbidden: 403,
  address_refused: 403,
  not_found: 404,
  method_not_allowed: 405,
  name_taken: 409,
  operation_in_progress: 409,
  invalid_state: 409,
  insufficient_memory: 409,
  insufficient_space: 409,
  memory_in_use: 409,
  quota_exceeded: 409,
  cancelled: 409,
  pack_failed: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media_type: 415,
  idempotency_mismatch: 422,
  unsupported: 422,
  locked: 423,
  rate_limited: 429,
  command_failed: 500,
  config_invalid: 500,
  corrupt: 500,
  internal: 500,
  newer_format: 500,
  fetch_failed: 502,
  guest_unreachable: 502,
  guest_panicked: 502,
  libvirt: 502,
  interrupted: 503,
  starting: 503,
  unavailable: 503,
  in_use: 503,
  timeout: 504,
};
