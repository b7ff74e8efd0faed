// A control plane for tests, as a real process: its own data folder, pool, port and addresses, beside any that runs on the host.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { stringify } from 'yaml';
import { parseConfig, type Config } from '../../common/config.ts';
import { pollUntil } from '../../common/deadline.ts';
import { exists } from '../../common/exists.ts';
import { createLogger } from '../../common/log.ts';
import { dataPaths } from '../../common/paths.ts';
import { runCommand } from '../../common/run-command.ts';
import { tearDown } from '../../deploy/tear-down.ts';
import type { AccelVerdict } from '../../supervisor/host/accel.ts';
import { DATA_ROOT, ownedName } from './clean-up.ts';
import { closed, opened } from './open-resources.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import type { PrivateHost } from './private-host.ts';
import { holdSubnet, type HeldSubnet } from './subnets.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Enough for the image and three small VMs with snapshots: all tests together use at most 15 GiB. */
const POOL_GIB = 7;

export interface CliResult { code: number; stdout: string; stderr: string }

export interface ApiResult { status: number; headers: Headers; body: unknown }

/** What a user does with a control plane: the command and the API. */
export class PlaneClient {
  readonly url: string;
  readonly dataDir: string;
  readonly configFile: string;
  #key: string;

  constructor(plane: { url: string; dataDir: string; configFile: string; key?: string }) {
    this.url = plane.url;
    this.dataDir = plane.dataDir;
    this.configFile = plane.configFile;
    this.#key = plane.key ?? '';
  }

  get key(): string {
    return this.#key;
  }

  /** Four hex digits in the names of everything on the host. */
  async installation(): Promise<string> {
    return (await readFile(join(this.dataDir, 'instance'), 'utf8')).trim();
  }

  protected async readKey(): Promise<void> {
    this.#key = (await readFile(join(this.dataDir, 'key'), 'utf8')).trim();
  }

  /** Prefix of a path to see it as the control plane does. */
  get root(): string {
    return '';
  }

  /** A command line that runs where the control plane does. */
  within(program: string, args: readonly string[]): [string, string[]] {
    return [program, [...args]];
  }

  environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
    const callers = Object.entries(process.env).filter(([name]) => !name.startsWith('SOMNUS_')); // their key and API belong to another control plane
    return { ...Object.fromEntries(callers), SOMNUS_CONFIG: this.configFile, SOMNUS_KEY_FILE: join(this.dataDir, 'key'), SOMNUS_API: this.url, ...extra };
  }

  /** Runs the real command `somnus`. */
  async cli(args: readonly string[], options: { input?: string | Uint8Array; env?: Record<string, string> } = {}): Promise<CliResult> {
    const child = this.spawnCli(args, options.env);
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
    return { code: code ?? -1, stdout, stderr };
  }

  spawnCli(args: readonly string[], env: Record<string, string> = {}) {
    return spawn(...this.within(process.execPath, [join(ROOT, 'orchestrator/cli/main.ts'), ...args]), { env: this.environment(env), stdio: 'pipe' });
  }

  /** Runs `somnus` and expects success. @returns its standard output */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.cli(args);
    if (code !== 0) throw new Error(`somnus ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** Runs `somnus … -o json` and expects success. */
  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.ok(...args, '-o', 'json')) as T;
  }

  async api(method: string, path: string, options: { body?: unknown; raw?: string; key?: string | null; headers?: Record<string, string> } = {}): Promise<ApiResult> {
    const { key = this.#key, body, raw, headers = {} } = options;
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(payload === undefined ? {} : { body: payload }),
    });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, body: /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(answer) as unknown : answer };
  }
}

export interface StartOptions {
  poolGiB?: number;
  network?: Record<string, unknown>;
  settings?: Record<string, unknown>;
  /** With its data folder on a separate file system, just large enough for the pool and a little more. */
  dataDisk?: boolean;
  /** With its own libvirtd. */
  host?: PrivateHost;
}

export class TestControlPlane extends PlaneClient implements AsyncDisposable {
  readonly config: Config;
  readonly host: PrivateHost | undefined;
  readonly #subnet: HeldSubnet;
  #process: ChildProcess | undefined;

  private constructor(dataDir: string, config: Config, subnet: HeldSubnet, host: PrivateHost | undefined) {
    super({ url: `http://127.0.0.1:${config.api.port}`, dataDir, configFile: `${dataDir}.yaml` });
    this.config = config;
    this.#subnet = subnet;
    this.host = host;
  }

  override get root(): string {
    return this.host?.root ?? '';
  }

  override within(program: string, args: readonly string[]): [string, string[]] {
    return this.host?.within(program, args) ?? super.within(program, args);
  }

  static async start(options: StartOptions = {}): Promise<TestControlPlane> {
    const dataDir = join(DATA_ROOT, ownedName('plane', randomBytes(3).toString('hex')));
    const held = await holdSubnet();
    const settings = {
      dataDir,
      ...await provenAccel(),
      api: { port: await freePort(), keyFile: join(dataDir, 'key') },
      pool: { sizeGiB: options.poolGiB ?? POOL_GIB },
      network: { subnet: held.subnet, ...options.network },
      ...options.settings,
    };
    const plane = new TestControlPlane(dataDir, parseConfig(stringify(settings), 'test'), held, options.host);
    opened(plane);
    await writeFile(plane.configFile, stringify(settings));
    if (options.dataDisk === true) await plane.#mountDataDisk(options.poolGiB ?? POOL_GIB);
    await plane.up();
    return plane;
  }

  async #mountDataDisk(poolGiB: number): Promise<void> {
    const image = `${this.dataDir}.img`;
    await writeFile(image, '');
    await truncate(image, (poolGiB + 1.25) * 2 ** 30);
    await runCommand('mkfs.ext4', ['-q', '-m', '0', '-T', 'largefile', image]);
    await mkdir(this.dataDir);
    await runCommand('mount', ['-o', 'loop', image, this.dataDir]);
  }

  /** With a guest image in its pool. */
  static async withImage(options: StartOptions = {}): Promise<TestControlPlane> {
    const plane = await TestControlPlane.start(options);
    await plane.ok('image', 'build');
    return plane;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts the process and waits until it serves. `fault` stops an operation at a step: see orchestrator/operations/fault-points.ts. */
  async up({ fault, env: more = {} }: { fault?: string; env?: Record<string, string> } = {}): Promise<void> {
    const env = this.environment(fault === undefined ? more : { ...more, SOMNUS_FAULT: fault });
    const child = spawn(...this.within(process.execPath, [join(ROOT, 'orchestrator/main.ts')]), { env, stdio: ['ignore', 'inherit', 'inherit'] });
    this.#process = child;
    await pollUntil('the control plane to serve', { timeoutMs: 120_000, intervalMs: 100 }, async () => {
      if (child.exitCode !== null) throw new Error(`the control plane ended with ${child.exitCode}; see ${this.dataDir}/log`);
      const ready = await fetch(`${this.url}/readyz`).catch(() => undefined);
      await ready?.body?.cancel();
      return ready?.ok === true ? true : undefined;
    });
    await this.readKey();
  }

  /** Ends the process and waits until it has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  /**
   * Makes the process die at a step of the operation that `begin` requests, and starts it again. @throws when it does not die: then the step was never reached
   * @returns the operation, when it has ended
   */
  async killAt(place: string, begin: () => Promise<unknown>, timeoutMs = 300_000): Promise<Operation> {
    await this.end();
    await this.up({ fault: `${place}:kill` });
    const child = this.#process;
    const exit = child && once(child, 'exit', { signal: AbortSignal.timeout(timeoutMs) }) as Promise<[number | null, string | null]> | undefined;
    // fetch fails with a TypeError when the answer is lost with the process; any other error means that the request was refused and never gets to the step.
    await Promise.all([begin().catch((error: unknown) => { if (!(error instanceof TypeError)) throw error; }), exit]);
    if (child?.signalCode !== 'SIGKILL' && child?.exitCode !== 137) throw new Error(`the control plane ended with ${child?.exitCode}, not at ${place}`);
    await this.up();
    const { body } = await this.api('GET', `/v1/operations?limit=1&kind=${place.split(':')[0]}`);
    const interrupted = (body as Page<Operation>).items[0];
    if (!interrupted) throw new Error(`there is no operation ${place}`);
    return await pollUntil(`the end of ${place}`, { timeoutMs, intervalMs: 200 }, async () => {
      const operation = (await this.api('GET', `/v1/operations/${interrupted.id}`)).body as Operation;
      return operation.endedAt === null ? undefined : operation;
    });
  }

  /** Pauses an operation at a step, as its log reports; call `proceed` to continue it. */
  async pauseAt(place: string): Promise<{ reached(id: string): Promise<void>; proceed(): void }> {
    await this.end();
    const hits = async (): Promise<number> => (await readFile(join(dataPaths(this.dataDir).logDir, 'control-plane.log'), 'utf8')).split(`"event":"fault.hit","fault":"${place}:pause"`).length - 1;
    const before = await hits();
    await this.up({ fault: `${place}:pause` });
    const pid = this.pid;
    return {
      reached: async (id) => await pollUntil(`the operation to reach ${place}`, { timeoutMs: 300_000, intervalMs: 20 }, async () => {
        if (await hits() > before) return true;
        const operation = (await this.api('GET', `/v1/operations/${id}`)).body as Operation;
        if (operation.endedAt !== null) throw new Error(`it never paused at ${place}: ${JSON.stringify(operation)}`);
        return undefined;
      }).then(() => {}),
      proceed: () => { process.kill(pid, 'SIGUSR2'); },
    };
  }

  /** Ids of the processes that it started whose command line contains `word`. */
  async children(word: string): Promise<number[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(pids.map(async (pid) => {
      const [status, command] = await Promise.all(['status', 'cmdline'].map(async (file) => await readFile(join('/proc', pid, file), 'utf8').catch(() => '')));
      return status?.includes(`PPid:\t${this.pid}\n`) && command?.includes(word) ? [Number(pid)] : [];
    }));
    return found.flat();
  }

  /** Ends everything in its host's memory, including this process and every VM. */
  async powerCut(): Promise<void> {
    const gone = this.#process && this.#process.exitCode === null && this.#process.signalCode === null ? once(this.#process, 'exit') : undefined;
    await this.host?.powerCut(this.dataDir);
    await gone;
    if (!(await exists(join(this.dataDir, 'instance')))) return; // it never started
    await runCommand('nft', ['delete', 'table', 'inet', `somnus_${await this.installation()}`], { allowExit: [1] });
    const { stdout } = await runCommand('ip', ['-o', 'link']);
    for (const [, tap = ''] of stdout.matchAll(new RegExp(`: (smn${await this.installation()}-[0-9a-z]+)[:@]`, 'g'))) await runCommand('ip', ['link', 'delete', 'dev', tap]);
    await runCommand(...this.within('umount', [join(this.dataDir, 'pool')]));
  }

  /** Repeatable. */
  async [Symbol.asyncDispose](): Promise<void> {
    closed(this);
    if (this.host) await this.powerCut();
    await this.end();
    await copyFile(dataPaths(this.dataDir).accelFile, ACCEL_FILE).catch(() => {}); // no VM was started
    await tearDown(this.config, createLogger({ level: 'warn' }), { keepData: false });
    if (await exists(`${this.dataDir}.img`)) {
      await runCommand('umount', [this.dataDir], { timeoutMs: 120_000 });
      await rm(`${this.dataDir}.img`);
      await rm(this.dataDir, { recursive: true });
    }
    await rm(this.configFile, { force: true });
    await this.host?.[Symbol.asyncDispose]();
    this.#subnet[Symbol.dispose]();
  }
}

/** Other control planes need not repeat what the first one of this test run has proven: on a host without KVM that takes 20 s each time. */
const ACCEL_FILE = join(tmpdir(), 'accel.json');

async function provenAccel(): Promise<{ accel?: string }> {
  const verdict = await readFile(ACCEL_FILE, 'utf8').catch(() => undefined);
  return verdict === undefined ? {} : { accel: (JSON.parse(verdict) as AccelVerdict).use };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
