// An action: a command that Somnus places, runs and records. Requests, records, and the service for the API, which action-runner.ts implements.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import { ExecRequest, type GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { Caller } from '../keys/caller.ts';
import type { Page, PageQuery } from '../store/page.ts';
import { ActionHints, type Decision, RequestedContext } from './routing/action-request.ts';
import { ActionClass, ActionContext } from './routing/rule.ts';

export const ActionStatus = z.enum(['running', 'ended', 'lost']);

/** What is kept of an action: not its arguments nor its output, which may hold secrets. */
export const Action = z.strictObject({
  id: idSchema('act'),
  environmentId: idSchema('env'),
  programs: z.array(z.string()).meta({ description: 'The programs that its command line starts.' }),
  class: ActionClass,
  context: ActionContext,
  status: ActionStatus.meta({ description: '`lost`: the connection to its VM or Somnus itself ended first, so its result is unknown.' }),
  exitCode: z.int().nullable().meta({ description: '128 + signal number if a signal ended it; 124 if its timeout did.' }),
  signal: z.string().nullable(),
  timedOut: z.boolean(),
  durationMs: z.int().nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type Action = z.infer<typeof Action>;

export const ActionRequest = ExecRequest.omit({ tty: true }).extend({
  context: RequestedContext.default('auto').meta({ description: 'Where it runs; `auto` lets Somnus decide.' }),
  hints: ActionHints.default({}).meta({ description: 'What you know about it.' }),
});
export type ActionRequest = z.infer<typeof ActionRequest>;

export interface StartedAction { action: Action; decision: Decision; process: GuestProcess }

export interface ActionService {
  /** Says where the command would run, and why, without running it. @throws config_invalid when a rule of the user is wrong */
  explain(caller: Caller, ref: string, request: ActionRequest): Promise<Decision>;
  /**
   * Runs it where the decision says. @throws as `explain`; unsupported when this host cannot run it there, or when it is not trusted and would run in the VM without the caller asking
   * for that; as the environments' `exec`
   */
  run(caller: Caller, ref: string, request: ActionRequest, signal?: AbortSignal): Promise<StartedAction>;
  /** As recorded, newest first. */
  list(caller: Caller, ref: string, query: PageQuery): Promise<Page<Action>>;
}
