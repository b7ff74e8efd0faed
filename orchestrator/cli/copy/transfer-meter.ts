// Shows the progress of a copy: one updating line on a terminal, nothing elsewhere.
import { formatBytes, formatDuration } from '../terminal/humanize.ts';
import type { Output } from '../terminal/output.ts';
import { sanitize } from '../terminal/sanitize.ts';

const redrawMs = 200;

export class TransferMeter implements Disposable {
  sentBytes = 0;
  readonly #startedAt = performance.now();
  readonly #label: string;
  readonly #totalBytes: number | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(out: Output, label: string, totalBytes: number | undefined) {
    this.#label = sanitize(label);
    this.#totalBytes = totalBytes;
    if (process.stderr.isTTY && !out.json && !out.quiet) this.#timer = setInterval(() => this.#draw(), redrawMs);
  }

  readonly add = (bytes: number): void => {
    this.sentBytes += bytes;
  };

  /** For example `1.0 GiB in 12.3 s (83 MiB/s)`. */
  summary(): string {
    const ms = performance.now() - this.#startedAt;
    return `${formatBytes(this.sentBytes)} in ${formatDuration(ms)} (${formatBytes(this.sentBytes / Math.max(0.001, ms / 1000))}/s)`;
  }

  [Symbol.dispose](): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    process.stderr.write('\r\u001b[2K');
  }

  #draw(): void {
    const total = this.#totalBytes;
    const part = total ? `  ${Math.min(100, Math.floor((100 * this.sentBytes) / total))} % of ${formatBytes(total)}` : '';
    const line = `${this.#label}${part}  ${this.summary()}`;
    process.stderr.write(`\r\u001b[2K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
  }
}
