// Detects at once when another program deletes our tables: `systemctl restart nftables` flushes the whole filter, and until it is repaired guests can
// reach anything.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Logger } from '../../common/log.ts';

export class NftablesWatch {
  readonly #lost: string;
  readonly #onLost: () => void;
  readonly #log: Logger;
  #monitor: ChildProcess | undefined;

  /** Calls `onLost` each time one of the installation's tables has been deleted, by any program. */
  constructor(options: { installation: string; onLost: () => void; log: Logger }) {
    this.#lost = ` somnus_${options.installation}`;
    this.#onLost = options.onLost;
    this.#log = options.log;
  }

  /** Starts watching, or restarts the watcher if it has ended. Repeatable. */
  start(): void {
    if (this.#monitor) return;
    // The kernel kills it when this process ends for any reason. Not `monitor destroy tables`: nftables 1.1 refuses it.
    const monitor = spawn('setpriv', ['--pdeathsig', 'KILL', 'nft', 'monitor', 'tables'], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#monitor = monitor;
    createInterface({ input: monitor.stdout }).on('line', (line) => {
      if (monitor === this.#monitor && line.startsWith('delete table') && line.trimEnd().endsWith(this.#lost)) this.#onLost();
    });
    const ended = (reason: unknown): void => {
      if (monitor !== this.#monitor) return;
      this.#monitor = undefined;
      this.#log.warn({ event: 'network.filter-watch-ended', reason });
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
