// The installation's network devices: one routed tap per segment, and one unused tap that holds the gateway's address (not every kernel has dummy
// devices). The packet filter decides what may pass. A segment's settings are stored on its device (ifalias), so they last exactly as long as it
// does, whatever happens to the filter or this process.
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { runCommand } from '../../common/run-command.ts';
import { NetworkPolicy } from '../domain/network-policy.ts';
import { segmentAddress, type AddressPlan, type SegmentAddress } from './network.ts';

export interface SegmentSetting { policy: NetworkPolicy; linkUp: boolean }

export interface DevicesOptions extends AddressPlan {
  gateway: { ip: string; mac: string };
  /** Returns the `ip` command that creates a segment's device; default a persistent tap. */
  createDevice?: ((tapName: string) => string) | undefined;
}

const sysfs = '/sys/class/net';

const Addresses = z.array(z.object({ addr_info: z.array(z.object({ local: z.string(), prefixlen: z.int() })) }));
const Routes = z.array(z.object({ dst: z.string(), dev: z.string().optional(), type: z.string().optional(), metric: z.int().optional() }));

function metricOf(installation: string): number {
  return Number.parseInt(installation, 16) + 1;
}

export class Iproute2Devices {
  readonly #options: DevicesOptions;
  readonly #gatewayDevice: string;
  /** The route for addresses that belong to no segment. The metric identifies the installation, so that another's route is not mistaken for it. */
  readonly #nowhere: string;

  constructor(options: DevicesOptions) {
    this.#options = options;
    this.#gatewayDevice = `smn${options.installation}-gw`;
    this.#nowhere = `unreachable ${options.subnet} metric ${metricOf(options.installation)}`;
  }

  /** Returns the indexes of the segments that have a device, ascending. */
  async list(): Promise<number[]> {
    const pattern = new RegExp(`^smn${this.#options.installation}-([0-9a-f]{4})$`);
    const indexes = (await readdir(sysfs)).map((name) => pattern.exec(name)?.[1]).filter((hex) => hex !== undefined).map((hex) => Number.parseInt(hex, 16));
    return indexes.filter((index) => index > 0).toSorted((a, b) => a - b);
  }

  /** Whether the gateway has its address: then this installation was in its subnet before any other current user of it. */
  async hasGateway(): Promise<boolean> {
    const { stdout } = await runCommand('ip', ['-json', '-4', 'address', 'show', 'dev', this.#gatewayDevice], { allowExit: [1] });
    return stdout.includes(`"${this.#options.gateway.ip}"`);
  }

  /** Creates the gateway's address, and makes addresses without a segment unreachable. Repeatable. */
  async ensureGateway(): Promise<void> {
    const { gateway } = this.#options;
    const device = this.#gatewayDevice;
    await ip([
      ...(await exists(device) ? [] : [`tuntap add dev ${device} mode tap user 0`]),
      `link set dev ${device} addrgenmode none up`,
      `address replace ${gateway.ip}/32 dev ${device}`,
      `route replace ${this.#nowhere}`,
    ]);
    await setSysctl(`ipv6/conf/${device}/disable_ipv6`, '1');
  }

  /** Removes addresses and routes of a subnet that this installation used before. Repeatable. */
  async removeFormerSubnet(): Promise<void> {
    const { installation, subnet, gateway } = this.#options;
    const [addresses, routes] = await Promise.all([
      runCommand('ip', ['-json', '-4', 'address', 'show', 'dev', this.#gatewayDevice]), runCommand('ip', ['-json', '-4', 'route', 'show']),
    ]);
    const former = Addresses.parse(JSON.parse(addresses.stdout)).flatMap(({ addr_info: found }) => found).filter(({ local }) => local !== gateway.ip);
    const expected = new Map((await this.list()).map((index) => segmentAddress(this.#options, index)).map(({ tapName, ip: address }) => [tapName, address]));
    const commands = [
      ...Routes.parse(JSON.parse(routes.stdout)).flatMap(({ dst, dev = '', type, metric }) => {
        if (type === 'unreachable' && metric === metricOf(installation) && dst !== subnet) return [`route delete unreachable ${dst} metric ${metric}`];
        return expected.has(dev) && dst !== expected.get(dev) ? [`route delete ${dst} dev ${dev}`, `neighbour flush to ${dst} dev ${dev} nud permanent`] : [];
      }),
      ...former.map(({ local, prefixlen }) => `address delete ${local}/${prefixlen} dev ${this.#gatewayDevice}`), // last: this also removes routes that name it as their source
    ];
    if (commands.length > 0) await ip(commands);
  }

  /** Creates or repairs the devices of segments, with route and neighbor. Running VMs are not affected. Repeatable. */
  async ensureSegments(segments: readonly SegmentAddress[]): Promise<void> {
    if (segments.length === 0) return;
    const commands = await Promise.all(segments.map((segment) => this.#commands(segment)));
    await ip(commands.flat());
    await Promise.all(segments.flatMap(({ tapName }) => [
      setSysctl(`ipv6/conf/${tapName}/disable_ipv6`, '1'),
      setSysctl(`ipv4/conf/${tapName}/forwarding`, '1'),
      setSysctl(`ipv4/conf/${tapName}/rp_filter`, '1'),
      setSysctl(`ipv4/conf/${tapName}/accept_redirects`, '0'),
    ]));
  }

  async #commands({ tapName, ip: address, mac }: SegmentAddress): Promise<string[]> {
    const { gateway, createDevice } = this.#options;
    const present = await readFile(`${sysfs}/${tapName}/address`, 'utf8').catch(() => undefined);
    return [
      // Owned by root: a tap without an owner can be opened by any user while no QEMU has it.
      ...(present === undefined ? [createDevice?.(tapName) ?? `tuntap add dev ${tapName} mode tap vnet_hdr user 0`] : []),
      // Only if it differs, because setting it makes the kernel forget the neighbor below.
      ...(present?.trim() === gateway.mac ? [] : [`link set dev ${tapName} address ${gateway.mac}`]),
      `link set dev ${tapName} addrgenmode none up`,
      `neighbour replace ${address} lladdr ${mac} dev ${tapName} nud permanent`,
      `route replace ${address}/32 dev ${tapName} src ${gateway.ip}`,
    ];
  }

  /** Removes a segment's device. Repeatable. */
  async removeSegment(tapName: string): Promise<void> {
    await removeDevice(tapName);
  }

  /** Returns the settings stored on a device; undefined when there is no device or it has none. */
  async readSetting(tapName: string): Promise<SegmentSetting | undefined> {
    const text = await readFile(`${sysfs}/${tapName}/ifalias`, 'utf8').catch(() => '');
    const [, policy, link] = /^somnus policy=(\w+) link=(up|down)\n?$/.exec(text) ?? [];
    const known = NetworkPolicy.safeParse(policy);
    return known.success ? { policy: known.data, linkUp: link === 'up' } : undefined;
  }

  async writeSetting(tapName: string, { policy, linkUp }: SegmentSetting): Promise<void> {
    await writeFile(`${sysfs}/${tapName}/ifalias`, `somnus policy=${policy} link=${linkUp ? 'up' : 'down'}`);
  }

  /** Allows answers to the guests to enter. Off restores the host's own setting, unless another installation still needs it. Repeatable. */
  async setUplinkForwarding(uplinks: readonly string[], on: boolean): Promise<void> {
    if (!on && (await otherGateways(this.#gatewayDevice)).length > 0) return;
    const value = on ? '1' : (await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8')).trim();
    await Promise.all(uplinks.map((name) => setSysctl(`ipv4/conf/${name}/forwarding`, value)));
  }

  /** Removes the gateway. Repeatable. */
  async removeGateway(): Promise<void> {
    await removeDevice(this.#gatewayDevice);
    await runCommand('ip', ['route', 'delete', ...this.#nowhere.split(' ')], { allowExit: [2] });
  }
}

/** Returns the gateway address and MAC of an installation. Every tap has this MAC, so that a forked guest's neighbor entry stays valid. */
export function gatewayOf(plan: AddressPlan): { ip: string; mac: string } {
  const { mac } = segmentAddress(plan, 1);
  return { ip: plan.subnet.replace(/\.0\/16$/, '.1'), mac: `${mac.slice(0, 12)}00:00` };
}

async function otherGateways(own: string): Promise<string[]> {
  return (await readdir(sysfs)).filter((name) => /^smn[0-9a-f]{4}-gw$/.test(name) && name !== own);
}

async function exists(device: string): Promise<boolean> {
  return await access(`${sysfs}/${device}`).then(() => true, () => false);
}

async function removeDevice(device: string): Promise<void> {
  try {
    await ip([`link delete dev ${device}`]);
  } catch (error) {
    if (await exists(device)) throw error;
  }
}

/** Runs several `ip` commands in one process, in order. */
async function ip(commands: readonly string[]): Promise<void> {
  await runCommand('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n` });
}

/** Writes a kernel setting if it differs; ignores settings that this kernel does not have. */
async function setSysctl(name: string, value: string): Promise<void> {
  const path = `/proc/sys/net/${name}`;
  try {
    if ((await readFile(path, 'utf8')).trim() !== value) await writeFile(path, value);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
