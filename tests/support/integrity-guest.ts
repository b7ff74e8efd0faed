// A guest under test: a program in it (integrity_checker.py) verifies pages whose content it knows, while the VM around it is resized, saved, cloned and reset.
import { join } from 'node:path';
import { pollUntil } from '../../common/deadline.ts';
import { runCommand } from '../../common/run-command.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { PlaneClient } from './control-plane.ts';

export const PAGE_BYTES = 4096;
const STATUS_FILE = '/run/integrity-status.json';
const UNIT = 'integrity';
/** Two passes take a minute under TCG, a reboot half a minute; on a busy host many times as long. */
const TIMEOUT_MS = 900_000;
const POLL_MS = 1000;
/** What a kernel prints when its memory or disk is not what it left there. */
const COMPLAINT = /\bBUG: |\bOops\b|general protection|segfault|Bad (?:page|rss)|EXT4-fs (?:error|warning)|I\/O error|Call Trace|[Cc]orrupt/;

/** What the firmware writes to the console when a boot begins, as `somnus logs` shows it. */
const FIRMWARE = '\\x1b[!p';
/** The last words of a kernel that ends its disk, as with `reboot -f`, while programs still read. */
const ENDED_UNDER_READERS = /(?:\n?\[[ \d.]+\] I\/O error, dev vda, .*)+$/;

export const resets = ['reboot', 'reboot -f', 'reset'] as const;
export type Reset = (typeof resets)[number];

interface CheckerStatus {
  pid: number;
  pass: number;
  pagesChecked: number;
  differences: number;
  samples: unknown[];
  /** Journal records that were durable when this was written. */
  acknowledged: number;
  /** Journal records that were found after a reboot. */
  recovered: number | null;
}

/** Shared by a guest and its forks. */
export class Tally {
  pagesChecked = 0;
}

/** A result from the guest itself, so that repeating the request would not help. */
class Finding extends Error {}

export class CheckedGuest {
  readonly name: string;
  readonly tally: Tally;
  readonly #plane: PlaneClient;
  readonly #options: { seed: string; mib: number };

  constructor(plane: PlaneClient, name: string, options: { seed: string; mib: number }, tally = new Tally()) {
    this.#plane = plane;
    this.name = name;
    this.#options = options;
    this.tally = tally;
  }

  async exec(script: string): Promise<string> {
    return (await this.#plane.ok('exec', this.name, '--', 'sh', '-c', script)).trim();
  }

  /** Copies the checker into the guest and waits for its first pass. */
  async begin(): Promise<void> {
    await this.#plane.ok('cp', join(import.meta.dirname, 'integrity_checker.py'), `${this.name}:/root/integrity_checker.py`);
    await this.#start('');
    await this.pass();
  }

  /** Waits until all pages have been verified once more, from the first to the last. @throws when one differs, or the checker has ended */
  async pass(): Promise<void> {
    const from = await this.#until('reports what it has checked', async () => await this.#status());
    let counted = from.pagesChecked;
    await this.#until('has checked all pages', async () => {
      const now = await this.#status();
      if (now === undefined) return undefined;
      this.tally.pagesChecked += now.pagesChecked - counted;
      counted = now.pagesChecked;
      return now.pass >= from.pass + 2 ? now : undefined;
    });
  }

  /** A fork of this guest, in which the checker also runs. */
  forkNamed(name: string): CheckedGuest {
    return new CheckedGuest(this.#plane, name, this.#options, this.tally);
  }

  /** Reboots from inside, or as with a reset button. Afterwards the guest must have its previous memory and vCPUs, and its disk everything that was made durable. */
  async reset(how: Reset): Promise<void> {
    const before = await this.#until('reports what it has', async () => await this.#shape());
    const { acknowledged } = await this.#until('reports what is durable', async () => await this.#status());
    if (how === 'reset') await runCommand(...this.#plane.within('virsh', ['--quiet', 'reset', await this.#domain()]));
    else await this.#plane.cli(['exec', this.name, '--', 'sh', '-c', how]);
    await this.#until(`has its memory and vCPUs again after ${how}`, async () => {
      const now = await this.#shape();
      return now.bootId !== before.bootId && now.nproc === before.nproc && Math.abs(now.totalMiB - before.totalMiB) < 16 ? now : undefined;
    });
    await this.#until('is idle', async () => (await this.#plane.json<Environment>('show', this.name)).operationId === null ? true : undefined);
    await this.#start('--recover');
    const { recovered } = await this.#until('has read its journal', async () => await this.#status());
    if (recovered === null || recovered < acknowledged) throw new Error(`${this.name} had ${acknowledged} durable records before ${how} and ${recovered} after it`);
    await this.pass();
    await this.assertQuiet();
  }

  /** @throws when the guest's kernel reports errors */
  async assertQuiet(): Promise<void> {
    const boots = (await this.#plane.ok('logs', this.name, '--console', '--tail', '2000')).split(FIRMWARE).map((boot) => boot.trimEnd());
    const said = [await this.#until('shows its messages', async () => await this.exec('dmesg')), ...boots.slice(0, -1).map((boot) => boot.replace(ENDED_UNDER_READERS, '')), boots.at(-1) ?? ''].join('\n');
    const complaints = said.split('\n').filter((line) => COMPLAINT.test(line) && !line.includes('systemd-journald')); // it starts a new file after each reset
    if (complaints.length > 0) throw new Error(`The kernel of ${this.name} reports errors:\n${complaints.slice(0, 20).join('\n')}`);
  }

  async #start(flag: string): Promise<void> {
    const program = `python3 /root/integrity_checker.py ${this.#options.seed} ${this.#options.mib} ${flag}`;
    await this.#until('starts the checker', async () => await this.exec(`systemctl is-active --quiet ${UNIT} || { rm -f ${STATUS_FILE}; systemd-run --quiet --collect --unit=${UNIT} ${program}; }`));
  }

  /** A guest that has just woken or rebooted on a busy host is unreachable for a while. @throws timeout, and what `probe` throws once the guest has answered */
  async #until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
    let last: unknown;
    return await pollUntil(`${this.name} ${what}`, { timeoutMs: TIMEOUT_MS, intervalMs: POLL_MS }, async () => {
      try {
        return await probe();
      } catch (error) {
        if (error instanceof Finding) throw error;
        last = error;
        return undefined;
      }
    }).catch((error: unknown) => { throw error instanceof Finding ? error : new Error(`${String(error)}; at last: ${String(last)}`, { cause: error }); });
  }

  /** Undefined before the first pass. @throws Finding when a page differs, or the checker does not run */
  async #status(): Promise<CheckerStatus | undefined> {
    const said = await this.exec(`systemctl is-active --quiet ${UNIT} || { echo ended; journalctl --no-pager --lines 20 --unit ${UNIT}; exit; }; cat ${STATUS_FILE} || true`);
    if (said === '') return undefined;
    if (said.startsWith('ended')) throw new Finding(`The checker in ${this.name} has ${said}`);
    const status = JSON.parse(said) as CheckerStatus;
    if (status.differences > 0) throw new Finding(`${status.differences} pages in ${this.name} differ: ${JSON.stringify(status.samples)}`);
    return status;
  }

  async #shape(): Promise<{ bootId: string; nproc: number; totalMiB: number }> {
    const [bootId = '', nproc, kib] = (await this.exec('cat /proc/sys/kernel/random/boot_id; nproc; sed -n "s/^MemTotal: *//p" /proc/meminfo')).split('\n');
    return { bootId, nproc: Number(nproc), totalMiB: Number.parseInt(kib ?? '', 10) / 1024 };
  }

  async #domain(): Promise<string> {
    const { id } = await this.#plane.json<Environment>('show', this.name);
    return `somnus-${await this.#plane.installation()}-${id}`;
  }
}
