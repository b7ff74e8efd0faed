// The RFC 9457 body of an error: what a caller may know about it.
import { errorCodes, type SomnusError } from '../../common/errors.ts';
import type { Problem } from '../operations/operation.ts';
import { httpStatus } from './http-status.ts';

/** The Retry-After of 503 answers; most services are back by then. */
export const RETRY_AFTER_S = 2;
export const PROBLEM_TYPE = 'application/problem+json';

/** An error's details become members. An `internal` error reveals only its hint, which Somnus wrote, and the request id, under which it is logged. */
export function toProblem(error: SomnusError, requestId?: string): Problem {
  const known = error.code !== 'internal';
  return {
    ...(known ? error.details : {}),
    type: `/docs#${error.code}`,
    title: errorCodes[error.code].title,
    status: httpStatus[error.code],
    code: error.code,
    detail: known ? error.message : errorCodes.internal.title,
    hint: error.hint,
    ...(requestId === undefined ? {} : { requestId }),
  };
}
