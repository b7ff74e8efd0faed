// The list behind the policy `packages`: the configured one, or the discovered one, kept in a file for when an index does not answer.
import { z } from 'zod';
import { readJsonFile, writeFileDurably } from '../../common/durable-file.ts';
import type { Logger } from '../../common/log.ts';
import type { DiscoveredHosts } from './package-host-discovery.ts';
import { allowsHost, allowsName, parsePackageHost, portsOf, type PackageHost } from './package-hosts.ts';

const refreshAfterMs = 3_600_000;
const retryAfterMs = 300_000;
/** Discovery runs npm and pip: with a list from the file it waits until the control plane has started. */
const startedAfterMs = 120_000;

export interface PackageHostListOptions {
  /** The configured list; discovered when left out. */
  hosts?: readonly string[] | undefined;
  /** Where discovered hosts are kept; in memory alone when left out. */
  cacheFile?: string | undefined;
  discover: () => Promise<DiscoveredHosts>;
  log: Logger;
}

export class PackageHostList {
  readonly #options: PackageHostListOptions;
  #entries: readonly string[] = [];
  #hosts: readonly PackageHost[] = [];
  #toldMissing = '';
  #dueAtMs = 0;
  #refreshing: Promise<void> | undefined;

  /** @throws SomnusError `config_invalid` when a configured entry is none */
  constructor(options: PackageHostListOptions) {
    this.#options = options;
    if (options.hosts) {
      this.#use(options.hosts);
      this.#dueAtMs = Infinity;
    }
  }

  /** Sees to it that there is a list: from the file at once, else by discovery. Refreshes an old one behind the caller's back. Never throws for want of an index. */
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
      // What an index said earlier stays while it does not answer.
      this.#use(missing.length > 0 ? [...new Set([...hosts, ...this.#entries])] : hosts);
      if (cacheFile !== undefined) await writeFileDurably(cacheFile, JSON.stringify({ hosts: this.#entries }));
      if (missing.length === 0) this.#dueAtMs = Date.now() + refreshAfterMs;
      const told = JSON.stringify(missing);
      if (missing.length > 0 && told !== this.#toldMissing) log.warn({ event: 'network.package_hosts_incomplete', missing, hint: 'Set network.packageHosts if package installs are refused.' });
      this.#toldMissing = told;
      log.debug({ event: 'network.package_hosts', count: this.#entries.length });
    } catch (error) {
      log.warn({ event: 'network.package_hosts_failed', err: error });
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
