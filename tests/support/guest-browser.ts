// A real Chromium on this host, behind the real sshd of guest-sshd.ts: the browser of an environment, as the pack browser-research runs it.
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { BrowserAct, type BrowserAnswer } from '../../orchestrator/browser/browser-act.ts';
import { browserAddresses } from '../../orchestrator/browser/browser-addresses.ts';
import type { BrowserPlaces } from '../../orchestrator/browser/browser-guest.ts';
import { BrowserManager } from '../../orchestrator/browser/browser-manager.ts';
import type { BrowserService } from '../../orchestrator/browser/browser-service.ts';
import { addressGuard } from '../../orchestrator/research/fetch/address-guard.ts';
import type { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';
import type { Caller } from '../../orchestrator/keys/caller.ts';
import { environment, ENV_A } from '../contract/api/fake-services.ts';
import { makeDiskFolder, RUN_ID } from './clean-up.ts';
import { GuestSshd } from './guest-sshd.ts';

const USER = 65_534;
const caller: Caller = { keyId: 'key_test', user: 'alice', scopes: ['read', 'write'], environmentId: null, mayPurge: false };

export class GuestBrowser implements AsyncDisposable {
  readonly folder: string;
  readonly places: BrowserPlaces;
  readonly sshd: GuestSshd;
  readonly channel: Ssh2Channel;
  readonly internalOrigins: string[] = [];
  #manager: BrowserManager;

  private constructor(folder: string, places: BrowserPlaces, sshd: GuestSshd) {
    this.folder = folder;
    this.places = places;
    this.sshd = sshd;
    this.channel = sshd.channel();
    this.#manager = this.newManager();
  }

  static async start(): Promise<GuestBrowser> {
    const folder = await makeDiskFolder(); // only root can enter the folder of the test run
    await chmod(folder, 0o711);
    const port = await freePort();
    for (const name of ['home', 'downloads']) {
      await mkdir(join(folder, name));
      await chown(join(folder, name), USER, USER);
    }
    const script = join(folder, 'start');
    await writeFile(script, [
      '#!/bin/sh', 'cd /',
      `setsid setpriv --reuid=${USER} --regid=${USER} --clear-groups env HOME=${folder}/home ${RUN_ID}=${process.env[RUN_ID] ?? ''} chromium --headless=new --remote-debugging-address=127.0.0.1 --remote-debugging-port=${port} --user-data-dir=${folder}/home/profile \\`,
      '  --no-first-run --disable-back-forward-cache --disable-gpu --disable-dev-shm-usage --disable-background-networking --disable-component-update about:blank >/dev/null 2>&1 </dev/null &',
      `echo $! >${folder}/pid`, '',
    ].join('\n'), { mode: 0o755 });
    return new GuestBrowser(folder, { port, downloads: join(folder, 'downloads'), folder: join(folder, 'somnus'), start: [script] }, await GuestSshd.start());
  }

  get service(): BrowserService {
    return this.#manager;
  }

  newManager(): BrowserManager {
    return new BrowserManager({
      environments: { get: async () => environment(ENV_A, 'demo'), channel: async () => this.channel }, log: pino({ level: 'silent' }), places: this.places,
      addresses: browserAddresses({ guard: addressGuard(), internalOrigins: this.internalOrigins }),
    });
  }

  /** As if the control plane was restarted: a new driver, the same browser. */
  restartManager(): void {
    this.#manager.stop();
    this.#manager = this.newManager();
  }

  async act(request: { act: BrowserAct['act'] } & Record<string, unknown>, signal: AbortSignal = new AbortController().signal): Promise<BrowserAnswer> {
    return await this.#manager.act(caller, 'demo', BrowserAct.parse({ timeoutMs: 60_000, ...request }), signal);
  }

  /** Process ids of the browser. */
  async processes(): Promise<number[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(pids.map(async (pid) => await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')));
    return pids.filter((_, at) => lines[at]?.includes(`${this.folder}/home/profile`)).map(Number);
  }

  /** Ends the browser at once, as when it crashes. */
  async kill(): Promise<void> {
    for (;;) {
      const pids = await this.processes();
      if (pids.length === 0) return;
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // it has just ended
        }
      }
      await delay(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#manager.stop();
    await this.kill();
    await this.channel.close();
    await this.sshd[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The ref of the line of a snapshot that contains a text. */
export function refOf(text: string | undefined, needle: string): string {
  const line = text?.split('\n').find((each) => each.includes(needle));
  const ref = /\[ref=(\w+)\]/.exec(line ?? '')?.[1];
  if (ref === undefined) throw new Error(`no ref for ${needle} in:\n${text}`);
  return ref;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
