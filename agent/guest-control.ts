// What the agent does to the running system: clock, vCPUs, power, network, SSH sessions. Linux and systemd only.
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { SomnusError } from '../common/errors.ts';
import { runCommand } from '../common/run-command.ts';
import { processesNamed, type GuestSystem } from './identity-keeper.ts';

/** The processes of an SSH connection; sshd itself is not among them. */
const SSH_SESSION_PROGRAMS = ['sshd-session', 'sshd-auth'];

/** The running Linux. Keeps one `ip` waiting for commands: starting one takes half a second in an emulated CPU, and a fork waits for it. */
export class RunningGuest implements GuestSystem {
  #ip: ChildProcess | undefined;

  /** Starts what a later change of identity would wait for. */
  prepare(): Writable {
    if (this.#ip?.stdin) return this.#ip.stdin;
    const ip = spawn('ip', ['-force', '-batch', '-'], { stdio: ['pipe', 'ignore', 'inherit'] });
    const forget = (): void => { if (this.#ip === ip) this.#ip = undefined; };
    ip.on('error', forget).on('exit', forget);
    ip.stdin.on('error', forget);
    this.#ip = ip;
    return ip.stdin;
  }

  changeNetwork(batch: string): void {
    this.prepare().write(batch);
  }

  setHostname(name: string): void {
    writeFileSync('/proc/sys/kernel/hostname', name);
  }

  endSshSessions(): void {
    for (const pid of processesNamed(SSH_SESSION_PROGRAMS)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has just ended
      }
    }
  }
}

/** Steps the clock, allowing for the time that it takes to do so. */
export async function setClock(unixMs: number): Promise<void> {
  const since = performance.now();
  const target = (): string => `@${((unixMs + performance.now() - since) / 1000).toFixed(3)}`;
  await runCommand('date', ['--utc', '--set', target()]);
}

/**
 * Brings vCPUs online or takes them offline until `wanted` are online; vCPU 0 stays.
 * @throws SomnusError `unsupported` when the VM has fewer.
 */
export function setVcpus(wanted: number, root = '/'): void {
  const folder = join(root, 'sys/devices/system/cpu');
  const present = readdirSync(folder).filter((entry) => /^cpu\d+$/.test(entry)).map((entry) => Number(entry.slice(3))).sort((a, b) => a - b);
  if (wanted > present.length) throw new SomnusError('unsupported', `This VM has ${present.length} vCPUs, not ${wanted}`, { details: { present: present.length } });
  present.forEach((cpu, index) => {
    if (cpu === 0) return;
    const switchFile = join(folder, `cpu${cpu}`, 'online');
    const online = index < wanted ? '1' : '0';
    if (readFileSync(switchFile, 'latin1').trim() !== online) writeFileSync(switchFile, online);
  });
}

/** The real-time signals by which systemd is asked without a program in between: see systemd(1). The first of them is 34 on Linux. */
const SYSTEMD_SIGNALS = { poweroff: 34 + 4, reboot: 34 + 5 } as const;

/** Asks systemd to power off or to reboot. This agent is among what it ends first. */
export function powerOff(mode: 'poweroff' | 'reboot'): void {
  process.kill(1, SYSTEMD_SIGNALS[mode]);
}
