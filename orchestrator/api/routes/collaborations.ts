// /v1/collaborations: work that several environments do together, for its owner. Members use their inboxes (inbox.ts).
import { z } from 'zod';
import { Collaboration, CollaborationPage, CollaborationQuery, CollaborationResult, Message, MessagePage, SendMessage, SharedFilePage, SharedPath, StartCollaboration, SubTaskDetail, SubTaskPage } from '../../collaboration/collaboration.ts';
import { PageQuery } from '../../store/page.ts';
import { Ref, route, Wait, type Access, type Route } from '../route.ts';

const path = '/v1/collaborations';
const CollabParams = z.strictObject({ collab: Ref });
const see: Access = { scope: 'read', limitedKeys: false };
const change: Access = { scope: 'write', limitedKeys: false };

export const collaborationRoutes: readonly Route[] = [
  route({
    method: 'post', path, id: 'startCollaboration', summary: 'Start a collaboration of several environments',
    description: 'Its sub-tasks are commands, which run as jobs in the VMs of the members, or questions, which the agents of the members claim from their inboxes. Without `tasks`, the agent of each member is asked the task. '
      + 'A sub-task whose member stops, cannot be reached or does not renew its lease is given to another one. One answer per sub-task is accepted; `synthesis` says how they become the result.',
    access: change, body: StartCollaboration, idempotent: 'replayed',
    example: { task: 'Count the words of the corpus', members: [{ environment: 'a' }, { environment: 'b' }], tasks: [{ name: 'first', command: 'wc -w < /srv/part1' }, { name: 'second', command: 'wc -w < /srv/part2' }] },
    answers: { 201: { description: 'The collaboration.', schema: Collaboration } },
    handle: async ({ caller, body }, { services }) => {
      const started = await services.collaborations.start(caller, body);
      return { status: 201, headers: { location: `${path}/${started.id}` }, body: started };
    },
  }),
  route({
    method: 'get', path, id: 'listCollaborations', summary: 'List collaborations, newest first',
    access: see, query: CollaborationQuery, answers: { 200: { description: 'A page.', schema: CollaborationPage } },
    handle: async ({ caller, query }, { services }) => ({ status: 200, body: await services.collaborations.list(caller, query) }),
  }),
  route({
    method: 'get', path: `${path}/{collab}`, id: 'getCollaboration', summary: 'Show a collaboration',
    access: see, params: CollabParams, query: z.strictObject({ wait: Wait.meta({ description: 'Seconds to wait for its end before answering.' }) }), answers: { 200: { description: 'The collaboration.', schema: Collaboration } },
    handle: async ({ caller, params, query, ending }, { services }) => ({ status: 200, body: await services.collaborations.get(caller, params.collab, (query.wait ?? 0) * 1000, ending) }),
  }),
  route({
    method: 'get', path: `${path}/{collab}/tasks`, id: 'listSubTasks', summary: 'List the sub-tasks of a collaboration, in the order of its plan',
    access: see, params: CollabParams, query: PageQuery, answers: { 200: { description: 'A page, without answers.', schema: SubTaskPage } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.collaborations.tasks(caller, params.collab, query) }),
  }),
  route({
    method: 'get', path: `${path}/{collab}/tasks/{task}`, id: 'getSubTask', summary: 'Show a sub-task with its answer and all attempts',
    access: see, params: CollabParams.extend({ task: Ref }), answers: { 200: { description: 'The sub-task.', schema: SubTaskDetail } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.collaborations.task(caller, params.collab, params.task) }),
  }),
  route({
    method: 'get', path: `${path}/{collab}/messages`, id: 'listMessages', summary: 'List the messages of a collaboration, oldest first',
    access: see, params: CollabParams, query: PageQuery.extend({ cursor: z.string().regex(/^\d{1,15}$/, 'must be a cursor from an earlier page').optional() }), answers: { 200: { description: 'A page.', schema: MessagePage } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.collaborations.messages(caller, params.collab, query) }),
  }),
  route({
    method: 'post', path: `${path}/{collab}/messages`, id: 'sendMessage', summary: 'Send a message to the members of a collaboration',
    access: change, params: CollabParams, body: SendMessage, example: { text: 'The corpus is in /srv/corpus.', to: 'a' }, answers: { 201: { description: 'The message.', schema: Message } },
    handle: async ({ caller, params, body }, { services }) => ({ status: 201, body: await services.collaborations.send(caller, params.collab, body) }),
  }),
  route({
    method: 'get', path: `${path}/{collab}/files`, id: 'listSharedFiles', summary: 'List the shared files of a collaboration, by path',
    access: see, params: CollabParams, query: PageQuery.extend({ cursor: z.string().max(500).optional() }), answers: { 200: { description: 'A page.', schema: SharedFilePage } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.collaborations.files(caller, params.collab, query) }),
  }),
  route({
    method: 'get', path: `${path}/{collab}/files/content`, id: 'readSharedFile', summary: 'Download the current version of a shared file',
    access: see, params: CollabParams, query: z.strictObject({ path: SharedPath }), answers: { 200: { description: 'The content.', contentType: 'application/octet-stream' } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, headers: { 'content-type': 'application/octet-stream' }, body: await services.collaborations.file(caller, params.collab, query.path) }),
  }),
  route({
    method: 'get', path: `${path}/{collab}/result`, id: 'getCollaborationResult', summary: 'Read the result of a collaboration',
    access: see, params: CollabParams, answers: { 200: { description: 'The result.', schema: CollaborationResult } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.collaborations.result(caller, params.collab) }),
  }),
  route({
    method: 'post', path: `${path}/{collab}/cancel`, id: 'cancelCollaboration', summary: 'Cancel a collaboration and end the jobs of its sub-tasks',
    access: change, params: CollabParams, answers: { 200: { description: 'The collaboration.', schema: Collaboration } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.collaborations.cancel(caller, params.collab) }),
  }),
  route({
    method: 'delete', path: `${path}/{collab}`, id: 'removeCollaboration', summary: 'Delete a collaboration that has ended, with its answers and messages',
    access: change, params: CollabParams, answers: { 204: { description: 'Deleted.' } },
    handle: async ({ caller, params }, { services }) => {
      await services.collaborations.remove(caller, params.collab);
      return { status: 204 };
    },
  }),
];
