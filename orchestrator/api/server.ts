// The API server: HTTP and WebSocket on one loopback port, with the services from the composition root.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { authenticate } from './authentication.ts';
import { docsAnswer } from './docs-page.ts';
import { createExpressApp } from './express-app.ts';
import { KeyWatch } from './key-watch.ts';
import type { OpenApiDocument } from './openapi.ts';
import type { ApiMetrics } from './prom-client-metrics.ts';
import type { Answer } from './route.ts';
import { routeTable } from './route-table.ts';
import type { Parts } from '../startup/parts.ts';
import type { Services } from './services.ts';
import { createUpgradeHandler } from './ws-upgrade.ts';

/** Written by `npm run openapi`; a test compares it with the routes. */
const documentFile = new URL('openapi.json', import.meta.url);
const DRAIN_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;

export interface ApiServerOptions {
  /** @throws starting before they are ready */
  services: () => Services;
  parts: Parts;
  metrics: ApiMetrics;
  log: Logger;
  /** The version of Somnus. */
  version: string;
  /** Maximum size of JSON bodies. */
  maxBodyBytes: number;
  /** Milliseconds between keep-alive messages on event streams and WebSockets. */
  aliveMs?: number;
  /** Milliseconds between checks of a key whose request is still being answered. */
  keyCheckMs?: number;
}

export interface ApiServer {
  /** Port 0 takes a free one. @throws unavailable when the port is taken. @returns the URL */
  listen(host: string, port: number): Promise<string>;
  /** Accepts no more requests, ends streams, waits and programs, and lets the rest finish for up to 10 s. */
  close(): Promise<void>;
}

export function createApiServer({ services, parts, metrics, log, version, maxBodyBytes, aliveMs = 15_000, keyCheckMs = 2000 }: ApiServerOptions): ApiServer {
  const closing = new AbortController();
  // Both are made when they are first asked for, from the committed document: converting all schemas takes as long as the rest of the start.
  let docsPage: Answer | undefined;
  const context = {
    get services() { return services(); }, parts, metrics, version, aliveMs,
    get openApi() { return readFileSync(documentFile, 'utf8'); },
    get docsPage() { return docsPage ??= docsAnswer(JSON.parse(this.openApi) as OpenApiDocument); },
  };
  const keyWatch = new KeyWatch({ verify: async (secret) => await services().keys.verify(secret) }, keyCheckMs);
  const app = createExpressApp(routeTable, { context, maxBodyBytes, closing: closing.signal, keyWatch, authenticate: async ({ headers }) => await authenticate(headers.authorization, services().keys) }, log);
  const upgrades = createUpgradeHandler({ services, closing: closing.signal, keyWatch, aliveMs, log });
  // Uploads have no time limit; headers and JSON bodies have their own.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS, shouldUpgradeCallback: (request) => /^websocket$/i.test(request.headers.upgrade ?? '') }, app);
  server.on('upgrade', (request, socket, head) => upgrades.handle(request, socket, head));

  return {
    async listen(host, port) {
      server.listen(port, host);
      try {
        await once(server, 'listening');
      } catch (cause) {
        throw new SomnusError('unavailable', `The API cannot listen on ${host} port ${port}: ${(cause as Error).message}`, {
          hint: 'Find the program that uses the port, or set another api.port in the configuration.', details: { host, port }, cause,
        });
      }
      const { port: given } = server.address() as AddressInfo;
      return `http://${host.includes(':') ? `[${host}]` : host}:${given}`;
    },
    async close() {
      closing.abort(new SomnusError('cancelled', 'The control plane is stopping'));
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      const drained = new AbortController();
      await Promise.race([closed, delay(DRAIN_MS, undefined, { signal: drained.signal, ref: false }).catch(() => {})]);
      drained.abort();
      upgrades.terminate();
      server.closeAllConnections();
      await closed;
      keyWatch.close();
    },
  };
}
