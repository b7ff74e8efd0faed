// A real Docker daemon: the one that runs on this host, or the test's own, which leaves nothing behind.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pollUntil } from '../../common/deadline.ts';
import { runCommand } from '../../common/run-command.ts';

export class DockerDaemon implements AsyncDisposable {
  readonly #socket: string | undefined;
  readonly #undo: () => Promise<void>;

  private constructor(socket: string | undefined, undo: () => Promise<void>) {
    this.#socket = socket;
    this.#undo = undo;
  }

  /** Whether one is already running. */
  static async isRunning(): Promise<boolean> {
    return (await runCommand('docker', ['info', '--format', '{{.ServerVersion}}'], { allowExit: [1] })).exitCode === 0;
  }

  static async start(): Promise<DockerDaemon> {
    if (await DockerDaemon.isRunning()) return new DockerDaemon(undefined, () => Promise.resolve());
    const folder = await mkdtemp(join(tmpdir(), 'somnus-docker-'));
    const socket = join(folder, 'docker.sock');
    const rules = (await runCommand('iptables-save', [])).stdout;
    const forwarding = await forwardingSettings();
    const child = spawn('dockerd', [
      '--host', `unix://${socket}`, '--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid'), '--storage-driver', 'vfs', '--log-level', 'warn',
    ], { stdio: ['ignore', 'ignore', 'ignore'] });
    const daemon = new DockerDaemon(socket, async () => {
      await stop(child);
      // Docker leaves its bridge, its rules and its policy behind.
      await runCommand('ip', ['link', 'delete', 'dev', 'docker0'], { allowExit: [1] });
      await runCommand('iptables-restore', [], { input: emptied(rules) });
      // `all` first: it sets the others.
      for (const [path, value] of forwarding) await writeFile(path, value).catch(() => {}); // an interface may no longer exist
      await rm(folder, { recursive: true, force: true });
    });
    try {
      await pollUntil('Docker', { timeoutMs: 60_000, intervalMs: 200 }, async () => ((await runCommand('docker', ['--host', `unix://${socket}`, 'info'], { allowExit: [1] })).exitCode === 0 ? true : undefined));
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
    return daemon;
  }

  /** The socket of its API. */
  get socket(): string {
    return this.#socket ?? '/var/run/docker.sock';
  }

  /** Runs the client and returns its standard output, trimmed. */
  async docker(...args: string[]): Promise<string> {
    const host = this.#socket === undefined ? [] : ['--host', `unix://${this.#socket}`];
    return (await runCommand('docker', [...host, ...args], { timeoutMs: 120_000 })).stdout.trim();
  }

  /** An image that contains only busybox. Repeatable. */
  async makeImage(name: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'somnus-docker-'));
    try {
      await runCommand('tar', ['-C', '/', '-cf', join(folder, 'root.tar'), '--transform', 's,^usr/bin,bin,', 'usr/bin/busybox']);
      await this.docker('import', join(folder, 'root.tar'), name);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function forwardingSettings(): Promise<[path: string, value: string][]> {
  const folder = '/proc/sys/net/ipv4/conf';
  const names = (await readdir(folder)).toSorted((a, b) => Number(b === 'all') - Number(a === 'all'));
  return await Promise.all(names.map(async (name) => [join(folder, name, 'forwarding'), await readFile(join(folder, name, 'forwarding'), 'utf8')]));
}

/** The rules as they were, including tables that had none. */
function emptied(rules: string): string {
  const missing = ['filter', 'nat'].filter((table) => !rules.includes(`*${table}`));
  const chains = { filter: ['INPUT', 'FORWARD', 'OUTPUT'], nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'] };
  return `${rules}\n${missing.map((table) => `*${table}\n${chains[table as 'filter' | 'nat'].map((chain) => `:${chain} ACCEPT [0:0]\n`).join('')}COMMIT\n`).join('')}`;
}
