// A real sshd on loopback, configured like the guest image's, for tests of the channel: only the test starts, stalls, kills and stops it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createLogger } from '../../common/log.ts';
import { RECORD_DIR } from '../../supervisor/guest/remote-command.ts';
import { Ssh2Channel, type Ssh2ChannelOptions } from '../../supervisor/guest/ssh2-channel.ts';
import { generateSshKeyPair, type SshKeyPair } from '../../supervisor/guest/ssh-keys.ts';

export const SFTP_SERVER = '/usr/lib/openssh/sftp-server';

export class GuestSshd implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly clientKey: SshKeyPair;
  readonly hostKey: SshKeyPair;
  #daemon: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
    this.clientKey = generateSshKeyPair('client');
    this.hostKey = generateSshKeyPair('host');
  }

  /** `sftp`: a shell script that serves SFTP, with `$folder`; null for no SFTP. */
  static async start(settings: { maxSessions?: number; sftp?: string | null } = {}): Promise<GuestSshd> {
    const sshd = new GuestSshd(await mkdtemp(join(tmpdir(), 'somnus-guest-sshd-')), await freePort());
    await sshd.useHostKey(sshd.hostKey);
    await writeFile(join(sshd.folder, 'authorized_keys'), `${sshd.clientKey.publicKey}\n`, { mode: 0o600 });
    await writeFile(join(sshd.folder, 'sftp'), `#!/bin/sh\nfolder='${sshd.folder}'\n${settings.sftp ?? `exec ${SFTP_SERVER}`}\n`, { mode: 0o755 });
    await writeFile(join(sshd.folder, 'sshd_config'), [
      'ListenAddress 127.0.0.1', `Port ${sshd.port}`, `HostKey ${join(sshd.folder, 'host_key')}`, `AuthorizedKeysFile ${join(sshd.folder, 'authorized_keys')}`,
      `MaxSessions ${settings.maxSessions ?? 1000}`, 'PermitRootLogin prohibit-password', 'PasswordAuthentication no', 'UsePAM no', 'StrictModes no', 'UseDNS no', 'PrintMotd no', 'PidFile none',
      ...settings.sftp === null ? [] : [`Subsystem sftp ${join(sshd.folder, 'sftp')}`],
      // Without SHLVL, bash treats each command as a remote shell's and reads ~/.bashrc. Guests have the Node that runs Somnus.
      `SetEnv SHLVL=1 PATH=${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      '',
    ].join('\n'));
    await sshd.launch();
    return sshd;
  }

  /** What the next start of the daemon shows. */
  async useHostKey(key: SshKeyPair): Promise<void> {
    await writeFile(join(this.folder, 'host_key'), key.privateKey, { mode: 0o600 });
  }

  async launch(): Promise<void> {
    await mkdir('/run/sshd', { recursive: true, mode: 0o755 }); // sshd will not start without it
    const daemon = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(this.folder, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#daemon = daemon;
    for await (const line of createInterface({ input: daemon.stderr })) if (line.includes('listening')) break;
    daemon.stderr.resume();
  }

  channel(options: Partial<Ssh2ChannelOptions> = {}): Ssh2Channel {
    return new Ssh2Channel({
      environmentId: 'env_test', runId: 'here', host: '127.0.0.1', port: this.port, username: 'root',
      privateKey: this.clientKey.privateKey, hostPublicKey: this.hostKey.publicKey, log: createLogger({ level: 'silent' }), ...options,
    });
  }

  /** Sends a signal to the processes that serve connections, not to the daemon. */
  async signalConnections(signal: NodeJS.Signals): Promise<void> {
    for (const pid of await childrenOf(this.#daemon?.pid ?? 0)) {
      try {
        process.kill(pid, signal);
      } catch {
        // it has just ended
      }
    }
  }

  /** Makes the daemon accept connections and serve none of them. */
  stall(): void {
    this.#daemon?.kill('SIGSTOP');
  }

  /** Ends daemon and connections at once, like a dying VM; started programs continue. */
  async kill(): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
    await this.signalConnections('SIGKILL');
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    const records = (await readdir(RECORD_DIR).catch(() => [])).filter((name) => name.startsWith('env_test'));
    await Promise.all(records.map((name) => rm(join(RECORD_DIR, name), { force: true })));
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(async (pid) => {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  }));
  return pids.filter((_, i) => parents[i] === parent);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
