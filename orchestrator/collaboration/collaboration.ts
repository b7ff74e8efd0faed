// A collaboration: sub-tasks that several environments work on together. Requests, what users see, and the services for the API, which collaboration-manager.ts and inbox.ts implement.
import { z } from 'zod';
import { idSchema, Name } from '../../common/ids.ts';
import { ExecRequest } from '../../supervisor/guest/guest-channel.ts';
import type { Readable } from 'node:stream';
import type { Caller } from '../keys/caller.ts';
import { PageQuery, pageOf, type Page } from '../store/page.ts';

/** Maximum size of an answer and of a result. */
export const ANSWER_BYTES = 1_048_576;
export const REDUCE_NAME = 'reduce';

const Text = z.string().min(1, 'must not be empty').max(20_000);
const Role = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use up to 63 lower-case letters, digits and dashes');
const Answer = z.string().refine((text) => Buffer.byteLength(text) <= ANSWER_BYTES, 'must have at most 1 MiB; share files through the shared folder');

/** A relative path that stays in its folder. */
export const SharedPath = z.string().min(1).max(400).refine((path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.length <= 200 && !part.startsWith('.incoming-') && !/\p{Cc}/u.test(part)), 'must be a path below the shared folder, without . and ..');

export const SubTaskRequest = z.strictObject({
  name: Name.refine((name) => name !== REDUCE_NAME, `must not be "${REDUCE_NAME}"`),
  command: ExecRequest.shape.command.optional().meta({ description: "Runs as a job in a member's VM; its standard output is the answer. A list is a program and its arguments; a string is a command line for a login shell." }),
  ask: Text.optional().meta({ description: 'Offered to the agents of the members, which claim it from their inboxes and answer it.' }),
  cwd: z.string().min(1).optional().meta({ description: 'Working directory of the command.' }),
  publish: z.array(SharedPath).max(50).optional().meta({ description: 'Files of the shared folder that the command writes, for the other members. They are published when it has ended, before its answer is accepted.' }),
  role: Role.optional().meta({ description: 'Only members with this role may do it.' }),
  member: z.string().optional().meta({ description: 'Only this member may do it.' }),
  timeoutSeconds: z.int().min(1).max(604_800).optional().meta({ description: 'Time for one attempt. After it, the sub-task is given to a member again.' }),
}).refine(({ command, ask }) => (command === undefined) !== (ask === undefined), 'must have either `command` or `ask`');
export type SubTaskRequest = z.infer<typeof SubTaskRequest>;

export const Synthesis = z.strictObject({
  how: z.enum(['merge', 'vote', 'reduce', 'model']).default('merge').meta({ description: '`merge`: all answers together. `vote`: the most frequent answer. `reduce`: a command in the VM of a member. `model`: the configured language model.' }),
  format: z.enum(['text', 'json']).default('text').meta({ description: 'For merge and vote: whether answers are text, or JSON, of which lists are concatenated and objects merged.' }),
  command: ExecRequest.shape.command.optional().meta({ description: 'For reduce: reads the answers as JSON from standard input; its standard output is the result.' }),
  prompt: Text.optional().meta({ description: 'For model: what to do with the answers.' }),
}).refine(({ how, command }) => (how === 'reduce') === (command !== undefined), '`command` is needed for reduce, and only for it')
  .refine(({ how, prompt }) => how === 'model' || prompt === undefined, '`prompt` is only for model');
export type Synthesis = z.infer<typeof Synthesis>;

const settings = {
  leaseSeconds: z.int().min(10).max(86_400).default(60).meta({ description: 'A member that does not answer or renew its lease for this long loses the sub-task to another one.' }),
  attempts: z.int().min(1).max(20).default(3).meta({ description: 'How often a sub-task is tried before it fails.' }),
  perMember: z.int().min(1).max(32).default(1).meta({ description: 'How many sub-tasks a member works on at a time.' }),
  network: z.boolean().default(true).meta({ description: 'Let the members reach each other over the network while the collaboration is running, except those whose network policy is `none`.' }),
  allowFailures: z.boolean().default(false).meta({ description: 'Synthesize the answers that there are if sub-tasks fail; otherwise the first failure ends the collaboration.' }),
};

export const StartCollaboration = z.strictObject({
  name: Name.optional().meta({ description: 'By default, Somnus chooses one.' }),
  task: Text.meta({ description: 'What the members do together. Without `tasks`, the agent of each member is asked this.' }),
  members: z.array(z.strictObject({ environment: z.string().min(1).max(200), role: Role.optional() })).min(1).max(32),
  tasks: z.array(SubTaskRequest).min(1).max(500).optional(),
  synthesis: Synthesis.prefault({}),
  deadlineSeconds: z.int().min(1).max(2_592_000).optional().meta({ description: 'The collaboration fails if it has not ended by then.' }),
  ...settings,
});
export type StartCollaboration = z.infer<typeof StartCollaboration>;

export const Member = z.strictObject({ environmentId: idSchema('env'), name: z.string(), role: z.string().nullable() });
export type Member = z.infer<typeof Member>;

export const ShownMember = Member.extend({ ip: z.string().nullable().meta({ description: 'Its address, for the other members; null when its environment is gone.' }) });

export const CollaborationStatus = z.enum(['running', 'succeeded', 'failed', 'cancelled']);

export const Collaboration = z.strictObject({
  id: idSchema('col'),
  name: Name,
  owner: z.string(),
  task: z.string(),
  status: CollaborationStatus,
  reason: z.string().nullable().meta({ description: 'Why it failed.' }),
  members: z.array(ShownMember),
  synthesis: z.enum(['merge', 'vote', 'reduce', 'model']),
  progress: z.strictObject({ total: z.int(), done: z.int(), running: z.int(), failed: z.int() }).meta({ description: 'Numbers of sub-tasks.' }),
  resultBytes: z.int().nullable().meta({ description: 'Size of the result; null until there is one.' }),
  createdAt: z.iso.datetime(),
  deadlineAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
});
export type Collaboration = z.infer<typeof Collaboration>;
export const CollaborationPage = pageOf(Collaboration);

export const LeaseStatus = z.enum(['active', 'accepted', 'failed', 'expired', 'late', 'cancelled']);

export const Lease = z.strictObject({
  id: idSchema('lease'),
  taskId: idSchema('sub'),
  member: z.string(),
  status: LeaseStatus.meta({ description: '`expired`: the member did not renew it. `late`: it answered after that; the answer was refused.' }),
  until: z.iso.datetime().meta({ description: 'When it expires unless it is renewed.' }),
  jobId: idSchema('job').nullable().meta({ description: "The job in the member's VM that runs the command." }),
  reason: z.string().nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type Lease = z.infer<typeof Lease>;

export const SubTaskStatus = z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']);

export const SubTask = z.strictObject({
  id: idSchema('sub'),
  collaborationId: idSchema('col'),
  name: z.string(),
  command: z.array(z.string()).nullable(),
  ask: z.string().nullable(),
  role: z.string().nullable(),
  member: z.string().nullable().meta({ description: 'The member that must do it.' }),
  status: SubTaskStatus,
  attempts: z.int().meta({ description: 'How often a member has started it.' }),
  doneBy: z.string().nullable().meta({ description: 'The member that works on it, or whose answer was accepted.' }),
  answerBytes: z.int().nullable(),
  reason: z.string().nullable().meta({ description: 'Why the last attempt failed.' }),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type SubTask = z.infer<typeof SubTask>;
export const SubTaskPage = pageOf(SubTask);
export const SubTaskDetail = SubTask.extend({ answer: z.string().nullable(), leases: z.array(Lease).meta({ description: 'All attempts, oldest first.' }) });
export type SubTaskDetail = z.infer<typeof SubTaskDetail>;

export const SendMessage = z.strictObject({
  text: Text,
  to: z.string().max(200).optional().meta({ description: 'The member that gets it; by default all.' }),
});
export type SendMessage = z.infer<typeof SendMessage>;

export const Message = z.strictObject({
  cursor: z.string(),
  collaboration: z.string().meta({ description: 'Name of the collaboration.' }),
  from: z.string().nullable().meta({ description: 'The member that sent it; null for its owner.' }),
  to: z.string().nullable().meta({ description: 'Null: all members.' }),
  text: z.string(),
  at: z.iso.datetime(),
});
export type Message = z.infer<typeof Message>;
export const MessagePage = pageOf(Message);

export const CollaborationResult = z.strictObject({ status: CollaborationStatus, result: z.string(), votes: z.record(z.string(), z.int()).nullable().meta({ description: 'For a vote: how often each answer was given.' }) });
export type CollaborationResult = z.infer<typeof CollaborationResult>;

export const SharedFile = z.strictObject({
  path: z.string(),
  version: z.int(),
  sha256: z.string(),
  bytes: z.int(),
  member: z.string().meta({ description: 'The member that published it.' }),
  at: z.iso.datetime(),
});
export type SharedFile = z.infer<typeof SharedFile>;
export const SharedFilePage = pageOf(SharedFile);
export const PublishFile = z.strictObject({ path: SharedPath.meta({ description: 'A file below /somnus/shared/COLLABORATION in the environment.' }) });
export type PublishFile = z.infer<typeof PublishFile>;

export const InboxTask = z.strictObject({
  id: idSchema('sub'), name: z.string(), ask: z.string(),
  collaboration: z.string(), task: z.string().meta({ description: 'The task of the whole collaboration.' }),
  role: z.string().nullable(),
});
export const Inbox = z.strictObject({
  tasks: z.array(InboxTask).meta({ description: 'Sub-tasks that this environment can claim now.' }),
  messages: z.array(Message).meta({ description: 'Messages after `since`, oldest first.' }),
  cursor: z.string().meta({ description: 'Pass it as `since` next time.' }),
});
export type Inbox = z.infer<typeof Inbox>;

export const AnswerRequest = z.strictObject({
  answer: Answer.optional(),
  failure: z.string().min(1).max(2000).optional().meta({ description: 'Why the sub-task cannot be done; it is given to a member again.' }),
}).refine(({ answer, failure }) => (answer === undefined) !== (failure === undefined), 'must have either `answer` or `failure`');
export type AnswerRequest = z.infer<typeof AnswerRequest>;

export const CollaborationQuery = PageQuery.extend({ status: CollaborationStatus.optional() });
export type CollaborationQuery = z.infer<typeof CollaborationQuery>;

/** `ref` is the id or name of a collaboration. Another user's is `not_found`. */
export interface CollaborationService {
  /** @throws not_found for unknown members, invalid_request for roles or members that no member has, name_taken, unsupported when no model is configured */
  start(caller: Caller, request: StartCollaboration): Promise<Collaboration>;
  /** Newest first. */
  list(caller: Caller, query: CollaborationQuery): Promise<Page<Collaboration>>;
  /** With `waitMs`, answers when it has ended or the time has passed. */
  get(caller: Caller, ref: string, waitMs?: number, signal?: AbortSignal): Promise<Collaboration>;
  tasks(caller: Caller, ref: string, query: PageQuery): Promise<Page<SubTask>>;
  /** `task` is an id or a name. */
  task(caller: Caller, ref: string, task: string): Promise<SubTaskDetail>;
  /** Oldest first. */
  messages(caller: Caller, ref: string, query: PageQuery): Promise<Page<Message>>;
  send(caller: Caller, ref: string, request: SendMessage): Promise<Message>;
  /** By path. */
  files(caller: Caller, ref: string, query: PageQuery): Promise<Page<SharedFile>>;
  /** @throws not_found */
  file(caller: Caller, ref: string, path: string): Promise<Readable>;
  /** @throws invalid_state before it has a result */
  result(caller: Caller, ref: string): Promise<CollaborationResult>;
  /** Ends the jobs of its sub-tasks. Repeatable. @throws invalid_state when it ended otherwise */
  cancel(caller: Caller, ref: string): Promise<Collaboration>;
  /** @throws invalid_state while it is running */
  remove(caller: Caller, ref: string): Promise<void>;
}

/** What the agent of a member does. `ref` is its environment. */
export interface InboxService {
  /** With `waitMs`, answers when there is something in it or the time has passed. */
  inbox(caller: Caller, ref: string, query: { since?: string | undefined; waitMs: number }, signal: AbortSignal): Promise<Inbox>;
  /** @throws invalid_state when another member has it or this one has enough sub-tasks */
  claim(caller: Caller, ref: string, task: string): Promise<Lease>;
  /** @throws invalid_state when the lease has ended */
  renew(caller: Caller, ref: string, lease: string): Promise<Lease>;
  /** Repeatable with the same answer. @throws invalid_state when the lease has ended; the answer is then recorded as late */
  answer(caller: Caller, ref: string, lease: string, request: AnswerRequest): Promise<Lease>;
  /** The collaborations in which it is a member, newest first. */
  collaborations(caller: Caller, ref: string, query: PageQuery): Promise<Page<Collaboration>>;
  send(caller: Caller, ref: string, collaboration: string, request: SendMessage): Promise<Message>;
  /** Publishes a file of its shared folder. Returns the other file if another member has published a newer version. @throws not_found, quota_exceeded, invalid_state when the collaboration has ended */
  publish(caller: Caller, ref: string, collaboration: string, request: PublishFile, signal: AbortSignal): Promise<SharedFile>;
}
