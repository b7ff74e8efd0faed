// Notices at once when someone takes our tables away: `systemctl restart nftables` empties the whole filter, and until it is mended guests reach what they like.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Logger } from '../../common/log.ts';

export class NftablesWatch {
  readonly #lost: string;
  readonly #onLost: () => void;
  readonly #log: Logger;
  #monitor: ChildProcess | undefined;

  /** `onLost` is told each time one of the instance's tables has been deleted, by whomever. */
  constructor(options: { instance: string; onLost: () => void; log: Logger }) {
    this.#lost = ` somnus_${options.instance}`;
    this.#onLost = options.onLost;
    this.#log = options.log;
  }

  /** Starts watching, or starts again when the watcher has ended. Repeatable. */
  start(): void {
    if (this.#monitor) return;
    // The kernel ends it when this process is gone, however that went.
    // Not `monitor destroy tables`: nftables 1.1 refuses it.
    const monitor = spawn('setpriv', ['--pdeathsig', 'KILL', 'nft', 'monitor', 'tables'], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#monitor = monitor;
    createInterface({ input: monitor.stdout }).on('line', (line) => {
      if (monitor === this.#monitor && line.startsWith('delete table') && line.trimEnd().endsWith(this.#lost)) this.#onLost();
    });
    const ended = (reason: unknown): void => {
      if (monitor !== this.#monitor) return;
      this.#monitor = undefined;
      this.#log.warn({ event: 'network.filter_watch_ended', reason });
    };
    monitor.once('error', ended);
    monitor.once('exit', ended);
  }

  /** Stops watching. Repeatable. */
  stop(): void {
    const monitor = this.#monitor;
    this.#monitor = undefined;
    monitor?.kill('SIGKILL');
  }
}
