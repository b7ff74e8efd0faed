// Counts acts that change nothing, so that an agent notices that it is in a loop. Pure.
import type { BrowserAct } from './browser-act.ts';

/** Acts that only look. */
const looking = new Set<BrowserAct['act']>(['snapshot', 'map', 'screenshot', 'pdf', 'tabs', 'wait', 'eval', 'download']);

export class RepeatCounter {
  #last = '';
  #repeats = 0;

  /** How many times in a row this act left the page as it was; acts that only look do not count. `fingerprint` says what the page shows now. */
  count(act: BrowserAct, fingerprint: string): number {
    if (looking.has(act.act)) return 0;
    const key = `${JSON.stringify({ ...act, timeoutMs: 0 })} ${fingerprint}`;
    this.#repeats = key === this.#last ? this.#repeats + 1 : 0;
    this.#last = key;
    return this.#repeats;
  }
}
