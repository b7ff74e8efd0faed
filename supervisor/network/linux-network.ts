// The network of one host's environments on Linux: taps by iproute2, a filter by nftables, our own resolver and egress proxy. This file determines
// the order of the work; the other parts do it. Changes run one after the other.
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { runCommand } from '../../common/run-command.ts';
import { PACKAGE_GATEWAY_HOST, type PackageSource } from '../../images/package-credentials.ts';
import type { NetworkPolicy } from '../domain/network-policy.ts';
import { DnsResolver } from './dns-resolver.ts';
import { hostNameservers } from './dns-upstreams.ts';
import { EgressProxy } from './egress-proxy.ts';
import { forbiddenDestinations, hostResolver } from './egress-destinations.ts';
import { hostAddresses, hostRoutes, usedBy, type HostAddress } from './host-addresses.ts';
import { hostUplinks } from './host-uplinks.ts';
import { gatewayOf, Iproute2Devices, type SegmentSetting } from './iproute2-devices.ts';
import { removeFirewallRules, addFirewallRules } from './iptables-rules.ts';
import { segmentAddress, segmentIndex, type AddressPlan, type HostNetwork, type Segment, type SegmentAddress } from './network.ts';
import { fullRuleset, peersChange, removedRuleset, segmentChange, segmentRemoval, type SegmentRules } from './nftables-ruleset.ts';
import { NftablesWatch } from './nftables-watch.ts';
import { discoverPackageHosts } from './package-host-discovery.ts';
import { PackageGateway } from './package-gateway.ts';
import { PackageHostList } from './package-host-list.ts';
import { RefusalLog } from './refusal-log.ts';

export interface LinuxNetworkOptions extends AddressPlan {
  /** Hosts that the policy `packages` allows; by default found in the host's own settings. */
  packageHosts?: readonly string[] | undefined;
  /** File that stores the hosts found; only in memory by default. */
  packageHostsFile?: string | undefined;
  /** Package sources for which this host currently has credentials, and the proxies it uses to reach them. */
  packageSources?: (() => Promise<readonly PackageSource[]>) | undefined;
  packageProxies?: Readonly<Record<string, string>> | undefined;
  log: Logger;
  /** Returns the `ip` command that creates a segment's device, if it is not a tap: tests simulate the guest with a veth pair. */
  createDevice?: ((tapName: string) => string) | undefined;
}

/** Needs root. Changes nothing before `ensure`. @throws SomnusError `config_invalid` for an invalid package host */
export function createHostNetwork(options: LinuxNetworkOptions): HostNetwork {
  return new LinuxNetwork(options);
}

class LinuxNetwork implements HostNetwork {
  readonly gateway: { ip: string; mac: string };
  readonly #options: LinuxNetworkOptions;
  readonly #devices: Iproute2Devices;
  readonly #packageHosts: PackageHostList;
  readonly #refusals: RefusalLog;
  readonly #resolver: DnsResolver;
  readonly #proxy: EgressProxy;
  readonly #packageGateway: PackageGateway;
  readonly #watch: NftablesWatch;
  /** The segment settings on the devices, as last read or written. */
  readonly #settings = new Map<number, SegmentSetting>();
  /** Pairs of environments that may exchange traffic, by their indexes as text. */
  #peers = new Map<string, readonly [number, number]>();
  #uplinks: readonly string[] = [];
  /** Whether the proxy must not connect to an address; the host's own addresses are those of the last `ensure`. */
  #isForbidden: (address: string) => boolean = () => true;
  #last: Promise<unknown> = Promise.resolve();
  #repairPending = false;
  #conflict: string | null = null;

  constructor(options: LinuxNetworkOptions) {
    this.#options = options;
    const { log } = options;
    this.gateway = gatewayOf(options);
    this.#devices = new Iproute2Devices({ ...options, gateway: this.gateway });
    this.#packageHosts = new PackageHostList({ hosts: options.packageHosts, cacheFile: options.packageHostsFile, discover: discoverPackageHosts, log });
    this.#refusals = new RefusalLog(log);
    this.#watch = new NftablesWatch({ installation: options.installation, log, onLost: () => { if (!this.#repairPending) void this.#repairFilter(); } });
    const shared = { listenAddress: this.gateway.ip, segmentOf: (ip: string) => this.#segmentOf(ip), refusals: this.#refusals, log };
    this.#resolver = new DnsResolver({ ...shared, ownName: PACKAGE_GATEWAY_HOST, isPackageHost: (name) => this.#packageHosts.allowsName(name), nameservers: hostNameservers() });
    this.#packageGateway = new PackageGateway({ ...shared, sources: options.packageSources ?? (async () => []), proxies: options.packageProxies });
    this.#proxy = new EgressProxy({
      ...shared,
      allowsHost: (host, port) => this.#packageHosts.allowsHost(host, port),
      resolveName: hostResolver(),
      isForbiddenDestination: (address) => this.#isForbidden(address),
    });
  }

  async ensure(): Promise<void> {
    await this.#packageHosts.ensure();
    await this.#inTurn(async () => {
      const addresses = await hostAddresses();
      await this.#findConflict(addresses);
      await this.#devices.ensureGateway();
      await this.#devices.removeFormerSubnet();
      this.#uplinks = await hostUplinks();
      this.#isForbidden = forbiddenDestinations({ subnet: this.#options.subnet, addresses, uplinks: this.#uplinks });
      await this.#devices.setUplinkForwarding(this.#uplinks, true);
      await this.#readSettings();
      await this.#devices.ensureSegments([...this.#settings.keys()].map((index) => this.address(index)));
      await this.#replaceRuleset();
      await addFirewallRules(this.#options.installation, this.#options.log);
      this.#watch.start();
    });
  }

  get conflict(): string | null {
    return this.#conflict;
  }

  async attach({ index, policy }: Segment, { linkUp }: { linkUp?: boolean } = {}): Promise<SegmentAddress> {
    const address = this.address(index);
    return await this.#inTurn(async () => {
      const before = await this.#devices.readSetting(address.tapName);
      // A closed link stays closed until it is opened explicitly.
      await this.#set(index, { policy, linkUp: linkUp ?? before?.linkUp ?? true }, this.#devices.ensureSegments([address]));
      return address;
    });
  }

  async setLink(index: number, up: boolean): Promise<void> {
    await this.#inTurn(async () => await this.#set(index, { ...await this.#known(index), linkUp: up }));
  }

  async setPolicy(index: number, policy: NetworkPolicy): Promise<void> {
    await this.#inTurn(async () => await this.#set(index, { ...await this.#known(index), policy }));
  }

  async setPeers(pairs: readonly (readonly [number, number])[]): Promise<void> {
    await this.#inTurn(async () => { await this.#changePeers(new Map(pairs.map((pair) => [pair.toSorted((a, b) => a - b).join(' '), pair]))); });
  }

  async detach(index: number): Promise<void> {
    const address = this.address(index);
    await this.#inTurn(async () => {
      await this.#changePeers(new Map([...this.#peers].filter(([, pair]) => !pair.includes(index))));
      this.#settings.delete(index);
      this.#proxy.closeSegment(index);
      this.#refusals.forget(index);
      await this.#devices.removeSegment(address.tapName);
      if (!await this.#tryChange(segmentRemoval(this.#options.installation, address))) await this.#rebuildRuleset();
    });
  }

  async list(): Promise<number[]> {
    return await this.#devices.list();
  }

  address(index: number): SegmentAddress {
    return segmentAddress(this.#options, index);
  }

  async close(): Promise<void> {
    this.#watch.stop();
    await this.#inTurn(async () => { await Promise.all([this.#resolver.close(), this.#proxy.close(), this.#packageGateway.close()]); });
  }

  async destroy(): Promise<void> {
    await this.close();
    await this.#inTurn(async () => {
      const { installation, log } = this.#options;
      this.#settings.clear();
      for (const index of await this.#devices.list()) await this.#devices.removeSegment(this.address(index).tapName);
      await this.#devices.removeGateway();
      await runNft(removedRuleset(installation));
      await removeFirewallRules(installation, log);
      await this.#devices.setUplinkForwarding(await hostUplinks(), false);
    });
  }

  /** Stores a segment's settings on its device, once that is `ready`, and updates the filter and open connections. */
  async #set(index: number, setting: SegmentSetting, ready: Promise<void> = Promise.resolve()): Promise<void> {
    const address = this.address(index);
    this.#settings.set(index, setting);
    if (setting.policy !== 'packages' || !setting.linkUp) this.#proxy.closeSegment(index);
    // The filter identifies devices by name, so it does not have to wait for them.
    const [, changed] = await Promise.all([
      ready.then(async () => await this.#devices.writeSetting(address.tapName, setting)),
      this.#tryChange(segmentChange(this.#options.installation, { ...address, ...setting })),
    ]);
    if (!changed) await this.#rebuildRuleset();
  }

  async #changePeers(next: Map<string, readonly [number, number]>): Promise<void> {
    const { installation } = this.#options;
    const before = this.#peers;
    this.#peers = next;
    const script = (from: typeof next, without: typeof next, open: boolean): string => [...from].filter(([key]) => !without.has(key)).map(([, [a, b]]) => peersChange(installation, [this.address(a).ip, this.address(b).ip], open)).join('');
    const changes = script(before, next, false) + script(next, before, true);
    if (changes !== '' && !await this.#tryChange(changes)) await this.#rebuildRuleset();
  }

  async #known(index: number): Promise<SegmentSetting> {
    const setting = await this.#devices.readSetting(this.address(index).tapName);
    if (!setting) throw new SomnusError('not_found', `network segment ${index} does not exist`, { details: { index } });
    return setting;
  }

  /**
   * Detects overlaps with other networks. A network that was added later, or a route that is broader than needed, is only reported; but if the host
   * was in the network first, this installation does not use it.
   */
  async #findConflict(addresses: readonly HostAddress[]): Promise<void> {
    const { installation, subnet, log } = this.#options;
    const own = `smn${installation}-`;
    const taken = usedBy(subnet, { addresses, routes: [], own });
    const found = taken ?? usedBy(subnet, { addresses, routes: await hostRoutes(), own }) ?? null;
    if (found !== this.#conflict && found !== null) log.warn({ event: 'network.conflict', subnet, found });
    this.#conflict = found;
    if (taken !== undefined && !await this.#devices.hasGateway()) throw conflictError(subnet, taken);
  }

  /** Reads the settings of all devices. A device without settings was never completed: closed, until it is attached again. */
  async #readSettings(): Promise<void> {
    const indexes = await this.#devices.list();
    const settings = await Promise.all(indexes.map(async (index) => await this.#devices.readSetting(this.address(index).tapName)));
    this.#settings.clear();
    indexes.forEach((index, at) => this.#settings.set(index, settings[at] ?? { policy: 'none', linkUp: false }));
  }

  /** Changes the filter. Returns false on failure, most likely because another program has changed or deleted the tables. */
  async #tryChange(script: string): Promise<boolean> {
    try {
      await runNft(script);
      return true;
    } catch (error) {
      this.#options.log.warn({ event: 'network.filter-unexpected', err: error });
      return false;
    }
  }

  /** Restores tables that another program deleted. Never throws: the next `ensure` tries again. */
  async #repairFilter(): Promise<void> {
    const { log } = this.#options;
    this.#repairPending = true;
    try {
      await this.#inTurn(async () => {
        this.#repairPending = false; // a later deletion needs another repair
        await this.#rebuildRuleset();
      });
      log.warn({ event: 'network.filter-restored', hint: 'Another program on this host deletes nftables tables.' });
    } catch (error) {
      log.error({ event: 'network.filter-lost', err: error });
    }
  }

  async #rebuildRuleset(): Promise<void> {
    await this.#readSettings();
    await this.#replaceRuleset();
  }

  async #replaceRuleset(): Promise<void> {
    const { installation, subnet } = this.#options;
    const segments = [...this.#settings].map(([index, setting]): SegmentRules => ({ ...this.address(index), ...setting }));
    const dns = await this.#resolver.listen();
    const proxyPorts = await this.#proxy.listen(this.#packageHosts.ports());
    const packagesPort = await this.#packageGateway.listen();
    const ruleset = fullRuleset({ installation, subnet, gatewayIp: this.gateway.ip, segments, peers: [...this.#peers.values()].map(([a, b]) => [this.address(a).ip, this.address(b).ip] as const), uplinks: this.#uplinks, dns, packagesPort, proxyPorts });
    if (!await this.#tryChange(ruleset)) await runNft(`${removedRuleset(installation)}${ruleset}`);
  }

  #segmentOf(ip: string): Segment | undefined {
    const index = segmentIndex(this.#options, ip);
    const setting = index === undefined ? undefined : this.#settings.get(index);
    return index === undefined || !setting?.linkUp ? undefined : { index, policy: setting.policy };
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return await turn;
  }
}

/** Returns an error that explains how to resolve an overlap. */
function conflictError(subnet: string, found: string): SomnusError {
  return new SomnusError('config_invalid', `network.subnet: ${subnet} is in use on this host: ${found}`, {
    hint: 'Set network.subnet in the configuration to a private /16 that nothing else uses, and restart Somnus: every environment then gets a new address.', details: { subnet, found },
  });
}

async function runNft(script: string): Promise<void> {
  await runCommand('nft', ['-f', '-'], { input: script });
}
