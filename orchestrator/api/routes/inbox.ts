// …/inbox, …/leases, …/collaborations of an environment: what the agent of a collaboration's member does. Keys limited to the environment may use them.
import { z } from 'zod';
import { AnswerRequest, CollaborationPage, Inbox, Lease, Message, PublishFile, SendMessage, SharedFile } from '../../collaboration/collaboration.ts';
import { PageQuery } from '../../store/page.ts';
import { Ref, RefParams, route, type Access, type Route } from '../route.ts';

const path = '/v1/environments/{ref}';
const see: Access = { scope: 'read', limitedKeys: true };
const change: Access = { scope: 'write', limitedKeys: true };
const LeaseParams = RefParams.extend({ lease: Ref });

export const inboxRoutes: readonly Route[] = [
  route({
    method: 'get', path: `${path}/inbox`, id: 'getInbox', summary: "Read an environment's inbox: sub-tasks that it can claim, and messages",
    description: 'With `wait`, answers as soon as there is something in it. Pass the `cursor` of the last answer as `since`, so that each message is shown once.',
    access: see, params: RefParams,
    query: z.strictObject({
      since: z.string().regex(/^\d{1,15}$/, 'must be a cursor of an inbox').optional().meta({ description: 'Only messages after this cursor.' }),
      wait: z.coerce.number().min(0).max(600).default(0).meta({ description: 'Seconds to wait while the inbox is empty.' }),
    }),
    answers: { 200: { description: 'The inbox.', schema: Inbox } },
    handle: async ({ caller, params, query: { since, wait }, ending }, { services }) => ({ status: 200, body: await services.inboxes.inbox(caller, params.ref, { since, waitMs: wait * 1000 }, ending) }),
  }),
  route({
    method: 'post', path: `${path}/inbox/{task}/claim`, id: 'claimSubTask', summary: 'Claim a sub-task',
    description: 'Returns a lease. Renew it before `until`, or the sub-task is given to another member.',
    access: change, params: RefParams.extend({ task: Ref }), answers: { 201: { description: 'The lease.', schema: Lease } },
    handle: async ({ caller, params }, { services }) => ({ status: 201, body: await services.inboxes.claim(caller, params.ref, params.task) }),
  }),
  route({
    method: 'post', path: `${path}/leases/{lease}/renew`, id: 'renewLease', summary: 'Renew the lease on a sub-task',
    access: change, params: LeaseParams, answers: { 200: { description: 'The lease.', schema: Lease } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.inboxes.renew(caller, params.ref, params.lease) }),
  }),
  route({
    method: 'post', path: `${path}/leases/{lease}/answer`, id: 'answerSubTask', summary: 'Answer a sub-task, or report that it cannot be done',
    description: 'Can be repeated with the same answer. Refused with `invalid_state` when the lease has ended: then another member has the sub-task.',
    access: change, params: LeaseParams, body: AnswerRequest, maxBodyBytes: 6 << 20, example: { answer: '1234' }, answers: { 200: { description: 'The lease, which has ended.', schema: Lease } },
    handle: async ({ caller, params, body }, { services }) => ({ status: 200, body: await services.inboxes.answer(caller, params.ref, params.lease, body) }),
  }),
  route({
    method: 'get', path: `${path}/collaborations`, id: 'listOwnCollaborations', summary: 'List the collaborations in which an environment is a member, newest first',
    access: see, params: RefParams, query: PageQuery, answers: { 200: { description: 'A page.', schema: CollaborationPage } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.inboxes.collaborations(caller, params.ref, query) }),
  }),
  route({
    method: 'post', path: `${path}/collaborations/{collab}/messages`, id: 'sendMemberMessage', summary: 'Send a message as a member to the others',
    access: change, params: RefParams.extend({ collab: Ref }), body: SendMessage, example: { text: 'Part one is done.' }, answers: { 201: { description: 'The message.', schema: Message } },
    handle: async ({ caller, params, body }, { services }) => ({ status: 201, body: await services.inboxes.send(caller, params.ref, params.collab, body) }),
  }),
  route({
    method: 'post', path: `${path}/collaborations/{collab}/publish`, id: 'publishSharedFile', summary: 'Publish a file of the shared folder to the other members',
    description: 'The file is below /somnus/shared/COLLABORATION in the environment. If another member has published a newer version than this environment has, the file is kept beside it, and the answer has its path.',
    access: change, params: RefParams.extend({ collab: Ref }), body: PublishFile, example: { path: 'draft.md' }, answers: { 200: { description: 'The published file.', schema: SharedFile } },
    handle: async ({ caller, params, body, signal }, { services }) => ({ status: 200, body: await services.inboxes.publish(caller, params.ref, params.collab, body, signal) }),
  }),
];
