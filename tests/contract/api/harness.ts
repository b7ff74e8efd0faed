// A real API server on a loopback port with fake services, and ways to talk to it.
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { createMetrics, type Collector } from '../../../orchestrator/api/prom-client-metrics.ts';
import { createApiServer } from '../../../orchestrator/api/server.ts';
import { partNames, Parts } from '../../../orchestrator/startup/parts.ts';
import { FakeServices, keys } from './fake-services.ts';

export interface Harness extends AsyncDisposable {
  url: string;
  services: FakeServices;
  parts: Parts;
  /** Log lines as written. */
  lines: string[];
  close(): Promise<void>;
  call(method: string, path: string, options?: CallOptions): Promise<Response>;
  /** Sends bytes unchanged and returns everything until the server closes the connection. */
  raw(request: string): Promise<string>;
}

export interface CallOptions { key?: string | null; json?: unknown; body?: NonNullable<RequestInit['body']>; headers?: Record<string, string>; signal?: AbortSignal }

export async function startApi(options: { collectors?: Collector[]; maxBodyBytes?: number; aliveMs?: number; keyCheckMs?: number } = {}): Promise<Harness> {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, new Writable({ write: (chunk: Buffer, _encoding, done) => { lines.push(chunk.toString()); done(); } }));
  const services = new FakeServices();
  const { aliveMs, keyCheckMs } = options;
  const parts = allReady();
  const server = createApiServer({ services: () => services, parts, ...(aliveMs === undefined ? {} : { aliveMs }), ...(keyCheckMs === undefined ? {} : { keyCheckMs }), metrics: createMetrics(options.collectors ?? [], log), log, version: '0.1.0', maxBodyBytes: options.maxBodyBytes ?? 65_536 });
  const url = await server.listen('127.0.0.1', 0);
  return {
    url, services, parts, lines,
    close: async () => {
      await server.close();
      await services.dispose();
    },
    call: async (method, path, { key = keys.admin, json, body, headers, signal } = {}) => await fetch(url + path, {
      method,
      headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(body === undefined ? {} : { body, duplex: 'half' }),
      ...(signal === undefined ? {} : { signal }),
    }),
    raw: async (request) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.write(request);
      return await text(socket);
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await services.dispose();
    },
  };
}

/** A control plane whose parts are all ready. */
export function allReady(): Parts {
  const parts = new Parts();
  for (const name of partNames) parts.ready(name);
  return parts;
}

export async function problemOf(response: Response): Promise<{ status: number; code: string; [member: string]: unknown }> {
  return await response.json() as { status: number; code: string };
}
