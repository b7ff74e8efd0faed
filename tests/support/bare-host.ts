// A bare Debian in its own namespaces (mounts, network, processes, host name): set-up and uninstall run in it as on a user's host, without systemd.
// The kernel, its cgroups and devices are the real host's. slirp4netns provides the network, so the real host does not change.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pollUntil } from '../../common/deadline.ts';
import { runCommand } from '../../common/run-command.ts';
import { readHostSettings } from '../../images/host-settings.ts';
import { settingsFiles } from '../../images/guest-root.ts';
import { makeDiskFolder } from './clean-up.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Path of the clone inside. */
const CLONE = '/opt/somnus';
const MOUNTS = `set -e
mount --rbind "$0" "$0"; cd "$0"
mount -t proc proc proc; mount -t sysfs sysfs sys; mount --rbind /sys/fs/cgroup sys/fs/cgroup; mount --rbind /dev dev
mount -t tmpfs tmpfs run; mkdir -p run/lock
ip link set lo up
exec chroot . /bin/bash -c 'echo ready; trap : TERM; while sleep 1; do :; done'`; // bash reaps what daemons leave

export class BareHost implements AsyncDisposable {
  readonly root: string;
  readonly #init: ChildProcess;
  readonly #network: ChildProcess;
  readonly #pid: number;

  private constructor(root: string, init: ChildProcess, network: ChildProcess, pid: number) {
    this.root = root;
    this.#init = init;
    this.#network = network;
    this.#pid = pid;
  }

  /** Installs Debian with the packages that its user has chosen, and copies this repository into it. */
  static async start(options: { suite?: string; packages?: readonly string[] } = {}): Promise<BareHost> {
    const root = await makeDiskFolder();
    await runCommand('mmdebstrap', ['--mode=root', '--variant=minbase', '--quiet', `--include=${['ca-certificates', ...options.packages ?? []].join(',')}`, options.suite ?? 'bookworm', join(root, 'root')], { timeoutMs: 1_200_000 });
    await copyClone(join(root, 'root'));
    await copySettings(join(root, 'root'));
    const init = spawn('unshare', ['--mount', '--propagation', 'private', '--net', '--uts', '--ipc', '--pid', '--fork', '--kill-child', 'bash', '-c', MOUNTS, join(root, 'root')], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(init.stdout, 'data');
    const pid = Number((await readFile(`/proc/${init.pid}/task/${init.pid}/children`, 'utf8')).trim());
    const network = spawn('slirp4netns', ['--configure', '--mtu=1500', '--disable-host-loopback', String(pid), 'eth0'], { stdio: 'ignore' });
    const host = new BareHost(root, init, network, pid);
    await writeFile(join(root, 'root/etc/resolv.conf'), 'nameserver 10.0.2.3\n');
    await pollUntil('the network', { timeoutMs: 30_000, intervalMs: 100 }, async () => ((await host.run('cat /proc/net/route')).includes('\t00000000\t') ? true : undefined));
    return host;
  }

  /** Runs a shell script in it as root, in the clone. */
  async run(script: string, timeoutMs = 60_000): Promise<string> {
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
    return (await runCommand('nsenter', ['--target', String(this.#pid), '--mount', '--net', '--uts', '--ipc', '--pid', '--root', '--wd', 'bash', '-c', `set -euo pipefail; cd ${CLONE}; ${script}`], { env, timeoutMs })).stdout;
  }

  /** Ends everything that runs in it, and removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = [once(this.#init, 'exit'), once(this.#network, 'exit')];
    this.#network.kill('SIGTERM');
    this.#init.kill('SIGKILL'); // ending the first process of the namespace ends all others
    await Promise.all(ended);
    await rm(this.root, { recursive: true, force: true });
  }
}

async function copyClone(root: string): Promise<void> {
  await mkdir(join(root, CLONE), { recursive: true });
  const files = (await runCommand('git', ['-C', ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'])).stdout.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)));
  await runCommand('sh', ['-c', 'tar -C "$1" --create --files-from=- --null | tar -C "$2" --extract --no-same-owner', 'sh', ROOT, join(root, CLONE)], { input: files.map((file) => `${file}\0`).join('') });
}

/** Mirrors, registries, proxies and certificates as on the real host: a user's host has such settings before Somnus is installed. */
async function copySettings(root: string): Promise<void> {
  const { aptSources: _, ...settings } = await readHostSettings(resolve(process.execPath, '../..'));
  const files = settingsFiles({ ...settings, aptSources: [] });
  const places = { 'etc/pip.conf': 'etc/pip.conf', 'etc/environment': 'etc/environment', 'usr/local/etc/npmrc': 'root/.npmrc' };
  for (const [key, path] of Object.entries(places)) if (files[key] !== undefined) await writeFile(join(root, path), files[key]);
  await copyFile('/etc/ssl/certs/ca-certificates.crt', join(root, 'etc/ssl/certs/ca-certificates.crt'));
}
