// The agent's changes to the running system: clock, vCPUs, power, network, SSH sessions. Linux and systemd only.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { SomnusError } from '../common/errors.ts';
import { LineSplitter } from '../common/line-splitter.ts';
import { ANSWER_FIRST_MS, MAX_LINE_BYTES } from './constants.ts';
import { processesNamed, type GuestSystem } from './identity-keeper.ts';

/** The processes of an SSH connection, without sshd itself. */
const SSH_SESSION_PROGRAMS = ['sshd-session', 'sshd-auth'];

/**
 * Does what Node cannot, in Perl, which every Debian has. Sets the clock to each line `SECONDS NANOSECONDS` (227 is clock_settime(2) on x86_64), and at
 * each line `alive` tells systemd that the agent is not hanging (sd_notify: a datagram to a Unix socket). Each line `release PID` makes it release the pages of
 * that process's program (434 is pidfd_open(2), 440 process_madvise(2), 21 MADV_PAGEOUT). Answers with a line: empty, or the reason for a failure.
 */
const HELPER = [
  'sub release {',
  '  my ($pid, $ranges, $count) = (shift, "", 0); open(my $maps, "<", "/proc/$pid/maps") or return 0;',
  '  while (<$maps>) { next unless m{^(\\w+)-(\\w+) r-[x-]p \\S+ \\S+ \\S+ +/}; $ranges .= pack("QQ", hex $1, hex($2) - hex $1); $count += 1; }',
  '  my $fd = syscall(434, $pid, 0); return 0 if $fd < 0; open(my $process, "<&=", $fd);',
  '  return syscall(440, $fd, $ranges, $count, 21, 0) >= 0;',
  '}',
  '$| = 1; my $notify = $ENV{NOTIFY_SOCKET} // ""; $notify =~ s/^@/\\0/; socket(my $socket, 1, 2, 0);',
  'while (<STDIN>) {',
  '  my $done = /^release (\\d+)/ ? release($1 + 0) : /^alive/ ? ($notify eq "" || defined send($socket, "WATCHDOG=1", 0, pack("Sa*", 1, $notify))) : syscall(227, 0, pack("qq", split)) == 0;',
  '  print $done ? "\\n" : "$!\\n";',
  '}',
].join('\n');

/**
 * The running Linux. Keeps one `ip` and one helper process running, because starting a program takes half a second on an emulated CPU, and
 * restores and forks would wait for that.
 */
export class RunningGuest implements GuestSystem {
  readonly #ip = new PersistentProgram('ip', ['-force', '-batch', '-']);
  readonly #helper = new PersistentProgram('perl', ['-e', HELPER]);

  /** Starts the programs that a restore or a change of identity needs. */
  prepare(): void {
    this.#ip.start();
    this.#helper.start();
  }

  changeNetwork(batch: string): void {
    this.#ip.send(batch);
  }

  /** Sets the clock. @throws SomnusError `internal` with the reason */
  async setClock(unixMs: number): Promise<void> {
    const reason = await this.#helper.ask(`${Math.floor(unixMs / 1000)} ${Math.floor(unixMs % 1000) * 1_000_000}\n`);
    if (reason !== '') throw new SomnusError('internal', `The clock cannot be set: ${reason}`);
  }

  /** Tells systemd's watchdog that the agent is not hanging. Does nothing if the watchdog is off. */
  keepAlive(): void {
    void this.#helper.ask('alive\n');
  }

  /** Releases the pages of a process's program and libraries; most are needed only at its start. The kernel reads those in use again. */
  releaseProgram(pid: number): void {
    void this.#helper.ask(`release ${pid}\n`);
  }

  setHostname(name: string): void {
    writeFileSync('/proc/sys/kernel/hostname', name);
  }

  /** Runs with a delay, because finding the sessions reads all of /proc, and a fork does not have to wait for it: their address is already gone. */
  endSshSessions(): void {
    setTimeout(() => {
      for (const pid of processesNamed(SSH_SESSION_PROGRAMS)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // it has just ended
        }
      }
    }, ANSWER_FIRST_MS);
  }
}

/** A program that processes each line it is sent; started once, and again after it has ended. */
class PersistentProgram {
  readonly #command: string;
  readonly #args: readonly string[];
  #stdin: Writable | undefined;
  readonly #pending: ((answer: string) => void)[] = [];

  constructor(command: string, args: readonly string[]) {
    this.#command = command;
    this.#args = args;
  }

  start(): Writable {
    if (this.#stdin) return this.#stdin;
    const child = spawn(this.#command, this.#args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdin, stdout } = child;
    const lines = new LineSplitter(MAX_LINE_BYTES);
    stdout.on('data', (chunk: Buffer) => {
      for (const line of lines.push(chunk)) this.#pending.shift()?.(line ?? '');
    });
    const ended = (): void => {
      if (this.#stdin !== stdin) return;
      this.#stdin = undefined;
      for (const answer of this.#pending.splice(0)) answer(`${this.#command} has ended`);
    };
    child.on('error', ended).on('exit', ended);
    stdin.on('error', ended);
    this.#stdin = stdin;
    return stdin;
  }

  send(lines: string): void {
    this.start().write(lines);
  }

  /** Sends a line to a program that answers each line with one. */
  async ask(line: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.send(line);
    this.#pending.push(resolve);
    return await promise;
  }
}

/**
 * Brings vCPUs online or takes them offline until `wanted` are online; vCPU 0 stays online.
 * @throws SomnusError `unsupported` when the VM has fewer
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

/** Flushes the kernel's write cache to the disk. Never throws; waits at most `timeoutMs`. */
export async function writeBack(timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  spawn('sync', { stdio: 'ignore' }).once('error', () => resolve()).once('exit', () => resolve());
  await promise.finally(() => clearTimeout(timer));
}

/** The real-time signals that make systemd act without a helper program: see systemd(1). The first of them is 34 on Linux. */
const SYSTEMD_SIGNALS = { poweroff: 34 + 4, reboot: 34 + 5 } as const;

/** Asks systemd to power off or reboot. systemd ends this agent among the first. */
export function powerOff(mode: 'poweroff' | 'reboot'): void {
  process.kill(1, SYSTEMD_SIGNALS[mode]);
}
