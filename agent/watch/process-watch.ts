// Watches units and processes named in the configuration: whether they are running, what they use, and how often they were restarted. A unit that flaps is
// stopped for a while, longer each time, and after several attempts permanently.
import type { Watched, WatchedState } from '../contract/health.ts';
import { Flapping } from './flapping.ts';
import type { RunProgram } from './run-program.ts';
import { processesMatching, processesOfGroup, type Processes } from './unit-processes.ts';

export interface ProcessWatchOptions {
  units: readonly string[];
  patterns: readonly string[];
  run: RunProgram;
  log: (message: string) => void;
  checkMs?: number;
  /** Tests replace them. */
  processesOfUnit?: (controlGroup: string) => Processes;
  monotonicMs?: () => number;
}

interface Target extends Watched {
  controlGroup: string;
  first: string | undefined;
  /** systemd's own counter of restarts, at the last check. */
  systemdRestarts: number;
  flapping: Flapping;
  retryAtMonotonicMs: number | undefined;
  /** Whether systemd is no longer starting or stopping it; systemd is then asked again only after a change. */
  settled: boolean;
}

interface UnitFacts { active: string; restarts: number; result: string; controlGroup: string }

const CHECK_MS = 5_000;
const SYSTEMCTL_MS = 20_000;

export class ProcessWatch {
  readonly #options: ProcessWatchOptions;
  readonly #targets: Target[];
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    const target = (name: string, kind: Watched['kind']): Target => ({
      name, kind, state: 'stopped', processes: 0, rssBytes: 0, cpuMs: 0, restarts: 0, sinceMs: Date.now(), retryAtMs: null, result: null,
      controlGroup: '', first: undefined, systemdRestarts: 0, flapping: new Flapping(), retryAtMonotonicMs: undefined, settled: false,
    });
    this.#targets = [...options.units.map((name) => target(name, 'unit')), ...options.patterns.map((name) => target(name, 'pattern'))];
  }

  start(): void {
    if (this.#targets.length === 0) return; // an idle VM should not run an unnecessary timer
    void this.check();
    this.#timer = setInterval(() => void this.check(), this.#options.checkMs ?? CHECK_MS).unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#checking;
  }

  list(): Watched[] {
    return this.#targets.map(({ name, kind, state, processes, rssBytes, cpuMs, restarts, sinceMs, retryAtMs, result }) => ({ name, kind, state, processes, rssBytes, cpuMs, restarts, sinceMs, retryAtMs, result }));
  }

  /** Checks all of them once, after a check in progress. */
  async check(): Promise<void> {
    this.#checking = this.#checking.then(async () => {
      for (const target of this.#targets) if (!this.#stopped) await this.#checkTarget(target).catch((error: unknown) => this.#options.log(`watch ${target.name}: ${(error as Error).message}`));
    });
    await this.#checking;
  }

  async #checkTarget(target: Target): Promise<void> {
    const found = target.kind === 'pattern' ? processesMatching(target.name) : this.#processesOf(target);
    const replaced = found.first !== target.first;
    Object.assign(target, { processes: found.pids.length, rssBytes: found.rssBytes, cpuMs: found.cpuMs });
    if (target.kind === 'pattern') {
      if (replaced && target.first !== undefined && found.first !== undefined) target.restarts += 1;
      target.first = found.first ?? target.first;
      setState(target, found.first === undefined ? 'stopped' : 'running');
      return;
    }
    await this.#checkUnit(target, replaced);
  }

  async #checkUnit(target: Target, replaced: boolean): Promise<void> {
    const now = this.#now();
    if (target.retryAtMonotonicMs !== undefined) {
      if (now < target.retryAtMonotonicMs) return;
      target.retryAtMonotonicMs = undefined;
      target.retryAtMs = null;
      await this.#systemctl('reset-failed', target.name);
      await this.#systemctl('start', '--no-block', target.name);
      target.settled = false;
    }
    if (target.settled && !replaced) return;
    const facts = await this.#facts(target.name);
    const isFirst = target.controlGroup === '';
    target.controlGroup = facts.controlGroup === '' ? `/system.slice/${target.name}` : facts.controlGroup;
    const processes = this.#processesOf(target);
    const restarts = isFirst ? 0 : Math.max(facts.restarts - target.systemdRestarts, replaced && target.first !== undefined && processes.first !== undefined ? 1 : 0, 0);
    target.systemdRestarts = facts.restarts;
    target.restarts += restarts;
    target.first = processes.first;
    target.settled = ['active', 'inactive', 'failed'].includes(facts.active);
    target.result = facts.result === 'success' ? null : facts.result.slice(0, 64);
    const gaveUp = facts.active === 'failed' && facts.result === 'start-limit-hit';
    const pauseMs = restarts > 0 || (gaveUp && target.state !== 'given-up') ? target.flapping.restarted(restarts, now, gaveUp) : 0;
    if (pauseMs === 0) {
      if (target.state !== 'given-up' || facts.active === 'active') setState(target, facts.active === 'failed' ? 'failed' : processes.first !== undefined || facts.active === 'active' ? 'running' : 'stopped');
      return;
    }
    await this.#systemctl('stop', target.name);
    target.processes = 0;
    if (pauseMs === undefined) {
      setState(target, 'given-up');
      this.#options.log(`${target.name} was restarted too often and stays stopped`);
      return;
    }
    target.retryAtMonotonicMs = now + pauseMs;
    target.retryAtMs = Date.now() + pauseMs;
    setState(target, 'backed-off');
    this.#options.log(`${target.name} was restarted too often; starting it again in ${Math.round(pauseMs / 1000)} s`);
  }

  #processesOf(target: Target): Processes {
    return (this.#options.processesOfUnit ?? processesOfGroup)(target.controlGroup === '' ? `/system.slice/${target.name}` : target.controlGroup);
  }

  #now(): number {
    return (this.#options.monotonicMs ?? (() => performance.now()))();
  }

  async #systemctl(...args: string[]): Promise<string> {
    return (await this.#options.run(['systemctl', ...args], SYSTEMCTL_MS)).output;
  }

  async #facts(unit: string): Promise<UnitFacts> {
    const output = await this.#systemctl('show', '--property=ActiveState,NRestarts,Result,ControlGroup', unit);
    const value = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(output)?.[1] ?? '';
    return { active: value('ActiveState'), restarts: Number(value('NRestarts')) || 0, result: value('Result'), controlGroup: value('ControlGroup') };
  }
}

function setState(target: Target, state: WatchedState): void {
  if (target.state === state) return;
  target.state = state;
  target.sinceMs = Date.now();
}
