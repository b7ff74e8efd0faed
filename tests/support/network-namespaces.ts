// Network namespaces that play guests and the outside, so that the network is tested with real packets and without VMs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { runCommand } from '../../common/run-command.ts';
import type { HostNetwork, SegmentAddress } from '../../supervisor/network/network.ts';
import type { ProbeGuest } from './network-probes.ts';

async function ip(...lines: string[]): Promise<void> {
  await runCommand('ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/** A program that runs while the test does other things. */
export interface Session extends AsyncDisposable {
  /** The next line it prints. */
  line(): Promise<string>;
}

interface Programs extends Pick<ProbeGuest, 'run' | 'start'> {
  session(command: readonly string[]): Promise<Session>;
}

/** Runs programs on the host itself, like in a guest. */
export const hostPrograms: Programs = programs([]);

function programs(prefix: readonly string[]): Programs {
  const session = async (command: readonly string[]): Promise<Session> => {
    const [program = '', ...args] = [...prefix, ...command];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child, 'spawn');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      async line() {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`${program} ended`);
        return value;
      },
      async [Symbol.asyncDispose]() {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
    };
  };
  return {
    session,
    async run(command, timeoutMs) {
      const [program = '', ...args] = [...prefix, ...command];
      return (await runCommand(program, args, { timeoutMs })).stdout;
    },
    async start(command) {
      const started = await session(command);
      await started.line();
      return started;
    },
  };
}

class Namespace implements AsyncDisposable, Programs {
  readonly name: string;
  readonly run: Programs['run'];
  readonly start: Programs['start'];
  readonly session: Programs['session'];

  constructor(name: string) {
    this.name = name;
    const inside = programs(['ip', 'netns', 'exec', name]);
    this.run = async (command, timeoutMs) => await inside.run(command, timeoutMs);
    this.start = async (command) => await inside.start(command);
    this.session = async (command) => await inside.session(command);
  }

  async make(nameserver: string): Promise<void> {
    await this[Symbol.asyncDispose]();
    await runCommand('ip', ['netns', 'add', this.name]);
    // `ip netns exec` shows it as the namespace's own /etc/resolv.conf.
    await mkdir(`/etc/netns/${this.name}`, { recursive: true });
    await writeFile(`/etc/netns/${this.name}/resolv.conf`, `nameserver ${nameserver}\noptions timeout:2 attempts:1\n`);
    await runCommand('ip', ['-n', this.name, 'link', 'set', 'lo', 'up']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runCommand('ip', ['netns', 'delete', this.name], { allowExit: [1] });
    await rm(`/etc/netns/${this.name}`, { recursive: true, force: true });
  }
}

/** For `createDevice`: creates a pair whose other end is in the segment's namespace. The namespace must exist. */
export function vethFor(tapName: string): string {
  return `link add dev ${tapName} type veth peer name eth0 netns ${tapName}`;
}

/** A namespace named like a segment's tap, configured like a guest: only its own address, everything through the gateway. */
export class NamespaceGuest extends Namespace implements ProbeGuest {
  readonly ip: string;
  readonly mac: string;
  readonly #gateway: HostNetwork['gateway'];

  constructor(address: SegmentAddress, gateway: HostNetwork['gateway']) {
    super(address.tapName);
    this.ip = address.ip;
    this.mac = address.mac;
    this.#gateway = gateway;
  }

  /** The namespace, before the segment is attached. */
  async prepare(): Promise<void> {
    await this.make(this.#gateway.ip);
  }

  /** The guest's own settings, after the segment is attached. */
  async boot(): Promise<void> {
    await runCommand('ip', ['-n', this.name, '-batch', '-'], {
      input: [
        `link set dev eth0 address ${this.mac} up`,
        `address replace ${this.ip}/32 dev eth0`,
        `route replace ${this.#gateway.ip}/32 dev eth0`,
        `route replace default via ${this.#gateway.ip} dev eth0`,
        '',
      ].join('\n'),
    });
  }
}

/** A namespace behind a second uplink of this host, which is never the preferred one. */
export class Outside extends Namespace {
  readonly ip: string;
  readonly listed: string;
  readonly hostIp: string;
  readonly #device: string;

  /** `number` (0–255) separates several: addresses are 198.18.`number`.x (RFC 2544, for tests of networks). */
  constructor(number: number) {
    super(`smnout${number}`);
    this.#device = `smnout${number}`;
    this.hostIp = `198.18.${number}.1`;
    this.ip = `198.18.${number}.10`;
    this.listed = `198.18.${number}.11`;
  }

  async prepare(): Promise<void> {
    await this.make(this.ip);
    await ip(`link add dev ${this.#device} type veth peer name eth0 netns ${this.name}`, `link set dev ${this.#device} up`, `address add ${this.hostIp}/24 dev ${this.#device}`);
    await runCommand('ip', ['-n', this.name, '-batch', '-'], { input: `link set dev eth0 up\naddress add ${this.ip}/24 dev eth0\naddress add ${this.listed}/24 dev eth0\n` });
    await ip(`route add default via ${this.ip} dev ${this.#device} metric 90${this.ip.split('.')[2]?.padStart(3, '0')}`);
  }
}
