// The agents in users' VMs for the API: asks the agent itself, and marks what it reported earlier with the time of the report.
import type { AgentHealth } from '../../agent/contract/health.ts';
import type { Incident } from '../../agent/contract/incident.ts';
import type { PortMethod, PortParams, PortResult } from '../../agent/contract.ts';
import { SomnusError } from '../../common/errors.ts';
import type { ExecRequest, GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import { installEngine } from '../../supervisor/guest/install-engine.ts';
import { upgradeAgent } from '../../supervisor/guest/upgrade-agent.ts';
import type { AgentPort } from '../../supervisor/guest/agent-port.ts';
import { Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import type { EnvironmentManager } from '../environments/environment-manager.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';
import type { Caller } from '../keys/caller.ts';
import { mergedAttempts, publicAttempt, publicIncident, publicWatched, type AgentUpgrade, type ApplyFix, type UpgradeAgent, type FixAttempt, type FixSettings, type EnvironmentHealth, type Incident as PublicIncident, type PastIncident, type IncidentList, type SoftReboot, type SoftRebootRequest } from './agent-schemas.ts';
import type { AgentWatch } from './agent-watch.ts';
import { guardedFix, type GuardedFixDeps } from './guarded-fix.ts';
import type { HostFixes } from './host-fixes.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { SqliteHostFixes } from './sqlite-host-fixes.ts';
import type { SqliteIncidentHistory } from './sqlite-incident-history.ts';
import { observeOutput } from './observed-output.ts';

/** Each method finds only environments that the caller may see: another user's environment is `not_found`. */
export interface AgentService {
  /** An agent that does not answer is a result, not an error. */
  health(caller: Caller, ref: string): Promise<EnvironmentHealth>;
  incidents(caller: Caller, ref: string): Promise<IncidentList>;
  /** The incidents that the agent of this environment has reported, newest first, whether or not the VM is running. @throws not_found */
  incidentHistory(caller: Caller, ref: string, query: PageQuery): Promise<Page<PastIncident>>;
  /** Applies a fix for an incident and answers with the outcome. @throws not_found; invalid_state when fixes are off or the VM is not running; guest_unreachable, timeout */
  applyFix(caller: Caller, ref: string, incidentId: string, request: ApplyFix, signal: AbortSignal): Promise<FixAttempt>;
  /** Marks an incident as not an error: its message no longer opens one. @throws not_found, invalid_state, guest_unreachable, timeout */
  learn(caller: Caller, ref: string, incidentId: string): Promise<void>;
  /** @throws invalid_state, guest_unreachable, timeout */
  setFixes(caller: Caller, ref: string, settings: FixSettings): Promise<void>;
  /** Returns the same process; if it fails, the agent reads the end of its output. */
  observe(caller: Caller, ref: string, request: ExecRequest, process: GuestProcess): GuestProcess;
  /** Replaces the agent with that of this version of Somnus, without a reboot. @throws invalid_state, guest_unreachable, insufficient_space, timeout, command_failed */
  upgrade(caller: Caller, ref: string, request: UpgradeAgent, signal: AbortSignal): Promise<AgentUpgrade>;
  /** Resolves when the processes are running again. @throws invalid_state when none is watched or the VM is not running; guest_unreachable, timeout */
  softReboot(caller: Caller, ref: string, request: SoftRebootRequest, signal: AbortSignal): Promise<SoftReboot>;
}

/** An agent that has not answered within this time is unreachable. */
const ANSWERS_WITHIN_MS = 4_000;
/** Added to the deadline of a soft reboot: systemd starts units again within half a minute, more slowly under emulation. */
const COMES_BACK_WITHIN_MS = 120_000;
/** A fix may install packages. */
const FIX_WITHIN_MS = 600_000;
const CHANGES_WITHIN_MS = 30_000;

export class EnvironmentAgents implements AgentService {
  readonly #environments: Pick<EnvironmentManager, 'find'>;
  readonly #watch: AgentWatch;
  readonly #host: VmHost;
  readonly #modelDir: string;
  readonly #hostFixes: HostFixes;
  readonly #guard: GuardedFixDeps;
  readonly #automatic: SqliteHostFixes;
  readonly #history: Pick<SqliteIncidentHistory, 'list'>;
  readonly #now: () => Date;
  /** Environments whose agent is being replaced. */
  readonly #upgrading = new Set<string>();

  constructor(options: { environments: Pick<EnvironmentManager, 'find'>; watch: AgentWatch; host: VmHost; modelDir: string; hostFixes: HostFixes; guard: GuardedFixDeps; automatic: SqliteHostFixes; history: Pick<SqliteIncidentHistory, 'list'>; now?: () => Date }) {
    this.#environments = options.environments;
    this.#watch = options.watch;
    this.#host = options.host;
    this.#modelDir = options.modelDir;
    this.#hostFixes = options.hostFixes;
    this.#guard = options.guard;
    this.#automatic = options.automatic;
    this.#history = options.history;
    this.#now = options.now ?? (() => new Date());
  }

  async health(caller: Caller, ref: string): Promise<EnvironmentHealth> {
    const record = this.#environments.find(caller, ref);
    const asked = record.state === 'running' ? await this.#ask(record, 'health', {}) : undefined;
    const times = this.#times(record);
    if (asked === undefined || 'error' in asked) {
      const { state, summary } = asked === undefined
        ? { state: 'off' as const, summary: `${record.name} is ${record.state}${record.stateReason === null ? '' : `: ${record.stateReason}`}.` }
        : unreachable(record, asked.error, times.unreachableSince);
      return { environmentId: record.id, state, summary, ...times, agentVersion: null, watched: null, reading: null };
    }
    const { state, summary, agentVersion, watched, intelligence: { unixMs: _, ...reading } }: AgentHealth = asked.result;
    return { environmentId: record.id, state, summary, ...times, agentVersion, watched: watched.map(publicWatched), reading };
  }

  async incidents(caller: Caller, ref: string): Promise<IncidentList> {
    const record = this.#environments.find(caller, ref);
    const current = record.state === 'running' ? await this.#watch.incidents(record.id, ANSWERS_WITHIN_MS).then((found) => {
      this.#watch.answered(record.id);
      return found;
    }, (error: unknown) => this.#failed(record, error)) : undefined;
    const known = this.#watch.knowledge(record.id);
    const { incidentsAtMs } = known ?? {};
    return {
      environmentId: record.id, current: current !== undefined, asOf: incidentsAtMs === undefined ? null : new Date(incidentsAtMs).toISOString(),
      unreachableSince: this.#times(record).unreachableSince, items: (current ?? known?.incidents ?? []).map((each) => this.#withHostFixes(record, publicIncident(each))),
    };
  }

  async incidentHistory(caller: Caller, ref: string, query: PageQuery): Promise<Page<PastIncident>> {
    const { id } = this.#environments.find(caller, ref);
    return this.#history.list(id, query, (incidentId) => this.#automatic.attempts(id, incidentId));
  }

  async softReboot(caller: Caller, ref: string, { deadlineSeconds }: SoftRebootRequest, signal: AbortSignal): Promise<SoftReboot> {
    const deadlineMs = deadlineSeconds * 1000;
    return await this.#port(caller, ref).call('softReboot', { deadlineMs }, { timeoutMs: deadlineMs + COMES_BACK_WITHIN_MS, signal });
  }

  async applyFix(caller: Caller, ref: string, incidentId: string, { fixId, snapshot }: ApplyFix, signal: AbortSignal): Promise<FixAttempt> {
    if (snapshot) return await guardedFix(this.#guard, caller, ref, incidentId, signal, async () => await this.applyFix(caller, ref, incidentId, { fixId, snapshot: false }, signal));
    const hostFix = await this.#hostFix(caller, ref, incidentId, fixId);
    if (hostFix !== undefined) return await this.#hostFixes.apply(caller, this.#environments.find(caller, ref), hostFix);
    return publicAttempt(await this.#port(caller, ref).call('applyFix', { incidentId, ...(fixId === undefined ? {} : { fixId }) }, { timeoutMs: FIX_WITHIN_MS, signal }));
  }

  async learn(caller: Caller, ref: string, incidentId: string): Promise<void> {
    await this.#port(caller, ref).call('learnBenign', { incidentId }, { timeoutMs: CHANGES_WITHIN_MS });
  }

  async setFixes(caller: Caller, ref: string, { mode }: FixSettings): Promise<void> {
    const { id } = this.#environments.find(caller, ref);
    const port = this.#port(caller, ref);
    // Also recorded here, because a guest must not give itself resources of the host. `act` takes effect only when the agent has accepted it, the other modes at once.
    if (mode !== 'act') this.#automatic.setMode(id, mode, this.#now().getTime());
    await port.call('setFixes', { mode }, { timeoutMs: CHANGES_WITHIN_MS });
    if (mode === 'act') this.#automatic.setMode(id, mode, this.#now().getTime());
  }

  async upgrade(caller: Caller, ref: string, { engine }: UpgradeAgent, signal: AbortSignal): Promise<AgentUpgrade> {
    const port = this.#port(caller, ref);
    const record = this.#environments.find(caller, ref);
    if (this.#upgrading.has(record.id)) throw new SomnusError('operation_in_progress', `The agent of ${record.name} is already being upgraded`);
    this.#upgrading.add(record.id);
    try {
      const status = await port.status({ timeoutMs: ANSWERS_WITHIN_MS, signal }).catch(() => undefined);
      const channel = await this.#host.guests.channel(new Vm(this.#host, record.id));
      if (engine === 'embedding') await installEngine(channel, this.#modelDir, signal);
      const done = await upgradeAgent(channel, status?.agentVersion ?? null, signal);
      const sets = engine !== undefined && done.outcome !== 'rolled-back';
      if (sets) await port.call('setEngine', { engine }, { timeoutMs: CHANGES_WITHIN_MS, signal });
      this.#host.log.info({ event: 'agent.upgrade', environmentId: record.id, ...done, engine });
      return { ...done, engine: sets ? engine : null };
    } finally {
      this.#upgrading.delete(record.id);
    }
  }

  observe(caller: Caller, ref: string, request: ExecRequest, process: GuestProcess): GuestProcess {
    return observeOutput(request, process, (command) => {
      // A failure is only logged: the caller has the output.
      void (async () => await this.#port(caller, ref).call('commandFailed', command, { timeoutMs: CHANGES_WITHIN_MS }))().catch((error: unknown) => this.#host.log.debug({ event: 'agent.command-not-read', err: error }));
    });
  }

  /** Adds the attempts of Somnus itself, in case the agent was not told or was rolled back. */
  #withHostFixes({ id }: EnvironmentRecord, incident: PublicIncident): PublicIncident {
    const own = this.#automatic.attempts(id, incident.id);
    return own.length === 0 ? incident : { ...incident, attempts: mergedAttempts(incident.attempts, own) };
  }

  /** The fix that the host applies, if it does: the named one, or if no fix has a command, the first one for the host. */
  async #hostFix(caller: Caller, ref: string, incidentId: string, fixId: string | undefined): Promise<Incident['fixes'][number] | undefined> {
    const { id } = this.#environments.find(caller, ref);
    const known = this.#watch.knowledge(id)?.incidents ?? [];
    const incident = known.find((each) => each.id === incidentId) ?? (await this.#watch.incidents(id, ANSWERS_WITHIN_MS).catch(() => [])).find((each) => each.id === incidentId);
    const fixes = incident?.fixes ?? [];
    return fixId === undefined && fixes.some(({ command }) => command !== undefined) ? undefined : fixes.find((fix) => fix.host !== undefined && (fixId === undefined || fix.id === fixId));
  }

  /** @throws invalid_state unless the VM is running */
  #port(caller: Caller, ref: string): AgentPort {
    const record = this.#environments.find(caller, ref);
    if (record.state !== 'running') throw new SomnusError('invalid_state', `${record.name} is ${record.state}; its agent answers only while the environment is running`);
    return this.#host.guests.port(new Vm(this.#host, record.id));
  }

  async #ask<M extends PortMethod>(record: EnvironmentRecord, method: M, params: PortParams<M>): Promise<{ result: PortResult<M> } | { error: SomnusError }> {
    try {
      const result = await this.#host.guests.port(new Vm(this.#host, record.id)).call(method, params, { timeoutMs: ANSWERS_WITHIN_MS });
      this.#watch.answered(record.id);
      return { result };
    } catch (error) {
      if (!(error instanceof SomnusError)) throw error;
      this.#failed(record, error);
      return { error };
    }
  }

  /** An agent that refuses a request has answered. */
  #failed(record: EnvironmentRecord, error: unknown): undefined {
    if (error instanceof SomnusError && 'agentCode' in error.details) this.#watch.answered(record.id);
    else this.#watch.silent(record.id);
  }

  #times({ id, state }: EnvironmentRecord): { asOf: string | null; unreachableSince: string | null } {
    const { answeredAtMs, unreachableSinceMs } = this.#watch.knowledge(id) ?? {};
    const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
    return { asOf: iso(answeredAtMs), unreachableSince: state === 'running' ? iso(unreachableSinceMs) : null };
  }
}

function unreachable(record: EnvironmentRecord, error: SomnusError, since: string | null): { state: 'attention' | 'unreachable'; summary: string } {
  const { agentCode } = error.details;
  if (agentCode === 'not_found') return { state: 'attention', summary: `The agent of ${record.name} is too old to report its health. \`somnus upgrade-agent ${record.name}\` upgrades it without a reboot.` };
  if (agentCode !== undefined) return { state: 'attention', summary: error.message };
  return { state: 'unreachable', summary: `The agent in ${record.name} ${since === null ? 'does not answer' : `has not answered since ${since}`}. \`somnus logs ${record.name} --console\` shows its console; \`somnus restart ${record.name}\` reboots it.` };
}
