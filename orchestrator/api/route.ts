// What a route is: one object that validates, authorises, documents and types. The pipeline that runs it is dispatch.ts.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { KeyScope } from '../keys/api-key.ts';
import type { Caller } from '../keys/caller.ts';
import type { PartName, Parts } from '../startup/parts.ts';
import type { ApiMetrics } from './prom-client-metrics.ts';
import type { Services } from './services.ts';

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';

/**
 * Who may call. A key that is limited to one environment gets through only where `limitedKeys` says so: there the services show it
 * that environment (and its operations, events and memories) alone. Everything else is 403 to it, whether it exists or not.
 */
export type Access = 'public' | { scope: KeyScope; limitedKeys: boolean };

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** A stream flows with back-pressure; a string goes as it is under the content type of `headers`; an object becomes JSON. */
  body?: Readable | string | object;
  /** Done once the answer is out. */
  afterwards?: () => Promise<void>;
}

export interface AnswerDoc {
  description: string;
  schema?: z.ZodType;
  /** application/json when left out. */
  contentType?: string;
  /** Other content types that a client may ask for. */
  also?: Record<string, z.ZodType>;
}

export interface RouteRequest<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** Nobody on public routes. */
  caller: Caller;
  headers: IncomingHttpHeaders;
  idempotencyKey: string | undefined;
  /** The raw body of routes with `upload`. */
  content: Readable;
  requestId: string;
  /** Fires when the client is gone, or a moment after its key has ended. */
  signal: AbortSignal;
  /** Fires also when the server ends, and as soon as the key is revoked or expires: for answers that last as long as the client stays. */
  ending: AbortSignal;
}

/** What handlers may use besides the request. */
export interface RouteContext {
  /** @throws starting before they are there */
  readonly services: Services;
  parts: Parts;
  metrics: ApiMetrics;
  version: string;
  /** Milliseconds between signs of life on streams. */
  aliveMs: number;
  /** The OpenAPI document as JSON text. */
  openApi: string;
  docsPage: Answer;
}

interface RouteSpec<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  method: Method;
  /** With parameters in braces, as OpenAPI writes them. */
  path: string;
  /** A unique verb and noun, such as createEnvironment. */
  id: string;
  summary: string;
  description?: string;
  access: Access;
  params?: Params;
  query?: Query;
  /** Of a JSON body, which may be left out where the schema takes {}. */
  body?: Body;
  /** The largest JSON body, where it may be larger than others. */
  maxBodyBytes?: number;
  /** Says what the raw body is, on routes that take one as it flows in instead of JSON. */
  upload?: string;
  /** Takes an Idempotency-Key: `true` where the service heeds it, `replayed` where the pipeline keeps the answer (sealed-replays.ts) and gives it again. */
  idempotent?: true | 'replayed';
  /** Other headers that it heeds. */
  headers?: Record<string, string>;
  /** Parts without which it is refused, beside the database that all but public routes need. */
  needs?: readonly PartName[];
  answers: Record<number, AnswerDoc>;
  handle(request: RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>>, context: RouteContext): Promise<Answer>;
}

/** A route as the pipeline sees it: what it takes is no longer in its type. */
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
    // The pipeline hands over only what these very schemas gave back.
    handle: (request, context) => spec.handle(request as RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>>, context),
  };
}

const printable = (text: string): boolean => !/\p{Cc}/u.test(text);

/** A name or id in a path. Anything printable may be looked up: what cannot be a name is not found. */
export const Ref = z.string().min(1).max(200).refine(printable, 'must not contain control characters');
export const RefParams = z.strictObject({ ref: Ref });

/** `true` or `false` in a query. */
export const Flag = z.enum(['true', 'false']).default('false').transform((text) => text === 'true');

export const Wait = z.coerce.number().min(0).max(600).optional().meta({ description: 'Seconds to wait for the operation before answering.' });
