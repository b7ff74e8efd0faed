// Actions over HTTP. POST …/actions: the body is an ActionBody. The answer is an ActionAnswer with `explain`, with Accept: application/json or `"stream": false`; otherwise application/x-ndjson with one
// ActionFrame per line: `decision` first, then the frames of a program (exec-protocol.ts).
import { z } from 'zod';
import { Action, ActionRequest } from '../actions/action.ts';
import { ArtifactRun, RunArtifact } from '../artifacts/artifact-run.ts';
import { Decision } from '../actions/routing/action-request.ts';
import { ExecFrame, ExecResult } from './exec-protocol.ts';

export const ActionBody = ActionRequest.extend({
  explain: z.boolean().default(false).meta({ description: 'Returns the decision without running the command.' }),
  stdin: z.string().optional().meta({ description: 'Text for standard input. Empty by default.' }),
  stream: z.boolean().optional().meta({ description: 'Whether to stream the output as it appears. By default, unless the request has Accept: application/json.' }),
});

export const ActionAnswer = z.strictObject({
  decision: Decision,
  action: Action.nullable().meta({ description: 'The record of the action; null with `explain`.' }),
  result: ExecResult.nullable().meta({ description: 'Null with `explain`.' }),
});
export type ActionAnswer = z.infer<typeof ActionAnswer>;

/** A run of an artifact is answered in the same way; a stream begins with the run as it was started. */
export const RunArtifactBody = RunArtifact.extend({
  stdin: z.string().optional().meta({ description: 'Text for standard input. Empty by default.' }),
  stream: z.boolean().optional().meta({ description: 'Whether to stream the output as it appears. By default, unless the request has Accept: application/json.' }),
});

export const ArtifactRunAnswer = z.strictObject({ run: ArtifactRun, result: ExecResult });
export type ArtifactRunAnswer = z.infer<typeof ArtifactRunAnswer>;

export const ArtifactRunFrame = z.union([z.strictObject({ type: z.literal('run'), run: ArtifactRun }), ExecFrame]);

export const ActionFrame = z.union([z.strictObject({ type: z.literal('decision'), action: Action, decision: Decision }), ExecFrame]);
