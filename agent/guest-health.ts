// The health of this VM as its agent sees it: incidents, watched processes, soft reboots. Loaded after the guest is ready, so that it does not delay a boot.
import { SomnusError } from '../common/errors.ts';
import type { Engine } from './contract/engine.ts';
import type { FixAttempt, FixMode } from './contract/fixing.ts';
import type { AgentHealth, SoftReboot } from './contract/health.ts';
import type { IncidentPage } from './contract/incident.ts';
import { Intelligence } from './intelligence/intelligence.ts';
import { ProcessWatch } from './watch/process-watch.ts';
import { runProgram, type RunProgram } from './watch/run-program.ts';
import { softReboot } from './watch/soft-reboot.ts';
import { summaryOf } from './watch/summary.ts';

export interface GuestHealthOptions {
  agentVersion: string;
  log: (message: string) => void;
  run?: RunProgram;
  intelligence?: Intelligence;
}

export class GuestHealth {
  readonly #options: GuestHealthOptions;
  readonly #run: RunProgram;
  readonly #intelligence: Intelligence;
  #watch: ProcessWatch;
  #rebooting = false;

  constructor(options: GuestHealthOptions) {
    this.#options = options;
    this.#run = options.run ?? runProgram;
    this.#intelligence = options.intelligence ?? new Intelligence({ log: options.log });
    this.#watch = this.#startWatch();
  }

  /** Changes whenever an incident changes; the host then reads the incidents again. */
  get revision(): string {
    return this.#intelligence.revision;
  }

  /** The process of the embedding engine; undefined while there is none. */
  get enginePid(): number | undefined {
    return this.#intelligence.enginePid;
  }

  health(): AgentHealth {
    const unixMs = Date.now();
    const intelligence = this.#intelligence.stats(unixMs);
    const watched = this.#watch.list();
    return { unixMs, agentVersion: this.#options.agentVersion, ...summaryOf(watched, this.#intelligence.all(unixMs), intelligence.problems, unixMs), watched, intelligence };
  }

  /** A page of incidents, most recent first. */
  incidents(offset: number): IncidentPage {
    return this.#intelligence.incidents(offset);
  }

  /** Reloads the configuration. @throws SomnusError `config_invalid`; the previous one then stays in effect */
  async reload(): Promise<void> {
    this.#intelligence.reload();
    await this.#watch.stop();
    this.#watch = this.#startWatch();
  }

  /** Applies a fix on request. @throws as Recovery.apply */
  async applyFix(incidentId: string, fixId: string | undefined): Promise<FixAttempt> {
    return await this.#intelligence.applyFix(incidentId, fixId);
  }

  /** Records what the host has tried. Repeatable. @throws SomnusError `not_found` */
  recordHostFix(incidentId: string, attempt: FixAttempt): void {
    this.#intelligence.recordHostFix(incidentId, attempt);
  }

  /** Reads the end of a failed command's output like a log. */
  commandFailed(program: string, output: string): void {
    this.#intelligence.commandFailed(program, output);
  }

  /** Marks an incident as not an error. @throws SomnusError `not_found` */
  learn(incidentId: string): void {
    this.#intelligence.learn(incidentId);
  }

  /** @throws SomnusError `config_invalid` when the current configuration is invalid */
  async setFixes(mode: FixMode): Promise<void> {
    await this.#intelligence.set({ fixes: mode });
  }

  /** @throws SomnusError `config_invalid` when the current configuration is invalid */
  async setEngine(engine: Engine): Promise<void> {
    await this.#intelligence.set({ engine });
  }

  /** @throws SomnusError `invalid_state` when no process is watched, or a soft reboot is in progress */
  async softReboot(deadlineMs: number): Promise<SoftReboot> {
    const watched = this.#watch.list();
    if (watched.length === 0) throw new SomnusError('invalid_state', 'No processes are watched in this environment', { hint: 'Add units or patterns to /etc/somnus/agent.json in the environment.' });
    if (this.#rebooting) throw new SomnusError('invalid_state', 'A soft reboot is already in progress');
    this.#rebooting = true;
    try {
      return await softReboot({ watched, deadlineMs, run: this.#run });
    } finally {
      this.#rebooting = false;
      void this.#watch.check();
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#watch.stop(), this.#intelligence.stop()]);
  }

  #startWatch(): ProcessWatch {
    const { units, patterns } = this.#intelligence.config;
    const watch = new ProcessWatch({ units, patterns, run: this.#run, log: this.#options.log });
    watch.start();
    return watch;
  }
}
