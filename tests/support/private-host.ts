// A host within the host: a mount namespace in which libvirt's run-time state, definitions and sockets are this test's own, with its own libvirtd and virtlogd.
// So a test may kill libvirtd, and simulate a reboot, without affecting other VMs. Network, processes and the disk are the host's.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pollUntil } from '../../common/deadline.ts';
import { runCommand } from '../../common/run-command.ts';
import { DATA_ROOT, ownedName } from './clean-up.ts';
import { closed, opened } from './open-resources.ts';

/** What is private: each is a folder of the test, mounted over the host's. */
const folders = { run: '/run/libvirt', definitions: '/etc/libvirt/qemu', state: '/var/lib/libvirt', cache: '/var/cache/libvirt' } as const;

export class PrivateHost implements AsyncDisposable {
  readonly #home: string;
  /** Holds the namespace. */
  readonly #holder: ChildProcess;
  readonly #daemons = new Map<string, ChildProcess>();

  private constructor(home: string, holder: ChildProcess) {
    this.#home = home;
    this.#holder = holder;
  }

  static async start(): Promise<PrivateHost> {
    const home = join(DATA_ROOT, ownedName('host', randomBytes(3).toString('hex')));
    await mkdir(home);
    for (const name of Object.keys(folders)) await mkdir(join(home, name));
    await cp(folders.cache, join(home, 'cache'), { recursive: true, preserveTimestamps: true }); // otherwise libvirt probes QEMU again
    const mounts = Object.entries(folders).map(([name, place]) => `mount --bind ${home}/${name} ${place}`).join(' && ');
    const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', `${mounts} && echo ready && exec sleep infinity`], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const host = new PrivateHost(home, holder);
    opened(host);
    await host.#startDaemon('virtlogd');
    await host.startLibvirtd();
    return host;
  }

  /** Its root, as seen from outside. */
  get root(): string {
    return `/proc/${this.#holder.pid}/root`;
  }

  /** A command line that runs inside; it keeps its pid. */
  within(program: string, args: readonly string[]): [string, string[]] {
    return ['nsenter', [`--mount=/proc/${this.#holder.pid}/ns/mnt`, '--', program, ...args]];
  }

  async run(program: string, ...args: string[]): Promise<string> {
    return (await runCommand(...this.within(program, args))).stdout;
  }

  get libvirtd(): number {
    return this.#daemons.get('libvirtd')?.pid ?? 0;
  }

  async startLibvirtd(): Promise<void> {
    await this.#startDaemon('libvirtd');
    await pollUntil('libvirtd to answer', { timeoutMs: 60_000, intervalMs: 50 }, async () => await this.run('virsh', '--quiet', 'version').then(() => true, () => undefined));
  }

  async killLibvirtd(): Promise<void> {
    await this.#kill('libvirtd');
  }

  /** Pids of processes that run inside, and of those whose command line contains `word`: QEMU has its own namespace. */
  async processes(word: string): Promise<number[]> {
    const namespace = async (pid: number | string): Promise<string> => await readlink(`/proc/${pid}/ns/mnt`).catch(() => '');
    const here = await namespace(this.#holder.pid ?? 0);
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== this.#holder.pid);
    const found = await Promise.all(pids.map(async (pid) => (await namespace(pid) === here || (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes(word) ? [Number(pid)] : [])));
    return found.flat();
  }

  /** Leaves what a power cut leaves: no process, and nothing that is kept in memory. `word` is in the command line of everything that belongs to the test. */
  async powerCut(word: string): Promise<void> {
    for (const name of this.#daemons.keys()) await this.#kill(name);
    await pollUntil('all processes to end', { timeoutMs: 30_000, intervalMs: 50 }, async () => {
      const left = await this.processes(word);
      for (const pid of left) kill(pid);
      return left.length === 0 ? true : undefined;
    });
    for (const name of await readdir(join(this.#home, 'run'))) await rm(join(this.#home, 'run', name), { recursive: true, force: true });
  }

  async boot(): Promise<void> {
    await this.#startDaemon('virtlogd');
    await this.startLibvirtd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    closed(this);
    for (const name of this.#daemons.keys()) await this.#kill(name);
    if (this.#holder.exitCode === null && this.#holder.signalCode === null) {
      const ended = once(this.#holder, 'exit');
      this.#holder.kill('SIGKILL');
      await ended;
    }
    await rm(this.#home, { recursive: true, force: true });
  }

  async #startDaemon(name: string): Promise<void> {
    const [program, args] = this.within(name, ['--pid-file', `${this.#home}/${name}.pid`]);
    await rm(`${this.#home}/${name}.pid`, { force: true });
    const daemon = spawn(program, args, { stdio: 'ignore', cwd: '/', detached: true });
    this.#daemons.set(name, daemon);
    await once(daemon, 'spawn');
  }

  async #kill(name: string): Promise<void> {
    const daemon = this.#daemons.get(name);
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, 'exit');
    daemon.kill('SIGKILL');
    await ended;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}
