// The RFC 9457 body of an error: what a caller may know of it.
import { errorCodes, type SomnusError } from '../../common/errors.ts';
import type { Problem } from '../operations/operation.ts';
import { httpStatus } from './http-status.ts';

/** What 503 answers advise: most of what is away is back by then. */
export const RETRY_AFTER_S = 2;
export const PROBLEM_TYPE = 'application/problem+json';

/** An error's details become members of their own. Of an `internal` one nothing is told but its hint, which is always ours, and the request's id, under which the log has it. */
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
