// Keeps the VM API reachable in all running VMs: has each VM's sshd listen on 127.0.0.1:7777 over the connection that the host keeps to it, and gives the guest its token and the command `somnus`.
// Runs again after each loss of the connection, so it also follows restarts, restores and forks.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable, type Duplex } from 'node:stream';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { withDeadline } from '../../common/deadline.ts';
import type { Logger } from '../../common/log.ts';
import type { GuestChannel } from '../../supervisor/guest/guest-channel.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';

/** Where things are in a guest. */
export interface GuestPlaces { port: number; folder: string; command: string }

export interface VmLinksDeps {
  records: { all(): EnvironmentRecord[] };
  /** Whether an action without an operation is in progress. */
  isChanging(id: string): boolean;
  channel(record: EnvironmentRecord): Promise<GuestChannel>;
  tokenOf(environmentId: string): string;
  accept(environmentId: string, socket: Duplex): void;
  events: Pick<SqliteEventLog, 'append'>;
  log: Logger;
  places?: GuestPlaces;
  intervalMs?: number;
}

const inGuest: GuestPlaces = { port: 7777, folder: '/run/somnus', command: '/usr/local/bin/somnus' };
/** Connections that are being prepared at a time: a handshake costs an emulated guest a second of CPU. */
const AT_ONCE = 4;
const PREPARE_MS = 60_000;

/** Stores the token, and exits 4 when the command is absent or another version; 5 when the file is not ours. Starts as few programs as possible. */
const deliverScript = `
set -e; umask 077
[ -d "$1" ] || mkdir -p -m 700 "$1"
read -r token; printf '%s\\n' "$token" >"$1/token.new"; mv -f "$1/token.new" "$1/token"
[ -e "$2" ] || exit 4
{ read -r first || first=; read -r second || second=; } <"$2"
case $second in "$3") exit 0;; '# Somnus in a VM, version '*) exit 4;; *) exit 5;; esac`;

/**
 * Ends the sshd that listens on the port for a connection that no longer exists: memory that is restored, woken or forked contains the sshd of the connection that the host had when it was saved.
 * The caller's own sshd does not listen there. Other programs are left alone. Waits up to 5 s for the port to be free.
 */
const freePortScript = `
ended=
for pid in $(ss -Hltnp "sport = :$1" | grep -o 'pid=[0-9]*' | sort -u); do
  case $(cat "/proc/\${pid#pid=}/comm") in sshd | sshd-session) kill "\${pid#pid=}" && ended=yes;; esac
done
for _ in $(seq 50); do
  [ -n "$ended" ] && [ -n "$(ss -Hltn "sport = :$1")" ] || break
  sleep 0.1
done`;

export class VmLinks {
  readonly #deps: VmLinksDeps;
  readonly #places: GuestPlaces;
  readonly #preparing = new Map<string, Promise<void>>();
  /** Environments whose guest has not got its token over the present connection. */
  readonly #undelivered = new Set<string>();
  readonly #portInUse = new Set<string>();
  readonly #stopping = new AbortController();
  #command: Promise<{ content: string; mark: string }> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(deps: VmLinksDeps) {
    this.#deps = deps;
    this.#places = deps.places ?? inGuest;
  }

  start(): void {
    this.#timer = setInterval(() => { this.#round ??= this.check().finally(() => { this.#round = undefined; }); }, this.#deps.intervalMs ?? 2000);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort(new SomnusError('cancelled', 'The control plane is stopping'));
    await this.#round;
    await Promise.all(this.#preparing.values());
  }

  /** Prepares all running VMs that are not prepared, or no longer. Waits only for a free place, not for the last ones. Never throws. */
  async check(): Promise<void> {
    try {
      for (const record of this.#deps.records.all()) {
        if (this.#preparing.size >= AT_ONCE) await Promise.race(this.#preparing.values());
        if (this.#stopping.signal.aborted) return;
        if (record.state === 'running' && record.operationId === null && !this.#preparing.has(record.id) && !this.#deps.isChanging(record.id)) this.#begin(record);
      }
    } catch (err) {
      this.#deps.log.warn({ event: 'vm-links.not-seen', err });
    }
  }

  #begin(record: EnvironmentRecord): void {
    const work = withDeadline('Preparing the VM API', PREPARE_MS, this.#stopping.signal, async (signal) => await this.#prepare(record, signal))
      .catch((error: unknown) => { if (!this.#stopping.signal.aborted) this.#deps.log.debug({ event: 'vm-links.not-prepared', environmentId: record.id, reason: toSomnusError(error).message }); })
      .finally(() => this.#preparing.delete(record.id));
    this.#preparing.set(record.id, work);
  }

  async #prepare(record: EnvironmentRecord, signal: AbortSignal): Promise<void> {
    const channel = await this.#deps.channel(record);
    const listen = async (): Promise<boolean | undefined> => await channel.listen(this.#places.port, (socket) => this.#deps.accept(record.id, socket), signal);
    let began = await listen();
    if (began === undefined && await this.#freePort(channel, signal)) began = await listen();
    this.#notePort(record, began !== undefined);
    if (began === true) this.#undelivered.add(record.id);
    if (!this.#undelivered.has(record.id)) return;
    await this.#deliver(record, channel, signal);
    this.#undelivered.delete(record.id);
  }

  async #freePort(channel: GuestChannel, signal: AbortSignal): Promise<boolean> {
    const { stdin, stdout, stderr, exit } = await channel.exec({ command: ['/bin/sh', '-c', freePortScript, 'somnus', String(this.#places.port)], env: {} }, signal);
    stdin.on('error', () => {});
    stdin.end();
    stdout.resume();
    stderr.resume();
    return (await exit).code === 0;
  }

  #notePort(record: EnvironmentRecord, free: boolean): void {
    if (free) this.#portInUse.delete(record.id);
    if (free || this.#portInUse.has(record.id)) return;
    this.#portInUse.add(record.id);
    this.#deps.events.append({
      type: 'environment.vm-api-blocked', owner: record.owner, subject: { type: 'environment', id: record.id, name: record.name }, actor: null, data: { port: this.#places.port, reason: `a program in the guest uses port ${this.#places.port}` },
    });
  }

  async #deliver(record: EnvironmentRecord, channel: GuestChannel, signal: AbortSignal): Promise<void> {
    const { content, mark } = await (this.#command ??= readCommand());
    const { folder, command } = this.#places;
    const process = await channel.exec({ command: ['/bin/sh', '-c', deliverScript, 'somnus', folder, command, mark], env: {} }, signal);
    process.stdin.on('error', () => {});
    process.stdin.end(`${this.#deps.tokenOf(record.id)}\n`);
    process.stdout.resume();
    process.stderr.resume();
    const { code } = await process.exit;
    if (code === 4) await channel.writeFile(command, Readable.from([Buffer.from(content)]), { mode: 0o755 }, signal);
    else if (code === 5) this.#deps.log.info({ event: 'vm-links.command-kept', environmentId: record.id, reason: `${command} belongs to the user` });
    else if (code !== 0) throw new SomnusError('unavailable', `The token cannot be stored in the VM (exit code ${code})`);
  }
}

/** The command for guests, with its version in the second line. */
async function readCommand(): Promise<{ content: string; mark: string }> {
  const [first = '', , ...rest] = (await readFile(new URL('../../agent/command/somnus.py', import.meta.url), 'utf8')).split('\n');
  const mark = `# Somnus in a VM, version ${createHash('sha256').update(rest.join('\n')).digest('hex').slice(0, 12)}`;
  return { content: [first, mark, ...rest].join('\n'), mark };
}
