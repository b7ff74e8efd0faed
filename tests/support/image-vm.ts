// A VM of the guest image under plain QEMU, for the tests of image and agent: no libvirt, only QEMU's network, TCG.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AGENT_PORT_NAME } from '../../agent/constants.ts';
import { PortEvent, portMethods, PortResponse, type AgentStatus, type PortMethod, type PortParams, type PortResult } from '../../agent/contract.ts';
import { pollUntil, withDeadline } from '../../common/deadline.ts';
import { runCommand } from '../../common/run-command.ts';
import { readImageManifest } from '../../images/image-manifest.ts';

/** Five times what a busy host with emulated CPUs needed. */
export const ANSWER_MS = 300_000;

export interface ImageVmOptions {
  imageDir: string;
  scratchDir: string;
  maxVcpus?: number;
  /** Larger than the image's disk. */
  diskGiB?: number;
  /** Differences from the machine and CPU that the image is meant for. */
  machine?: string;
  cpu?: string;
  /** Additions to the kernel's command line. */
  append?: string;
  /** Additional arguments for QEMU. */
  qemuArgs?: readonly string[];
}

export class ImageVm implements AsyncDisposable {
  readonly folder: string;
  readonly #process: ChildProcess;
  readonly startedAt: number;
  readonly exited: Promise<unknown>;

  private constructor(folder: string, process: ChildProcess) {
    this.folder = folder;
    this.#process = process;
    this.startedAt = performance.now();
    this.exited = once(process, 'exit');
  }

  /** Starts QEMU on a temporary overlay of the image's disk. */
  static async start(options: ImageVmOptions): Promise<ImageVm> {
    const folder = await mkdtemp(join(options.scratchDir, 'vm-'));
    const manifest = await readImageManifest(options.imageDir);
    const image = (name: string): string => join(options.imageDir, name);
    await runCommand('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', image('disk'), join(folder, 'disk.qcow2'), ...(options.diskGiB === undefined ? [] : [`${options.diskGiB}G`])]);
    return new ImageVm(folder, spawn('qemu-system-x86_64', [
      '-nodefaults', '-no-user-config', '-display', 'none', '-machine', options.machine ?? 'pc', '-accel', 'tcg,tb-size=128', '-cpu', options.cpu ?? 'max',
      '-m', '512', '-smp', String(options.maxVcpus ?? 1),
      '-kernel', image('kernel'), '-initrd', image('initrd'), '-append', `${manifest.kernelCommandLine} maxcpus=1 ${options.append ?? ''}`,
      '-drive', `if=none,id=disk,file=${join(folder, 'disk.qcow2')},format=qcow2,discard=unmap,cache=writeback`,
      '-device', 'virtio-blk-pci,drive=disk',
      '-netdev', 'user,id=net,restrict=on', '-device', 'virtio-net-pci,netdev=net,mac=52:54:00:12:34:56',
      '-device', 'virtio-serial-pci',
      ...this.#port('agent', AGENT_PORT_NAME, folder), ...this.#port('qga', 'org.qemu.guest_agent.0', folder),
      '-device', 'virtio-balloon-pci', '-object', 'rng-random,id=rng,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng',
      '-device', 'vmgenid,guid=auto',
      '-chardev', `file,id=console,path=${join(folder, 'console')}`, '-serial', 'chardev:console',
      '-qmp', `unix:${join(folder, 'qmp')},server=on,wait=off`,
      ...(options.qemuArgs ?? []),
    ], { stdio: ['ignore', 'inherit', 'inherit'] }));
  }

  static #port(id: string, name: string, folder: string): string[] {
    return ['-chardev', `socket,id=${id},path=${join(folder, id)},server=on,wait=off`, '-device', `virtserialport,chardev=${id},name=${name}`];
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async console(): Promise<string> {
    return await readFile(join(this.folder, 'console'), 'utf8');
  }

  async connectAgent(): Promise<AgentConnection> {
    return new AgentConnection(await connectTo(join(this.folder, 'agent')));
  }

  /** Runs one command in QEMU's monitor. */
  async monitor(execute: string, args: Record<string, unknown> = {}): Promise<unknown> {
    return await this.#ask('qmp', [{ execute: 'qmp_capabilities' }, { execute, arguments: args }], (line) => 'QMP' in line || 'event' in line);
  }

  /** Runs a program in the guest through QEMU's guest agent, which is independent of the channel under test. */
  async exec(program: string, ...args: string[]): Promise<{ exitCode: number; stdout: string }> {
    const { pid } = await this.#ask('qga', [{ execute: 'guest-exec', arguments: { path: program, arg: args, 'capture-output': true } }]) as { pid: number };
    return await pollUntil(`${program} in the guest`, { timeoutMs: ANSWER_MS, intervalMs: 100 }, async () => {
      const status = await this.#ask('qga', [{ execute: 'guest-exec-status', arguments: { pid } }]) as { exited: boolean; exitcode?: number; 'out-data'?: string };
      return status.exited ? { exitCode: status.exitcode ?? -1, stdout: Buffer.from(status['out-data'] ?? '', 'base64').toString() } : undefined;
    });
  }

  async #ask(socketName: string, requests: object[], skip: (line: object) => boolean = () => false): Promise<unknown> {
    const socket = await connectTo(join(this.folder, socketName));
    try {
      return await withDeadline(`an answer from ${socketName}`, ANSWER_MS, undefined, async () => {
        const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
        let answer: unknown;
        for (const request of requests) {
          socket.write(`${JSON.stringify(request)}\n`);
          for (;;) {
            const line = JSON.parse(String((await lines.next()).value)) as { return?: unknown; error?: { desc: string } };
            if (skip(line)) continue;
            if (line.error) throw new Error(line.error.desc);
            answer = line.return;
            break;
          }
        }
        return answer;
      });
    } finally {
      socket.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.exited;
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The host's side of the agent's port. */
export class AgentConnection {
  readonly socket: Socket;
  readonly #waiting = new Map<number, (response: PortResponse) => void>();
  readonly #listeners = new Set<(status: AgentStatus) => void>();
  #lastId = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.write('\n'); // as the contract requires
    createInterface({ input: socket }).on('line', (line) => {
      const value: unknown = JSON.parse(line);
      const event = PortEvent.safeParse(value);
      if (event.success) {
        for (const listener of this.#listeners) listener(event.data.status);
        return;
      }
      const response = PortResponse.parse(value);
      this.#waiting.get(response.id)?.(response);
    });
  }

  /** The first unsolicited status that matches. */
  async nextStatus(wanted: (status: AgentStatus) => boolean = () => true): Promise<AgentStatus> {
    const { promise, resolve } = Promise.withResolvers<AgentStatus>();
    const listener = (status: AgentStatus): void => { if (wanted(status)) resolve(status); };
    this.#listeners.add(listener);
    return await withDeadline('a status from the agent', ANSWER_MS, undefined, () => promise).finally(() => this.#listeners.delete(listener));
  }

  async request<M extends PortMethod>(method: M, params: PortParams<M>): Promise<PortResult<M>> {
    const id = this.#lastId += 1;
    const { promise, resolve } = Promise.withResolvers<PortResponse>();
    this.#waiting.set(id, resolve);
    this.socket.write(`${JSON.stringify({ id, method, params })}\n`);
    const response = await withDeadline(`the agent's answer to ${method}`, ANSWER_MS, undefined, () => promise).finally(() => this.#waiting.delete(id));
    if ('error' in response) throw Object.assign(new Error(response.error.message), { code: response.error.code });
    return portMethods[method].result.parse(response.result) as PortResult<M>;
  }

  close(): void {
    this.socket.destroy();
  }
}

async function connectTo(path: string): Promise<Socket> {
  return await pollUntil(`the socket ${path}`, { timeoutMs: 10_000, intervalMs: 20 }, async () => {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      socket.destroy();
      return undefined;
    }
  });
}
