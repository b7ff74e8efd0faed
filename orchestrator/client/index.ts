// @somnus/client: the API over fetch, typed by openapi.json. The CLI uses the same types over its own transport, which starts faster.
import createFetchClient, { type Client } from 'openapi-fetch';
import type { ExecBody, ExecResult, Operation, Problem, paths } from './schema.d.ts';

export type * from './schema.d.ts';
export * from './values.ts';

export type SomnusClient = Client<paths>;

export interface ClientOptions {
  /** Where the API is. Defaults to a control plane on this host. */
  baseUrl?: string | undefined;
  /** An API key, as `somnus key create` prints it. */
  key: string;
  /** Replaces the global fetch. */
  fetch?: ((request: Request) => Promise<Response>) | undefined;
}

/** A client with a method for each HTTP method: `client.GET('/v1/environments/{ref}', { params: { path: { ref: 'demo' } } })`. */
export function createClient({ baseUrl = 'http://127.0.0.1:7777', key, fetch }: ClientOptions): SomnusClient {
  return createFetchClient<paths>({ baseUrl, headers: { authorization: `Bearer ${key}` }, ...(fetch === undefined ? {} : { fetch }) });
}

/** An error that the API reported, or the reason why an operation failed. */
export class SomnusApiError extends Error {
  override readonly name = 'SomnusApiError';
  /** Says which error it is, for example `not_found`. Does not change between versions. */
  readonly code: string;
  /** What to do next. */
  readonly hint: string;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.code = problem.code;
    this.hint = problem.hint;
    this.problem = problem;
  }
}

/** The answer of a call. @throws SomnusApiError when the API refused it */
export async function unwrap<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  throw new SomnusApiError(isProblem(error) ? error : unexpected(response));
}

/** How long the API holds each request; the control plane answers sooner when the operation ends. */
const waitSeconds = 30;

/**
 * The operation after it has ended. A call that needed no operation has null instead of one: so has the answer.
 * @param options `signal` ends the wait, for example AbortSignal.timeout(60_000); the operation continues
 * @throws SomnusApiError when the operation failed or was cancelled
 */
export async function waitForOperation<T extends Operation | null>(client: SomnusClient, operation: T, options: { signal?: AbortSignal } = {}): Promise<T | Operation> {
  let current: T | Operation = operation;
  while (current !== null && !hasEnded(current)) {
    current = await unwrap(client.GET('/v1/operations/{id}', { params: { path: { id: current.id }, query: { wait: waitSeconds } }, signal: options.signal ?? null }));
  }
  if (current !== null && current.status !== 'succeeded') throw new SomnusApiError(current.error ?? notDone(current));
  return current;
}

/** Runs a program, and returns when it has ended, with its output and exit code. @throws SomnusApiError */
export async function exec(client: SomnusClient, ref: string, program: Omit<ExecBody, 'stream'>, options: { signal?: AbortSignal } = {}): Promise<ExecResult> {
  const answer = client.POST('/v1/environments/{ref}/exec', { params: { path: { ref } }, body: { ...program, stream: false }, signal: options.signal ?? null });
  return await unwrap(answer) as ExecResult; // with `stream: false` there are no frames
}

function hasEnded({ endedAt }: Operation): boolean {
  return endedAt !== null;
}

function notDone({ id, kind, status }: Operation): Problem {
  return { type: 'about:blank', title: 'Not done', status: 409, code: status === 'cancelled' ? 'cancelled' : 'internal', detail: `${kind} was ${status}`, hint: `See the operation ${id}.` };
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}

function unexpected({ status, url }: Response): Problem {
  return { type: 'about:blank', title: 'Unexpected answer', status, code: 'internal', detail: `${url} answered with status ${status} and no problem body`, hint: 'Check that baseUrl is the address of a Somnus API.' };
}
