// Runs each action in the context that routing/ chooses, and records how it ended.
import { createHash } from 'node:crypto';
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { Monitor } from '../../supervisor/monitor/monitor.ts';
import type { ContainerRunner } from '../containers/container-runner.ts';
import { imageFor } from '../containers/image-for.ts';
import type { Environment } from '../environments/environment-schemas.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { Action, ActionRequest, ActionService, StartedAction } from './action.ts';
import { startHybrid } from './hybrid-action.ts';
import type { ActionHints, Decision } from './routing/action-request.ts';
import { routeAction, type VmLoad } from './routing/route-action.ts';
import type { ActionContext } from './routing/rule.ts';
import type { RuleFiles } from './rule-files.ts';
import type { SqliteActions } from './sqlite-actions.ts';

export interface ActionRunnerDeps {
  environments: Pick<EnvironmentService, 'get' | 'exec' | 'channel'>;
  containers: Pick<ContainerRunner, 'problem' | 'run'>;
  monitor: Pick<Monitor, 'latest'>;
  rules: Pick<RuleFiles, 'rules'>;
  actions: SqliteActions;
  events: Pick<SqliteEventLog, 'append'>;
  /** Called when an action has ended; must not throw. */
  ended?: (caller: Caller, action: Action, request: Pick<ActionRequest, 'command' | 'cwd'>) => Promise<void>;
}

/** Older measurements of a VM's load are ignored. */
const LOAD_MS = 30_000;

const UNDIVIDED = 'Somnus does not divide a command line: give its parts as a preparation, a command and a check (--prepare, --check)';
const PHASED = 'a preparation and a check run only in the context hybrid';

const notBuilt: Readonly<Partial<Record<ActionContext, string>>> = {
  'multi-agent': 'Somnus does not run work for several agents yet',
};

export class ActionRunner implements ActionService {
  readonly #deps: ActionRunnerDeps;

  constructor(deps: ActionRunnerDeps) {
    this.#deps = deps;
  }

  async explain(caller: Caller, ref: string, request: ActionRequest): Promise<Decision> {
    return await this.#decide(await this.#deps.environments.get(caller, ref), request);
  }

  async run(caller: Caller, ref: string, { context, hints, prepare, check, ...request }: ActionRequest, signal?: AbortSignal): Promise<StartedAction> {
    const { environments, actions } = this.#deps;
    const environment = await environments.get(caller, ref);
    const decision = await this.#decide(environment, { context, hints, prepare, check, ...request });
    assertMayRun(decision, context);
    const id = newId('act');
    const action: Action = {
      id, environmentId: environment.id, programs: decision.programs.slice(0, 16).map((name) => name.slice(0, 64)), class: decision.class, context: decision.context,
      status: 'running', phases: [], exitCode: null, signal: null, timedOut: false, durationMs: null, startedAt: new Date().toISOString(), endedAt: null,
    };
    if (decision.context === 'hybrid') {
      const channel = await environments.channel(caller, ref);
      actions.insert(action, hashOf(request)); // before its first phase, which it records
      const hybrid = startHybrid({
        containers: this.#deps.containers, channel, exec: async (program, ending) => await environments.exec(caller, ref, program, ending),
        onPhase: (phase) => {
          action.phases.push(phase);
          actions.update(action);
        },
      }, { id, image: imageFor(decision.programs, hints), request, prepare, check, filesIn: hints.filesIn ?? [], filesOut: hints.filesOut ?? [] }, signal);
      return { action, decision, process: this.#recorded(caller, environment, action, request, hybrid) };
    }
    const process = decision.context === 'container'
      ? await this.#deps.containers.run({ id, image: imageFor(decision.programs, hints), request, filesIn: hints.filesIn ?? [], filesOut: hints.filesOut ?? [], channel: async () => await environments.channel(caller, ref) }, signal)
      : await environments.exec(caller, ref, request, signal);
    actions.insert(action, hashOf(request));
    return { action, decision, process: this.#recorded(caller, environment, action, request, process) };
  }

  async list(caller: Caller, ref: string, query: PageQuery): Promise<Page<Action>> {
    const { id } = await this.#deps.environments.get(caller, ref);
    return this.#deps.actions.list(id, query);
  }

  async #decide(environment: Environment, { context, hints, prepare, check, ...request }: ActionRequest): Promise<Decision> {
    const past = this.#deps.actions.pastRuns(environment.id, hashOf(request));
    const input = { command: request.command, context, hints, past, load: this.#loadOf(environment) };
    const rules = await this.#deps.rules.rules();
    const phased = prepare !== undefined || check !== undefined;
    const unavailable = { ...notBuilt, ...(phased ? { vm: PHASED, container: PHASED } : context === 'auto' ? { hybrid: UNDIVIDED } : {}) };
    const wanted = routeAction({ ...input, unavailable }, rules);
    if (wanted.context !== 'container' && wanted.context !== 'hybrid') return wanted; // asks the engine only when it is needed
    const mayWait = context !== 'auto' || wanted.context === 'hybrid';
    const problem = context === 'auto' && wanted.context === 'container' && needsNamedFiles(wanted, hints) ? 'a container has only the files of the VM that you name (--reads, --writes)' : await this.#deps.containers.problem(imageFor(wanted.programs, hints), mayWait);
    return problem === undefined ? wanted : routeAction({ ...input, unavailable: { ...unavailable, [wanted.context]: problem } }, rules);
  }

  #loadOf({ id, vcpus }: Environment): VmLoad | undefined {
    const point = this.#deps.monitor.latest(id);
    if (point === undefined || Date.now() - point.atMs > LOAD_MS) return undefined;
    const { memoryUsedMiB, memoryTotalMiB } = point;
    return { cpu: point.cpuPercent / 100 / vcpus, memory: memoryUsedMiB === null || memoryTotalMiB === null || memoryTotalMiB === 0 ? 0 : memoryUsedMiB / memoryTotalMiB };
  }

  /** Returns the same process; its end is recorded before `exit` settles. */
  #recorded(caller: Caller, environment: Environment, action: Action, request: Pick<ActionRequest, 'command' | 'cwd'>, process: GuestProcess): GuestProcess {
    const startedAt = performance.now();
    const end = (result: Pick<Action, 'status' | 'exitCode' | 'signal' | 'timedOut'>): void => {
      const ended: Action = { ...action, ...result, durationMs: Math.round(performance.now() - startedAt), endedAt: new Date().toISOString() };
      this.#deps.actions.update(ended);
      const { id, programs, class: kind, context, status, exitCode, durationMs } = ended;
      this.#deps.events.append({
        type: `action.${status}`, owner: environment.owner, subject: { type: 'environment', id: environment.id, name: environment.name }, actor: caller.keyId, data: { actionId: id, programs, class: kind, context, exitCode, durationMs },
      });
      void this.#deps.ended?.(caller, ended, request);
    };
    const exit = process.exit.then(
      (result) => {
        end({ status: 'ended', exitCode: result.code, signal: result.signal, timedOut: result.timedOut });
        return result;
      },
      (error: unknown) => {
        end({ status: 'lost', exitCode: null, signal: null, timedOut: false });
        throw error;
      },
    );
    exit.catch(() => {}); // the error goes to those who wait for it
    return { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, exit, signal: async (name) => await process.signal(name), resize: (columns, rows) => process.resize(columns, rows) };
  }
}

/** A container starts without the VM's files. Without named files, only a command that is not trusted is better off there than in the VM. */
function needsNamedFiles({ traits }: Decision, { filesIn = [], filesOut = [] }: ActionHints): boolean {
  return filesIn.length + filesOut.length === 0 && !traits.includes('untrusted');
}

/** @throws unsupported when the host cannot run it there, or when it is not trusted and the caller did not request the VM */
function assertMayRun(decision: Decision, requested: ActionRequest['context']): void {
  const { context, cautions, alternatives } = decision;
  const why = alternatives.find((one) => one.context === context)?.unavailable ?? null;
  if (why !== null) throw new SomnusError('unsupported', `The command cannot run in the context ${context}: ${why}`, { hint: 'Use the context `vm` or `auto`.', details: { decision } });
  if (requested === 'auto' && cautions.includes('untrusted-in-vm')) {
    throw new SomnusError('unsupported', `The command is not trusted (${decision.reason.replace(/\.$/, '')}), and could only run in the VM`, {
      hint: 'To run it in the VM anyway, take a snapshot first, and use the context `vm` (`somnus run --in vm`) or declare that you trust it (`--trusted`).', details: { decision },
    });
  }
}

function hashOf({ command, cwd }: Pick<ActionRequest, 'command' | 'cwd'>): string {
  return createHash('sha256').update(JSON.stringify([command, cwd ?? null])).digest('hex');
}
