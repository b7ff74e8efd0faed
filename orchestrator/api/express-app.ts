// Registers the route table in Express, and answers requests without a route and failed ones.
import type { ServerResponse } from 'node:http';
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { drainBody } from './drain-body.ts';
import { dispatch, type DispatchOptions, type Trace } from './dispatch.ts';
import { PROBLEM_TYPE, RETRY_AFTER_S, toProblem } from './problem.ts';
import { guardRequest, requestIdOf, securityHeaders } from './request-guard.ts';
import type { Route } from './route.ts';

const traces = Symbol('trace');
type Traced = ServerResponse & { [traces]?: Trace };

export function createExpressApp(routes: readonly Route[], options: DispatchOptions, log: Logger): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').disable('query parser');
  app.enable('case sensitive routing').enable('strict routing');
  app.use(begin(options, log));
  for (const [path, methods] of Map.groupBy(routes, (route) => route.path)) {
    const handlers = app.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    for (const route of methods) handlers[route.method](run(route, options));
    handlers.all(refuseMethod(path, methods));
  }
  app.use((request) => {
    throw new SomnusError('not_found', `The path ${request.path} does not exist`, { hint: 'See /docs for all paths.' });
  });
  app.use(fail(log));
  return app;
}

/** Starts the trace, sets common headers, and logs and measures the end of the request. */
function begin({ context, closing }: DispatchOptions, log: Logger): RequestHandler {
  return (request, response, next) => {
    const trace: Trace = { requestId: requestIdOf(request), route: 'none', keyId: undefined, startedAt: performance.now(), beganAt: undefined };
    (response as Traced)[traces] = trace;
    response.setHeader('x-request-id', trace.requestId);
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    response.once('close', () => {
      const { statusCode: status, writableFinished } = response;
      context.metrics.observe({ method: request.method, route: trace.route, status, seconds: ((trace.beganAt ?? performance.now()) - trace.startedAt) / 1000 });
      const level = (request.method === 'GET' || request.method === 'HEAD') && status < 400 ? 'debug' : 'info';
      log[level]({
        event: 'api.request', requestId: trace.requestId, method: request.method, route: trace.route, status, keyId: trace.keyId,
        durationMs: Math.round(performance.now() - trace.startedAt), ...(writableFinished ? {} : { brokenOff: true }),
      }, 'Request');
      const { socket } = request;
      if (closing.aborted) socket.end(); // otherwise it would be kept open for another request
      else if (writableFinished) void drainBody(request, 'brief').then((whole) => { if (!whole) socket.destroy(); });
    });
    guardRequest(request);
    next();
  };
}

function run(route: Route, options: DispatchOptions): RequestHandler {
  return async (request, response) => {
    const trace = traceOf(response);
    trace.route = route.path;
    await dispatch(route, request.params, request, response, trace, options);
  };
}

function refuseMethod(path: string, routes: readonly Route[]): RequestHandler {
  const allowed = new Set(routes.map((route) => route.method.toUpperCase()));
  if (allowed.has('GET')) allowed.add('HEAD');
  const allow = [...allowed].join(', ');
  return (request, response) => {
    traceOf(response).route = path;
    response.setHeader('allow', allow);
    throw new SomnusError('method_not_allowed', `${path} supports ${allow}, not ${request.method}`, { details: { allowed: [...allowed] } });
  };
}

function fail(log: Logger) {
  // Express recognizes an error handler by its four parameters.
  return (thrown: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const trace = traceOf(response);
    const error = thrown instanceof URIError
      ? new SomnusError('invalid_request', 'The path is not valid percent-encoded UTF-8')
      : toSomnusError(thrown);
    const problem = toProblem(error, trace.requestId);
    if (problem.status >= 500) {
      log.error({ event: 'api.failed', requestId: trace.requestId, route: trace.route, code: error.code, err: error }, error.message);
    }
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    if (problem.status === 503) response.setHeader('retry-after', String(RETRY_AFTER_S));
    if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer realm="somnus"');
    const text = JSON.stringify(problem);
    response.writeHead(problem.status, { 'content-type': PROBLEM_TYPE, 'content-length': Buffer.byteLength(text) });
    trace.beganAt = performance.now();
    response.write(text);
    void drainBody(request, error.code === 'too_large' ? 'patient' : 'brief').then((whole) => {
      if (whole) response.end();
      else response.destroy();
    });
  };
}

function traceOf(response: ServerResponse): Trace {
  const trace = (response as Traced)[traces];
  if (trace === undefined) throw new SomnusError('internal', 'The request has no trace');
  return trace;
}
