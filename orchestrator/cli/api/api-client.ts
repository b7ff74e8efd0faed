// The REST API over node:http: JSON calls, streams in both directions, pages. Problem bodies become SomnusError.
// Requests and answers have the types that openapi.json describes. It trusts the answers; the API checks them itself.
import { once } from 'node:events';
import type { Agent, ClientRequest, IncomingMessage, request as sendRequest } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { stretched } from '../../../common/deadline.ts';
import { isErrorCode, SomnusError, type ErrorCode } from '../../../common/errors.ts';
import type { Problem, Readiness } from '../../client/schema.d.ts';
import type { ApiKeySource } from './api-address.ts';
import type { AnswerOf, Argument, ItemOf, ListFor, ListPath, Method, ParametersFor, PathOf, RefsOf } from './api-types.ts';

const defaultTimeoutMs = 30_000;

interface Upload {
  content: Readable;
  type: string;
  sizeBytes?: number | undefined;
  /** Called for each chunk that was passed on. */
  onBytes?: (count: number) => void;
}

interface Transfer {
  upload?: Upload;
  headers?: Readonly<Record<string, string>>;
  /** Time limit for the answer; for `open`, for its headers. Stretched like every deadline. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

/** A request as it is sent: what `ParametersFor` allows, without its types. */
interface Request extends Transfer {
  path?: object | undefined;
  query?: object | undefined;
  body?: unknown;
}

export interface Page<T> { items: T[]; nextCursor: string | null }

/** What a WebSocket client needs for a path of this API. */
export interface WebSocketTarget { url: string; headers: Record<string, string>; refused(response: IncomingMessage): Promise<SomnusError>; failed(error: Error): SomnusError }

export class ApiClient {
  readonly url: string;
  readonly #key: ApiKeySource;
  readonly #request: typeof sendRequest;
  readonly #agent: Agent;

  constructor(url: string, key: ApiKeySource) {
    this.url = url;
    this.#key = key;
    // An import of node:http reads all its exports. One of them is WebSocket, whose getter loads the whole of fetch: 45 ms, half of the time that `somnus ls` took.
    const http = url.startsWith('https:') ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http');
    this.#request = http.request;
    this.#agent = new http.Agent({ keepAlive: true });
  }

  /** Calls the API and parses the JSON answer; undefined when it has none. @throws SomnusError with the problem's code; `unavailable`, `timeout` */
  async call<M extends Method, P extends PathOf<M>>(method: M, path: P, ...[options]: Argument<Transfer & ParametersFor<M, P>>): Promise<AnswerOf<M, P>> {
    return await this.#json(method, path, options) as AnswerOf<M, P>;
  }

  /** Calls the API and returns the answer's stream; the caller reads or destroys it. @throws as `call` */
  async open<M extends Method, P extends PathOf<M>>(method: M, path: P, ...[options]: Argument<Transfer & ParametersFor<M, P>>): Promise<IncomingMessage> {
    return await this.#open(method, path, options);
  }

  /** One page of a list. @throws as `call` */
  async page<P extends ListPath>(path: P, list: ListFor<P>, part: { limit?: number | undefined; cursor?: string | undefined }): Promise<Page<ItemOf<P>>> {
    return await this.#json('get', path, { path: list.path, query: { ...list.query, ...part } }) as Page<ItemOf<P>>;
  }

  /** All items of a list, page by page. @throws as `call` */
  async *items<P extends ListPath>(path: P, list: ListFor<P>): AsyncGenerator<ItemOf<P>> {
    let cursor: string | undefined;
    do {
      const page: Page<ItemOf<P>> = await this.page(path, list, { limit: 500, cursor });
      yield* page.items;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  async #json(method: Method, path: string, options: Request = {}): Promise<unknown> {
    const response = await this.#open(method, path, options);
    const body = await this.#during(readText(response), response, options.timeoutMs);
    if (body === '') return undefined;
    try {
      return JSON.parse(body);
    } catch (cause) {
      throw notOurs(this.url, 'a response that is not JSON', cause);
    }
  }

  async #open(method: Method, path: string, options: Request = {}): Promise<IncomingMessage> {
    const request = this.#start(method, path, options);
    const { promise: answered, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const timeoutMs = stretched(options.timeoutMs ?? defaultTimeoutMs);
    const timer = setTimeout(() => request.destroy(noAnswer(this.url, timeoutMs)), timeoutMs);
    request.once('response', resolve);
    request.once('error', (error) => reject(this.#connectionError(error)));
    const sent = this.#send(request, options);
    try {
      const response = await answered;
      if ((response.statusCode ?? 500) >= 400) throw await this.#problem(response, method);
      await sent;
      return response;
    } catch (error) {
      sent.catch(() => {}); // a rejected upload need not be sent to its end
      request.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether the control plane can serve; a 503 counts as an answer. @throws `unavailable`, `timeout` when nothing answers */
  async readiness(): Promise<Readiness> {
    const request = this.#start('get', '/readyz', {});
    const timer = setTimeout(() => request.destroy(noAnswer(this.url, stretched(defaultTimeoutMs))), stretched(defaultTimeoutMs));
    try {
      request.end();
      const [response] = await once(request, 'response') as [IncomingMessage];
      return JSON.parse(await readText(response)) as Readiness;
    } catch (error) {
      throw error instanceof SyntaxError ? notOurs(this.url, 'a response that is not JSON', error) : this.#connectionError(error as Error);
    } finally {
      clearTimeout(timer);
    }
  }

  webSocket<P extends PathOf<'get'>>(path: P, refs: RefsOf<'get', P>): WebSocketTarget {
    return {
      url: this.url.replace(/^http/, 'ws') + pathText(path, refs),
      headers: this.#headers(),
      refused: async (response) => await this.#problem(response, 'get'),
      failed: (error) => this.#connectionError(error),
    };
  }

  #start(method: Method, path: string, options: Request): ClientRequest {
    const { upload } = options;
    const url = new URL(this.url);
    const headers: Record<string, string> = { ...this.#headers(), ...options.headers };
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    if (upload !== undefined) headers['content-type'] = upload.type;
    if (upload?.sizeBytes !== undefined) headers['content-length'] = String(upload.sizeBytes);
    return this.#request({
      agent: this.#agent, protocol: url.protocol, hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port,
      method: method.toUpperCase(), path: pathText(path, options.path ?? {}) + queryText(options.query ?? {}), headers, ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }

  async #send(request: ClientRequest, options: Request): Promise<void> {
    const { upload } = options;
    if (upload === undefined) {
      request.end(options.body === undefined ? undefined : JSON.stringify(options.body));
      return;
    }
    // Registered before the pipeline's own listener, so that the request ends with this reason.
    upload.content.once('error', (cause) => request.destroy(cause instanceof SomnusError ? cause : new SomnusError('invalid_request', `The request body cannot be read: ${cause.message}`, { hint: '', cause })));
    await pipeline(upload.content, counted(upload.onBytes), request);
  }

  #headers(): Record<string, string> {
    const { key } = this.#key;
    if (key === undefined) return {};
    if (/[^\x21-\x7e]/.test(key)) throw new SomnusError('unauthenticated', 'The API key contains invalid characters', { hint: this.#key.advice });
    return { authorization: `Bearer ${key}` };
  }

  async #during<T>(work: Promise<T>, response: IncomingMessage, timeoutMs = defaultTimeoutMs): Promise<T> {
    const stretchedMs = stretched(timeoutMs);
    const timer = setTimeout(() => response.destroy(noAnswer(this.url, stretchedMs)), stretchedMs);
    try {
      return await work;
    } catch (error) {
      throw this.#connectionError(error as Error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #problem(response: IncomingMessage, method: Method): Promise<SomnusError> {
    const status = response.statusCode ?? 500;
    const body = await this.#during(readText(response), response).catch(() => '');
    const problem = parseProblem(body);
    if (method === 'head') return new SomnusError(codeOfStatus(status), `The API answered with status ${status}`);
    if (problem === undefined) return notOurs(this.url, `HTTP status ${status} without a problem body`);
    return problemError(problem.code === 'unauthenticated' ? { ...problem, hint: this.#key.advice } : problem);
  }

  #connectionError(error: Error): SomnusError {
    if (error instanceof SomnusError) return error;
    if (error.name === 'AbortError') return new SomnusError('cancelled', 'Cancelled', { cause: error });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === 'connect' || syscall === 'getaddrinfo') {
      return new SomnusError('unavailable', `The control plane does not answer at ${this.url}`, {
        hint: 'Start it with `somnus up`; `somnus doctor` checks this host.', details: { connection: 'refused' }, cause: error,
      });
    }
    return new SomnusError('unavailable', `Lost the connection to ${this.url}: ${code ?? error.message}`, {
      hint: 'See `somnus status`, and `somnus op ls` for running operations.', details: { connection: 'lost' }, cause: error,
    });
  }
}

/** Whether nothing answers, or no longer does, as opposed to a problem that the API reported. */
export function isConnectionError(error: unknown): error is SomnusError {
  return error instanceof SomnusError && error.details['connection'] !== undefined;
}

/** A problem as the API reported it, with its code if this version knows it. */
export function problemError(problem: Problem): SomnusError {
  return new SomnusError(isErrorCode(problem.code) ? problem.code : 'internal', problem.detail, { hint: problem.hint, details: problem });
}

/** The path with its parameters, encoded. */
function pathText(path: string, refs: object): string {
  return path.replaceAll(/\{(\w+)\}/g, (_braces, name: string) => segment((refs as Readonly<Record<string, string>>)[name] ?? ''));
}

/** Encodes a name or id as a path segment. @throws SomnusError `invalid_request` for names that would change the path */
function segment(ref: string): string {
  if (ref === '' || ref === '.' || ref === '..') throw new SomnusError('invalid_request', `"${ref}" is not a valid name`, { hint: 'Use a name or an id.' });
  return encodeURIComponent(ref);
}

function queryText(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}

async function readText(response: IncomingMessage): Promise<string> {
  return await text(response);
}

function counted(onBytes: ((count: number) => void) | undefined) {
  return async function* count(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      onBytes?.(chunk.length);
      yield chunk;
    }
  };
}

function parseProblem(body: string): Problem | undefined {
  try {
    const problem = JSON.parse(body) as Partial<Problem> | null;
    return typeof problem?.code === 'string' && typeof problem.detail === 'string' ? problem as Problem : undefined;
  } catch {
    return undefined;
  }
}

/** HEAD answers have no body to carry the code. */
function codeOfStatus(status: number): ErrorCode {
  switch (status) {
    case 401: return 'unauthenticated';
    case 403: return 'forbidden';
    case 404: return 'not_found';
    case 409: return 'invalid_state';
    default: return 'internal';
  }
}

function noAnswer(url: string, timeoutMs: number): SomnusError {
  return new SomnusError('timeout', `The control plane at ${url} did not answer within ${timeoutMs / 1000} s`, { hint: 'See `somnus doctor`.' });
}

function notOurs(url: string, what: string, cause?: unknown): SomnusError {
  return new SomnusError('internal', `${url} returned ${what}`, { hint: 'Check that SOMNUS_API points to a Somnus API; see `somnus status`.', cause });
}
