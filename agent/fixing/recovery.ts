// Applies fixes: on request, or automatically if the mode is `act` and the fix is safe. Always in the same order: a live probe confirms the cause, a
// precheck shows that the fix is possible, the command runs without a shell, and the outcome is verified and recorded. One at a time; attempts are limited.
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
  /** Called when an attempt has been recorded. */
  onAttempt?: () => void;
  confirm?: (fix: Fix) => Promise<boolean | undefined>;
  monotonicMs?: () => number;
  /** How long to wait for a failed program to recover by itself. */
  settleMs?: number;
}

const COMMAND_MS = 300_000;
const CHECK_MS = 60_000;
/** A verification may download package lists. */
const VERIFY_MS = 240_000;
/** Limits of automatic attempts: per incident, and for all incidents per hour. */
const MOST_FOR_INCIDENT = 3;
const MOST_IN_HOUR = 10;
const HOUR_MS = 3_600_000;
/** Pause before the same command runs again; doubles each time. */
const COOL_DOWN_MS = 300_000;
/** Units of the system, and those that connect the agent to the host, are never restarted automatically. */
const UNTOUCHED = /^(?:somnus-(?!network\.service$)|systemd-|dbus\b|init\.scope)/;

export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #now: () => number;
  /** When each command last ran automatically, and how often. */
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

  /** Called when an incident is opened or repeated. Does nothing unless the mode is `act`. Resolves when all possible fixes have been tried; never rejects. */
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
   * @param fixId default: the first fix with a command
   * @throws SomnusError `not_found`; `invalid_state` when fixes are off, or the fix must be done by a person
   */
  async apply(incidentId: string, fixId?: string): Promise<FixAttempt> {
    if (this.#options.mode() === 'off') throw new SomnusError('invalid_state', 'Fixes are turned off in this environment');
    const incident = this.#options.incidents.get(incidentId);
    if (incident === undefined) throw new SomnusError('not_found', `There is no incident ${incidentId}`);
    const fix = incident.fixes.find(({ id, command }) => (fixId === undefined ? command !== undefined : id === fixId));
    if (fix === undefined) throw new SomnusError('not_found', `The incident has no fix ${fixId ?? 'with a command'}`, { hint: `It has: ${incident.fixes.map(({ id }) => id).join(', ')}.` });
    if (fix.command === undefined) throw new SomnusError('invalid_state', `${fix.what}: this must be done by a person`);
    return await this.#next(async () => await this.#try(incident, fix, false));
  }

  async #act(id: string): Promise<void> {
    const incident = this.#options.incidents.get(id);
    if (this.#stopped || incident === undefined || incident.closedAtMs !== null || this.#options.mode() !== 'act') return;
    if (incident.attempts.filter(({ automatic }) => automatic).length >= MOST_FOR_INCIDENT) return;
    for (const fix of incident.fixes) {
      if (!fix.automatic || fix.command === undefined || fix.command.some((part) => UNTOUCHED.test(part)) || !this.#mayRun(fix.command)) continue;
      if (await this.#confirm(fix) !== true) continue; // without a confirmed cause, nothing is done or recorded
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
      if (outcome === 'fixed') incidents.closeFixed(fix, `fixed: ${fix.what}`, attempt.atMs);
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
    if (code !== 0) {
      await this.#undo(fix);
      return record('failed', output);
    }
    if (fix.verify !== undefined) {
      const verified = await run(fix.verify, VERIFY_MS);
      if (verified.code !== 0) await this.#undo(fix);
      return record(verified.code === 0 ? 'fixed' : 'not-fixed', verified.code === 0 ? output : verified.output);
    }
    const still = await this.#confirm(fix);
    return record(still === undefined ? 'applied' : still ? 'not-fixed' : 'fixed', output);
  }

  async #undo({ id, undo }: Fix): Promise<void> {
    if (undo === undefined) return;
    const { code, output } = await this.#options.run(undo, CHECK_MS);
    if (code !== 0) this.#options.log(`Fix ${id} could not be undone: ${lastLine(output)}`);
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
