// The browsers of environments for the API. browser-manager.ts implements it.
import type { Caller } from '../keys/caller.ts';
import type { BrowserAct, BrowserAnswer } from './browser-act.ts';

export interface BrowserService {
  /**
   * Does one thing in the browser of an environment. Acts on one environment run one after the other; the signal ends waiting and acting.
   * @throws invalid_request (a ref that is not on the page), address_refused, fetch_failed, timeout, cancelled, invalid_state when the environment is not running, unsupported when it has no browser, unavailable when too many acts wait
   */
  act(caller: Caller, ref: string, act: BrowserAct, signal: AbortSignal): Promise<BrowserAnswer>;
}
