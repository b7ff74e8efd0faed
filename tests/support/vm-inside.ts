// Environments whose guests are sshds on this host, with the real VM API behind them: what a program in a VM sees at 127.0.0.1:7777.
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SomnusError } from '../../common/errors.ts';
import { createMetrics } from '../../orchestrator/api/prom-client-metrics.ts';
import type { Services } from '../../orchestrator/api/services.ts';
import type { EnvironmentRecord } from '../../orchestrator/environments/sqlite-environments.ts';
import { createVmApi, type VmApi, type VmApiOptions } from '../../orchestrator/vm-api/vm-api.ts';
import { VmLinks } from '../../orchestrator/vm-api/vm-links.ts';
import { VmTokens } from '../../orchestrator/vm-api/vm-tokens.ts';
import type { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';
import { allReady } from '../contract/api/harness.ts';
import { GuestSshd } from './guest-sshd.ts';
import { log } from './operations.ts';

export interface Inside {
  sshd: GuestSshd;
  channel: Ssh2Channel;
  links: VmLinks;
  /** Where programs in this guest reach the API. */
  url: string;
  port: number;
  /** Files that Somnus has stored in the guest. */
  folder: string;
  command: string;
  token(): Promise<string>;
  /** Sends a request as a program in this guest does. */
  call(method: string, path: string, options?: { token?: string | null; json?: unknown; headers?: Record<string, string> }): Promise<Response>;
  /** Runs the guest's command `somnus`. */
  somnus(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}

/** Runs the command with the port and token file of this guest, because all guests share the loopback of this host. */
const runCommand = `
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.SourceFileLoader('somnus', sys.argv[1]); sys.dont_write_bytecode = True
module = importlib.util.module_from_spec(importlib.util.spec_from_loader('somnus', loader)); loader.exec_module(module)
module.ADDRESS, module.TOKEN_FILE = ('127.0.0.1', int(sys.argv[2])), sys.argv[3]
sys.exit(module.main(sys.argv[4:]))`;

export class VmInside implements AsyncDisposable {
  readonly tokens = new VmTokens(Buffer.alloc(32, 7));
  readonly events: { type: string }[] = [];
  readonly api: VmApi;
  readonly #stack = new AsyncDisposableStack();

  constructor(services: Services, records: { get(id: string): EnvironmentRecord | undefined }, more: Partial<VmApiOptions> = {}) {
    this.api = createVmApi({
      services, records, parts: allReady(), metrics: createMetrics([], log), version: '0.1.0', tokens: this.tokens, log,
      limits: { of: async ({ environmentId }) => ({ environmentId: environmentId ?? '', name: 'a', profile: 'coding', profiles: ['idle', 'coding'], forks: { allowed: 3, used: 1 }, snapshots: { allowed: 200, used: 1 }, requestsPerMinute: 600, gateways: [] }) },
      gateway: { handle: async () => { throw new SomnusError('not_found', 'There are no secrets'); }, upgrade: async () => { throw new SomnusError('not_found', 'There are no secrets'); } },
      ...more,
    });
    this.#stack.defer(() => this.api.close());
  }

  /** A guest of this environment; `taken` is a port that a program in it uses. */
  async guest(record: EnvironmentRecord, taken?: number): Promise<Inside> {
    const sshd = await GuestSshd.start();
    this.#stack.use(sshd);
    const channel = sshd.channel({ environmentId: `env_test_${record.name}` });
    this.#stack.defer(async () => await channel.close());
    const folder = await mkdtemp(join(tmpdir(), 'somnus-inside-'));
    this.#stack.defer(async () => { await rm(folder, { recursive: true }); });
    await mkdir(join(folder, 'bin'));
    const [port, command] = [taken ?? await freePort(), join(folder, 'bin', 'somnus')];
    const links = new VmLinks({
      records: { all: () => [record] }, isChanging: () => false, channel: async () => channel, tokenOf: (id) => this.tokens.of(id), accept: (id, socket) => this.api.accept(id, socket),
      events: { append: (event) => { this.events.push(event); return undefined as never; } }, log, places: { port, folder: join(folder, 'run'), command }, intervalMs: 50,
    });
    links.start();
    this.#stack.defer(async () => await links.stop());
    const tokenFile = join(folder, 'run', 'token');
    const token = async (): Promise<string> => (await readFile(tokenFile, 'utf8')).trim();
    return {
      sshd, channel, links, port, folder, command, token, url: `http://127.0.0.1:${port}`,
      call: async (method, path, { token: given, json, headers = {} } = {}) => await fetch(`http://127.0.0.1:${port}${path}`, {
        method, headers: { connection: 'close', ...(given === null ? {} : { authorization: `Bearer ${given ?? await token()}` }), ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }), redirect: 'manual',
      }),
      somnus: async (...words) => await new Promise((resolve) => {
        execFile('/usr/bin/python3', ['-I', '-S', '-c', runCommand, command, String(port), tokenFile, ...words], (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }));
      }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
