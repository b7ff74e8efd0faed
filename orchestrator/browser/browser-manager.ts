// Browsers for the API: one session for each environment whose browser is in use. A caller who may run programs in an environment may use its browser.
import { stretched } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { Caller } from '../keys/caller.ts';
import type { BrowserAct, BrowserAnswer } from './browser-act.ts';
import type { BrowserAddresses } from './browser-addresses.ts';
import { packPlaces, type BrowserPlaces } from './browser-guest.ts';
import type { BrowserService } from './browser-service.ts';
import { BrowserSession } from './browser-session.ts';

export interface BrowserManagerDeps {
  environments: Pick<EnvironmentService, 'get' | 'channel'>;
  addresses: BrowserAddresses;
  log: Logger;
  places?: BrowserPlaces;
  /** A driver needs about 150 MB of the host's memory. */
  maxDrivers?: number;
  idleMs?: number;
}

const CHECK_MS = 60_000;

export class BrowserManager implements BrowserService {
  readonly #deps: BrowserManagerDeps;
  readonly #sessions = new Map<string, BrowserSession>();
  readonly #timer: NodeJS.Timeout;

  constructor(deps: BrowserManagerDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => this.#endIdle(), CHECK_MS).unref();
  }

  async act(caller: Caller, ref: string, request: BrowserAct, signal: AbortSignal): Promise<BrowserAnswer> {
    const { addresses } = this.#deps;
    const environment = await this.#deps.environments.get(caller, ref);
    const channel = await this.#deps.environments.channel(caller, ref);
    const timed = { ...request, timeoutMs: stretched(request.timeoutMs) };
    const act: BrowserAct = timed.act === 'open' || (timed.act === 'download' && timed.url !== undefined) ? { ...timed, url: addresses.opened(timed.url ?? '') } : timed;
    return await this.#session(environment.id).act(channel, act, signal);
  }

  /** Ends all drivers; browsers continue. */
  stop(): void {
    clearInterval(this.#timer);
    for (const session of this.#sessions.values()) session.end();
    this.#sessions.clear();
  }

  /** @throws unavailable when all drivers are in use */
  #session(id: string): BrowserSession {
    const { places = packPlaces, maxDrivers = 12 } = this.#deps;
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    if (this.#sessions.size >= maxDrivers) {
      const [idlest] = [...this.#sessions].filter(([, session]) => !session.isBusy).toSorted(([, a], [, b]) => a.lastUsedMs - b.lastUsedMs);
      if (idlest === undefined) throw new SomnusError('unavailable', `${maxDrivers} browsers are in use`, { hint: 'Try again in a moment.' });
      this.#end(...idlest);
    }
    const session = new BrowserSession({ addresses: this.#deps.addresses, places, log: this.#deps.log.child({ environmentId: id }) });
    this.#sessions.set(id, session);
    return session;
  }

  #endIdle(): void {
    const { idleMs = 900_000 } = this.#deps;
    for (const [id, session] of this.#sessions) if (!session.isBusy && performance.now() - session.lastUsedMs > idleMs) this.#end(id, session);
  }

  #end(id: string, session: BrowserSession): void {
    this.#sessions.delete(id);
    session.end();
  }
}
