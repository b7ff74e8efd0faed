// An action: a command that Somnus runs in the context that fits best, and records. Requests, records, and the service for the API, which action-runner.ts implements.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import { ExecRequest, type GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { Caller } from '../keys/caller.ts';
import type { Page, PageQuery } from '../store/page.ts';
import { ActionHints, type Decision, RequestedContext } from './routing/action-request.ts';
import { ActionClass, ActionContext } from './routing/rule.ts';

export const ActionStatus = z.enum(['running', 'ended', 'lost']);

export const ActionPhase = z.strictObject({
  name: z.enum(['prepare', 'run', 'check']).meta({ description: '`check`: applies the results in the VM, and checks them.' }),
  exitCode: z.int(),
  durationMs: z.int(),
});
export type ActionPhase = z.infer<typeof ActionPhase>;

/** The record of an action. Its arguments and output are not kept, because they may contain secrets. */
export const Action = z.strictObject({
  id: idSchema('act'),
  environmentId: idSchema('env'),
  programs: z.array(z.string()).meta({ description: 'The programs that its command line starts.' }),
  class: ActionClass,
  context: ActionContext,
  status: ActionStatus.meta({ description: '`lost`: the connection to the VM was lost or Somnus stopped before the action ended, so its result is unknown.' }),
  phases: z.array(ActionPhase).meta({ description: 'The phases that have ended, in the context `hybrid`.' }),
  exitCode: z.int().nullable().meta({ description: '128 + signal number if a signal ended it; 124 if its timeout did.' }),
  signal: z.string().nullable(),
  timedOut: z.boolean(),
  durationMs: z.int().nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type Action = z.infer<typeof Action>;

const PhaseLine = z.string().refine((line) => line.trim() !== '' && !line.includes('\0'), 'must not be empty or contain NUL');

export const ActionRequest = ExecRequest.omit({ tty: true }).extend({
  context: RequestedContext.default('auto').meta({ description: 'Where to run it; with `auto`, Somnus decides.' }),
  prepare: PhaseLine.optional().meta({ description: 'For `hybrid`: a command line to run in the VM before the files are copied.' }),
  check: PhaseLine.optional().meta({ description: 'For `hybrid`: a command line to run in the VM when the results are there. If it fails, the files in the VM are as they were before.' }),
  hints: ActionHints.default({}).meta({ description: 'What you know about the command.' }),
});
export type ActionRequest = z.infer<typeof ActionRequest>;

export interface StartedAction { action: Action; decision: Decision; process: GuestProcess }

export interface ActionService {
  /** Returns the decision without running the command. @throws config_invalid when one of the user's rules is invalid */
  explain(caller: Caller, ref: string, request: ActionRequest): Promise<Decision>;
  /**
   * Runs the command as decided. @throws as `explain` and the environments' `exec`; unsupported when this host cannot run it there, or when it is not trusted and would run in
   * the VM without the caller requesting that
   */
  run(caller: Caller, ref: string, request: ActionRequest, signal?: AbortSignal): Promise<StartedAction>;
  /** The recorded actions, newest first. */
  list(caller: Caller, ref: string, query: PageQuery): Promise<Page<Action>>;
}
