// A route: one object that validates, authorizes, documents and types a request. dispatch.ts runs it.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { KeyScope } from '../keys/api-key.ts';
import type { Caller } from '../keys/caller.ts';
import type { PartName, Parts } from '../startup/parts.ts';
import type { ApiMetrics } from './prom-client-metrics.ts';
import type { Services } from './services.ts';

type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';

/**
 * Who may call. A key limited to one environment is accepted only where `limitedKeys` says so; there the services show it only
 * that environment with its operations, events and memories. Everything else is 403, whether it exists or not.
 */
export type Access = 'public' | { scope: KeyScope; limitedKeys: boolean };

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** A stream is sent with back-pressure; a string is sent as is, with the content type from `headers`; an object becomes JSON. */
  body?: Readable | string | object;
  /** Runs after the answer was sent. */
  afterwards?: () => Promise<void>;
}

export interface AnswerDoc {
  description: string;
  schema?: z.ZodType;
  /** Defaults to application/json. */
  contentType?: string;
  /** Other content types that a client may request. */
  also?: Record<string, z.ZodType>;
}

export interface RouteRequest<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** A caller without access on public routes. */
  caller: Caller;
  headers: IncomingHttpHeaders;
  idempotencyKey: string | undefined;
  /** The raw body of routes with `upload`. */
  content: Readable;
  requestId: string;
  /** Fires when the client has disconnected, or a moment after its key became invalid. */
  signal: AbortSignal;
  /** Also fires when the server stops, and at once when the key is revoked or expires: for answers that last as long as the client stays. */
  ending: AbortSignal;
}

/** What handlers may use in addition to the request. */
export interface RouteContext {
  /** @throws starting before they are ready */
  readonly services: Services;
  parts: Parts;
  metrics: ApiMetrics;
  version: string;
  /** Milliseconds between keep-alive messages on streams. */
  aliveMs: number;
  /** The OpenAPI document as JSON text. */
  openApi: string;
  docsPage: Answer;
}

interface RouteSpec<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  method: Method;
  /** With parameters in braces, as in OpenAPI. */
  path: string;
  /** A unique verb and noun, such as createEnvironment. */
  id: string;
  summary: string;
  description?: string;
  access: Access;
  params?: Params;
  query?: Query;
  /** Schema of a JSON body, which is optional if the schema accepts {}. */
  body?: Body;
  /** A JSON body as people send it, for the documentation; a test sends it to the schema. */
  example?: unknown;
  /** The maximum size of the JSON body, if larger than the default. */
  maxBodyBytes?: number;
  /** Describes the raw body, for routes that take a stream instead of JSON. */
  upload?: string;
  /** Accepts an Idempotency-Key: `true` if the service uses it, `replayed` if the pipeline stores and returns the answer (sealed-replays.ts). */
  idempotent?: true | 'replayed';
  /** Other request headers that it uses. */
  headers?: Record<string, string>;
  /** Parts that it needs in addition to the database, which all but public routes need. */
  needs?: readonly PartName[];
  answers: Record<number, AnswerDoc>;
  handle(request: RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>>, context: RouteContext): Promise<Answer>;
}

/** A route as the pipeline sees it, without the types of its input. */
export interface Route extends Omit<RouteSpec<z.ZodType, z.ZodType, z.ZodType>, 'params' | 'query' | 'body' | 'handle'> {
  params: z.ZodType;
  query: z.ZodType;
  body: z.ZodType;
  handle(request: RouteRequest<unknown, unknown, unknown>, context: RouteContext): Promise<Answer>;
}

const Nothing = z.strictObject({});

export function route<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(spec: RouteSpec<Params, Query, Body>): Route {
  return {
    ...spec,
    params: spec.params ?? Nothing,
    query: spec.query ?? Nothing,
    body: spec.body ?? Nothing,
    // The pipeline only passes what these schemas returned.
    handle: (request, context) => spec.handle(request as RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>>, context),
  };
}

const printable = (text: string): boolean => !/\p{Cc}/u.test(text);

/** A name or id in a path. Any printable text may be looked up; an invalid name is not found. */
export const Ref = z.string().min(1).max(200).refine(printable, 'must not contain control characters');
export const RefParams = z.strictObject({ ref: Ref });

/** `true` or `false` in a query. */
export const Flag = z.enum(['true', 'false']).default('false').transform((text) => text === 'true');

export const Wait = z.coerce.number().min(0).max(600).optional().meta({ description: 'Seconds to wait for the operation before answering.' });
