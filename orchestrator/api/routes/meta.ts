// Health, metrics and the API's description, accessible without a key.
import { Health, Readiness } from '../answers.ts';
import { route, type Route } from '../route.ts';

export const metaRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/healthz', id: 'getHealth', summary: 'Get the health of the control plane and its parts',
    description: 'Answers as soon as the process listens; the body lists the state of each part.',
    access: 'public', answers: { 200: { description: 'The state of each part.', schema: Health } },
    handle: async (_request, { version, parts }) => {
      const report = parts.report();
      const status = report.some(({ state }) => state === 'unavailable' || state === 'degraded') ? 'degraded' : report.some(({ state }) => state === 'starting') ? 'starting' : 'ok';
      return { status: 200, body: { status, version, parts: report } satisfies Health };
    },
  }),
  route({
    method: 'get', path: '/readyz', id: 'getReadiness', summary: 'Check whether requests can be served',
    access: 'public', answers: { 200: { description: 'Ready.', schema: Readiness }, 503: { description: 'Not ready; the body lists what is missing.', schema: Readiness } },
    handle: async (_request, { parts }) => {
      const waitingFor = parts.missing();
      return { status: waitingFor.length === 0 ? 200 : 503, body: { ready: waitingFor.length === 0, waitingFor } satisfies Readiness };
    },
  }),
  route({
    method: 'get', path: '/metrics', id: 'getMetrics', summary: 'Get metrics for Prometheus',
    access: 'public', answers: { 200: { description: 'Prometheus text format.', contentType: 'text/plain' } },
    handle: async (_request, { metrics }) => ({ status: 200, headers: { 'content-type': metrics.contentType }, body: await metrics.render() }),
  }),
  route({
    method: 'get', path: '/v1/openapi.json', id: 'getOpenApi', summary: 'Get this API as an OpenAPI 3.1 document',
    access: 'public', answers: { 200: { description: 'The document.', contentType: 'application/json' } },
    handle: async (_request, { openApi }) => ({ status: 200, headers: { 'content-type': 'application/json' }, body: openApi }),
  }),
  route({
    method: 'get', path: '/docs', id: 'getDocs', summary: 'Read this API as a web page',
    access: 'public', answers: { 200: { description: 'The page.', contentType: 'text/html' } },
    handle: async (_request, { docsPage }) => docsPage,
  }),
];
