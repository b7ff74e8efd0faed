// Applies fixes: on request, or without asking where the mode is `act` and the fix is safe. Always in the same order: a live probe confirms the cause, a
// check says that the fix can help, the command runs without a shell, and the outcome is verified and recorded. One at a time; attempts are limited.
import { setTimeout as sleep } from 'node:timers/promises';
import { redact } from '../../common/redact.ts';
import { SomnusError } from '../../common/errors.ts';
import type { FixAttempt, FixMode } from '../contract/fixing.ts';
import type { Incident } from '../contract/incident.ts';
import type { Fix } from '../errors/fixes/fix.ts';
import type { Incidents } from '../errors/incidents.ts';
import { plainText } from '../errors/reading/plain-text.ts';
import type { RunProgram } from '../watch/run-program.ts';
import { confirmed } from './probes.ts';

export interface RecoveryOptions {
  incidents: Incidents;
  mode: () => FixMode;
  run: RunProgram;
  log: (message: string) => void;
  /** Called when an attempt was recorded. */
  onAttempt?: () => void;
  confirm?: (fix: Fix) => Promise<boolean | undefined>;
  monotonicMs?: () => number;
  /** How long what has just failed may take to recover by itself. */
  settleMs?: number;
}

const COMMAND_MS = 300_000;
const CHECK_MS = 60_000;
/** Attempts without asking: for one incident, and for all within an hour. */
const MOST_FOR_INCIDENT = 3;
const MOST_IN_HOUR = 10;
const HOUR_MS = 3_600_000;
/** The same command is not repeated within this time, and then twice that, and so on. */
const COOL_DOWN_MS = 300_000;
/** What carries this agent's connection to the host, or the system itself, is never restarted without asking. */
const UNTOUCHED = /^(?:somnus-(?!network\.service$)|systemd-|dbus\b|init\.scope)/;

export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #now: () => number;
  /** When each command last ran without asking, and how often. */
  readonly #ran = new Map<string, { atMs: number; times: number }>();
  readonly #waiting = new Set<string>();
  #recent: number[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#now = options.monotonicMs ?? (() => performance.now());
  }

  stop(): void {
    this.#stopped = true;
  }

  /** An incident began or has a new line. Does nothing unless the mode is `act`. Resolves when what could be done was done; never rejects. */
  async consider({ id }: Incident): Promise<void> {
    const { mode, settleMs = 3000, log } = this.#options;
    if (mode() !== 'act' || this.#waiting.has(id)) return;
    this.#waiting.add(id);
    try {
      await sleep(settleMs, undefined, { ref: false });
      await this.#next(async () => await this.#act(id));
    } catch (error) {
      log(`fix: ${(error as Error).message}`);
    } finally {
      this.#waiting.delete(id);
    }
  }

  /**
   * Applies a fix on request.
   * @param fixId the first fix with a command if undefined
   * @throws SomnusError `not_found`; `invalid_state` when fixes are off, or the fix is for a person to do
   */
  async apply(incidentId: string, fixId?: string): Promise<FixAttempt> {
    if (this.#options.mode() === 'off') throw new SomnusError('invalid_state', 'Fixes are off in this VM');
    const incident = this.#options.incidents.get(incidentId);
    if (incident === undefined) throw new SomnusError('not_found', `There is no incident ${incidentId}`);
    const fix = incident.fixes.find(({ id, command }) => (fixId === undefined ? command !== undefined : id === fixId));
    if (fix === undefined) throw new SomnusError('not_found', 'The incident has no such fix', { hint: `It has: ${incident.fixes.map(({ id }) => id).join(', ')}.` });
    if (fix.command === undefined) throw new SomnusError('invalid_state', `${fix.what}: this is for a person to do`);
    return await this.#next(async () => await this.#try(incident, fix, false));
  }

  async #act(id: string): Promise<void> {
    const incident = this.#options.incidents.get(id);
    if (this.#stopped || incident === undefined || incident.closedAtMs !== null || this.#options.mode() !== 'act') return;
    if (incident.attempts.filter(({ automatic }) => automatic).length >= MOST_FOR_INCIDENT) return;
    for (const fix of incident.fixes) {
      if (!fix.automatic || fix.command === undefined || fix.command.some((part) => UNTOUCHED.test(part)) || !this.#mayRun(fix.command)) continue;
      if (await this.#confirm(fix) !== true) continue; // without a confirmed cause nothing is done, and nothing is recorded
      const key = fix.command.join(' ');
      this.#ran.set(key, { atMs: this.#now(), times: (this.#ran.get(key)?.times ?? 0) + 1 });
      this.#recent.push(this.#now());
      const { outcome } = await this.#try(incident, fix, true);
      if (outcome === 'fixed') return;
    }
  }

  #mayRun(command: readonly string[]): boolean {
    this.#recent = this.#recent.filter((atMs) => this.#now() - atMs < HOUR_MS);
    if (this.#recent.length >= MOST_IN_HOUR) return false;
    const ran = this.#ran.get(command.join(' '));
    return ran === undefined || this.#now() - ran.atMs >= COOL_DOWN_MS * 2 ** (ran.times - 1);
  }

  async #try(incident: Incident, fix: Fix, automatic: boolean): Promise<FixAttempt> {
    const { incidents, run, log, onAttempt } = this.#options;
    const record = (outcome: FixAttempt['outcome'], output = ''): FixAttempt => {
      const attempt: FixAttempt = { fixId: fix.id, what: fix.what.slice(0, 200), atMs: Date.now(), automatic, outcome, detail: lastLine(output) };
      incidents.addAttempt(incident.id, attempt);
      if (outcome === 'fixed') incidents.close(incident.id, `fixed: ${fix.what}`, attempt.atMs);
      log(`fix ${fix.id} for ${incident.id}: ${outcome}`);
      onAttempt?.();
      return attempt;
    };
    if (await this.#confirm(fix) === false) return record('not-needed');
    if (fix.precheck !== undefined) {
      const { code, output } = await run(fix.precheck, CHECK_MS);
      if (code !== 0) return record('not-possible', output);
    }
    const { code, output } = await run(fix.command ?? [], COMMAND_MS);
    if (code !== 0) return record('failed', output);
    if (fix.verify !== undefined) {
      const verified = await run(fix.verify, CHECK_MS);
      return record(verified.code === 0 ? 'fixed' : 'not-fixed', verified.code === 0 ? output : verified.output);
    }
    const still = await this.#confirm(fix);
    return record(still === undefined ? 'applied' : still ? 'not-fixed' : 'fixed', output);
  }

  async #confirm(fix: Fix): Promise<boolean | undefined> {
    return await (this.#options.confirm ?? (async (each) => await confirmed(each, this.#options.run)))(fix);
  }

  async #next<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return await turn;
  }
}

function lastLine(output: string): string {
  return redact(plainText(output)).text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}
