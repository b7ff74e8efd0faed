// A host in a VM: QEMU under emulation with QEMU's user network, controlled over SSH. Its CPU offers SVM, so that its guests run under KVM.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pollUntil } from '../../common/deadline.ts';
import { runCommand } from '../../common/run-command.ts';
import type { HostImage } from './host-image.ts';
import { hostQemu } from './host-qemu.ts';

const MEMORY_MIB = 6144;
const CPUS = 2;
/** Ten times what a boot takes on an idle host with two cores. */
const BOOT_TIMEOUT_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;

export interface CommandResult { code: number; output: string }

export class HostVm implements AsyncDisposable {
  readonly #image: HostImage;
  readonly #qemu: ChildProcess | undefined; // undefined when another process started it
  readonly #port: number;
  readonly #log: WriteStream;

  private constructor(image: HostImage, qemu: ChildProcess | undefined, port: number, log: WriteStream) {
    this.#image = image;
    this.#qemu = qemu;
    this.#port = port;
    this.#log = log;
  }

  /** Creates a disk with the content of `backing` that keeps its own writes. */
  static async overlay(backing: string, file: string): Promise<void> {
    await runCommand('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', backing, '-F', backing.endsWith('.qcow2') ? 'qcow2' : 'raw', file]);
  }

  /** Boots it. `logFile` collects the output of all commands; the console log is beside it. */
  static async boot(image: HostImage, disk: string, logFile: string): Promise<HostVm> {
    const port = await freePort();
    const { program, args } = await hostQemu();
    const qemu = spawn(program, [
      ...args,
      '-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', String(CPUS), '-m', String(MEMORY_MIB), '-nodefaults', '-display', 'none',
      '-serial', `file:${logFile}.console`, '-device', 'virtio-rng-pci',
      '-drive', `file=${disk},format=qcow2,if=virtio,cache=unsafe,discard=unmap`,
      '-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:22`, '-device', 'virtio-net-pci,netdev=net',
      '-kernel', image.kernel, '-initrd', image.initrd, '-append', 'root=/dev/vda rw console=ttyS0 net.ifnames=0',
    ], { stdio: ['ignore', 'inherit', 'inherit'] });
    const host = new HostVm(image, qemu, port, createWriteStream(logFile, { flags: 'a' }));
    await host.#untilUp();
    return host;
  }

  /** A host that another process started and keeps running. */
  static attach(image: HostImage, port: number, logFile: string): HostVm {
    return new HostVm(image, undefined, port, createWriteStream(logFile, { flags: 'a' }));
  }

  get sshCommand(): string {
    return `ssh -p ${this.#port} -i ${this.#image.sshKey} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1`;
  }

  /** Runs a command line as root; does not throw for its exit code. */
  async run(commandLine: string, options: { input?: Readable | string; timeoutMs?: number } = {}): Promise<CommandResult> {
    this.#log.write(`\n$ ${commandLine}\n`);
    const ssh = spawn('ssh', [...this.#sshOptions(), 'root@127.0.0.1', commandLine], { stdio: ['pipe', 'pipe', 'pipe'], signal: AbortSignal.timeout(options.timeoutMs ?? HOUR_MS) });
    ssh.stdin.on('error', () => {});
    if (options.input instanceof Readable) options.input.pipe(ssh.stdin);
    else ssh.stdin.end(options.input ?? '');
    let output = '';
    for (const stream of [ssh.stdout, ssh.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        output += text;
        this.#log.write(text);
      });
    }
    const [code] = await once(ssh, 'close') as [number | null];
    return { code: code ?? -1, output };
  }

  /** Runs a command line that must succeed. @returns its output, both streams */
  async ok(commandLine: string, options: { input?: Readable | string; timeoutMs?: number } = {}): Promise<string> {
    const { code, output } = await this.run(commandLine, options);
    if (code !== 0) throw new Error(`\`${commandLine}\` ended with ${code}: ${output.slice(-1500)}`);
    return output;
  }

  /** Copies a revision of this repository to `folder`, as in a clone; npm packages there are kept. */
  async checkOut(repository: string, revision: string, folder: string): Promise<void> {
    await this.ok(`mkdir -p ${folder} && find ${folder} -mindepth 1 -maxdepth 1 ! -name node_modules -exec rm -rf {} +`);
    const archive = spawn('git', ['-C', repository, 'archive', revision], { stdio: ['ignore', 'pipe', 'inherit'] });
    await this.ok(`tar -x -m -C ${folder}`, { input: archive.stdout });
    if (archive.exitCode !== 0) throw new Error(`git archive ${revision} ended with ${archive.exitCode}`);
  }

  /** Reboots it cleanly, and waits until it is up again. */
  async reboot(): Promise<void> {
    const before = await this.ok('cat /proc/sys/kernel/random/boot_id');
    await this.run('systemctl reboot');
    await pollUntil('the host to go down and come up', { timeoutMs: BOOT_TIMEOUT_MS, intervalMs: 5_000 }, async () => {
      const { code, output } = await this.run('cat /proc/sys/kernel/random/boot_id');
      return code === 0 && output !== before ? true : undefined;
    });
    await this.#untilUp();
  }

  /** Shuts it down cleanly, so that its disk can be used again. */
  async powerOff(): Promise<void> {
    const ended = this.#qemu && once(this.#qemu, 'exit');
    await this.run('sync; systemctl poweroff');
    await ended;
    this.#log.end();
  }

  /** Waits until the host is off, if this process started it. */
  async ended(): Promise<void> {
    if (this.#qemu !== undefined && this.#qemu.exitCode === null && this.#qemu.signalCode === null) await once(this.#qemu, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.ended();
    this.#qemu?.kill('SIGTERM');
    await ended;
    this.#log.end();
  }

  async #untilUp(): Promise<void> {
    await pollUntil('the host to boot', { timeoutMs: BOOT_TIMEOUT_MS, intervalMs: 3_000 }, async () => {
      if (this.#qemu !== undefined && this.#qemu.exitCode !== null) throw new Error(`QEMU ended with ${this.#qemu.exitCode}`);
      const { code } = await this.run('systemctl is-system-running --wait | grep -q -e running -e degraded', { timeoutMs: BOOT_TIMEOUT_MS });
      return code === 0 ? true : undefined;
    });
  }

  #sshOptions(): string[] {
    return ['-p', String(this.#port), '-i', this.#image.sshKey, '-F', 'none', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=60', '-o', 'ServerAliveInterval=60'];
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
