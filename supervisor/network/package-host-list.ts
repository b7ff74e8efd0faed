// The host list of the policy `packages`: configured, or discovered and saved in a file in case an index does not answer.
import { z } from 'zod';
import { readJsonFile, writeFileDurably } from '../../common/durable-file.ts';
import type { Logger } from '../../common/log.ts';
import type { DiscoveredHosts } from './package-host-discovery.ts';
import { allowsHost, allowsName, parsePackageHost, portsOf, type PackageHost } from './package-hosts.ts';

const refreshAfterMs = 3_600_000;
const retryAfterMs = 300_000;
/** Discovery runs npm and pip, so if the file has a list, it waits until the control plane has started. */
const startedAfterMs = 120_000;

export interface PackageHostListOptions {
  /** The configured list; discovered by default. */
  hosts?: readonly string[] | undefined;
  /** File for discovered hosts; only in memory by default. */
  cacheFile?: string | undefined;
  discover: () => Promise<DiscoveredHosts>;
  log: Logger;
}

export class PackageHostList {
  readonly #options: PackageHostListOptions;
  #entries: readonly string[] = [];
  #hosts: readonly PackageHost[] = [];
  #lastMissing = '';
  #dueAtMs = 0;
  #refreshing: Promise<void> | undefined;

  /** @throws SomnusError `config_invalid` for an invalid configured entry */
  constructor(options: PackageHostListOptions) {
    this.#options = options;
    if (options.hosts) {
      this.#use(options.hosts);
      this.#dueAtMs = Infinity;
    }
  }

  /**
   * Ensures that there is a list: from the file at once, otherwise by discovery. Refreshes an old one in the background. Never throws because an
   * index is missing.
   */
  async ensure(): Promise<void> {
    if (this.#dueAtMs === 0) {
      this.#use(await this.#cached());
      if (this.#hosts.length > 0) this.#dueAtMs = Date.now() + startedAfterMs;
    }
    if (Date.now() >= this.#dueAtMs) this.#refreshing ??= this.#refresh().finally(() => { this.#refreshing = undefined; });
    if (this.#hosts.length === 0) await this.#refreshing;
  }

  allowsName(name: string): boolean {
    return allowsName(this.#hosts, name);
  }

  allowsHost(name: string, port: number): boolean {
    return allowsHost(this.#hosts, name, port);
  }

  ports(): number[] {
    return portsOf(this.#hosts);
  }

  async #refresh(): Promise<void> {
    const { log, cacheFile, discover } = this.#options;
    this.#dueAtMs = Date.now() + retryAfterMs;
    try {
      const { hosts, missing } = await discover();
      // Keeps an index's earlier hosts while it does not answer.
      this.#use(missing.length > 0 ? [...new Set([...hosts, ...this.#entries])] : hosts);
      if (cacheFile !== undefined) await writeFileDurably(cacheFile, JSON.stringify({ hosts: this.#entries }));
      if (missing.length === 0) this.#dueAtMs = Date.now() + refreshAfterMs;
      const missingText = JSON.stringify(missing);
      if (missing.length > 0 && missingText !== this.#lastMissing) log.warn({ event: 'network.package-hosts-incomplete', missing, hint: 'Set network.packageHosts if package installs are refused.' });
      this.#lastMissing = missingText;
      log.debug({ event: 'network.package-hosts', count: this.#entries.length });
    } catch (error) {
      log.warn({ event: 'network.package-hosts-failed', err: error });
    }
  }

  #use(entries: readonly string[]): void {
    this.#hosts = entries.map(parsePackageHost);
    this.#entries = entries;
  }

  async #cached(): Promise<string[]> {
    const { cacheFile } = this.#options;
    if (cacheFile === undefined) return [];
    const { hosts } = await readJsonFile(cacheFile, z.strictObject({ hosts: z.array(z.string()) })).catch(() => ({ hosts: [] }));
    return hosts;
  }
}
