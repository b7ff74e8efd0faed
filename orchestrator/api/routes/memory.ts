// /v1/memory: what the caller's agents remember. Queries are sent in bodies, since paths are logged. A key limited to one environment
// stores and recalls what belongs to that environment.
import { z } from 'zod';
import { Name } from '../../../common/ids.ts';
import { BackedUp, BackupInput, Restored } from '../../memory/backup.ts';
import { Compaction } from '../../memory/compaction.ts';
import { ConsolidateInput, ConsolidationDiff } from '../../memory/consolidation.ts';
import { Context, ContextInput } from '../../memory/context.ts';
import { ForgetInput, Forgotten } from '../../memory/forgetting.ts';
import { MemoryHistory } from '../../memory/history.ts';
import { ChatLogFormat } from '../../memory/importers.ts';
import { ListInput } from '../../memory/listing.ts';
import { Memory } from '../../memory/memory.ts';
import { keyFileText } from '../../memory/key-file.ts';
import { MemoryStatus } from '../../memory/memory-loader.ts';
import { ExportInput, Imported } from '../../memory/portability.ts';
import { Rebuilt, RebuildInput } from '../../memory/rebuilding.ts';
import { Recalled, RecallInput, RecallSessionsInput } from '../../memory/recalling.ts';
import { Remembered, RememberInput } from '../../memory/remembering.ts';
import { MAIN_SPACE, Unlock } from '../../memory/spaces.ts';
import { MemoryStats } from '../../memory/stats.ts';
import { TrainingConsent, TrainingState } from '../../memory/training.ts';
import { UpdateInput } from '../../memory/updating.ts';
import { MemoryPage } from '../answers.ts';
import { Ref, route, type Route } from '../route.ts';
import { memoryFileRoutes } from './memory-files.ts';

const MIB = 1_048_576;
/** A text of 1 MiB and an attachment of the same size, in base64 and JSON. */
const REMEMBER_BYTES = 4 * MIB;
/** Enough for a question and a vector of the maximum length. */
const RECALL_BYTES = MIB;
const IMPORT_BYTES = 256 * MIB;
const MOST_AT_ONCE = 1000;

const see = { scope: 'read', limitedKeys: false } as const;
const change = { scope: 'write', limitedKeys: false } as const;

const Space = Name.default(MAIN_SPACE);
const InSpace = z.strictObject({ space: Space });
const IdParams = z.strictObject({ id: Ref });
const SpaceParams = z.strictObject({ space: Name });
const Secret = z.string().max(1024);
const Recovery = z.strictObject({ recoveryKey: z.string() });
const Token = z.strictObject({ token: z.string().max(8 * MIB), key: z.string().max(200) });
/** A file as a string, so that its content is not parsed with the body. */
const FileText = z.string().max(IMPORT_BYTES);

const recoveryKeyDoc = { description: 'Created. The recovery key cannot be shown again.', schema: Recovery };
const importedDoc = { 200: { description: 'What was stored and what already existed.', schema: Imported } };

const keys: readonly Route[] = [
  route({
    method: 'get', path: '/v1/memory', id: 'getMemoryStatus', summary: 'Get the state of memory and which spaces are unlocked',
    access: { scope: 'read', limitedKeys: true }, answers: { 200: { description: 'The status.', schema: MemoryStatus } },
    handle: async ({ caller }, { services }) => ({ status: 200, body: await services.memory.status(caller) }),
  }),
  route({
    method: 'post', path: '/v1/memory/setup', id: 'setUpMemory', summary: 'Set up memory, encrypted with a secret',
    description: 'The secret needs at least 12 characters and is never stored. Without the secret and the recovery key, the memory is lost.',
    access: change, body: z.strictObject({ secret: Secret }), answers: { 201: recoveryKeyDoc },
    handle: async ({ caller, body }, { services }) => ({ status: 201, body: await (await services.memory.service()).setUp(caller, body.secret) }),
  }),
  route({
    method: 'post', path: '/v1/memory/spaces', id: 'createMemorySpace', summary: 'Create a private space with its own secret',
    description: 'Only the API keys that unlock the space can use it. It is never consolidated, exported or used for training.',
    access: change, body: z.strictObject({ name: Name, secret: Secret }), answers: { 201: recoveryKeyDoc },
    handle: async ({ caller, body }, { services }) => ({ status: 201, body: await (await services.memory.service()).createPrivateSpace(caller, body.name, body.secret) }),
  }),
  route({
    method: 'delete', path: '/v1/memory/spaces/{space}', id: 'shredMemorySpace', summary: 'Permanently destroy a space with its keys and content',
    access: change, params: SpaceParams, answers: { 200: { description: 'Destroyed.', schema: z.strictObject({ spaces: z.int() }) } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await (await services.memory.service()).shred(caller, params.space) }),
  }),
  route({
    method: 'delete', path: '/v1/memory', id: 'forgetUser', summary: 'Permanently destroy all memory of the caller',
    description: 'Destroys the keys first, so backups become unreadable. Also works while memory is locked. Cannot be undone.',
    access: change, query: z.strictObject({ confirm: z.literal('everything').meta({ description: 'Must be `everything`.' }) }),
    answers: { 200: { description: 'Destroyed.', schema: z.strictObject({ spaces: z.int() }) } },
    handle: async ({ caller }, { services }) => ({ status: 200, body: await (await services.memory.service()).shred(caller) }),
  }),
  route({
    method: 'post', path: '/v1/memory/unlock', id: 'unlockMemory', summary: 'Unlock a space by secret, recovery key or file key',
    access: change, body: Unlock, answers: { 200: { description: 'Unlocked.', schema: MemoryStatus } },
    handle: async ({ caller, body }, { services }) => {
      await (await services.memory.service()).unlock(caller, body);
      return { status: 200, body: await services.memory.status(caller) };
    },
  }),
  route({
    method: 'post', path: '/v1/memory/lock', id: 'lockMemory', summary: 'Lock a space and remove its keys and content from RAM',
    access: change, body: InSpace, answers: { 200: { description: 'Locked.', schema: MemoryStatus } },
    handle: async ({ caller, body }, { services }) => {
      await (await services.memory.service()).lock(caller, body);
      return { status: 200, body: await services.memory.status(caller) };
    },
  }),
  route({
    method: 'post', path: '/v1/memory/secret', id: 'changeMemorySecret', summary: 'Replace the secret', description: 'Encrypts the key of the space again; stored memories are not rewritten.',
    access: change, body: z.strictObject({ credential: Unlock, newSecret: Secret }), answers: { 204: { description: 'Replaced.' } },
    handle: async ({ caller, body }, { services }) => {
      await (await services.memory.service()).changeSecret(caller, body.credential, body.newSecret);
      return { status: 204 };
    },
  }),
  route({
    method: 'post', path: '/v1/memory/recovery-key', id: 'changeMemoryRecoveryKey', summary: 'Replace the recovery key',
    access: change, body: z.strictObject({ credential: Unlock }), answers: { 201: recoveryKeyDoc },
    handle: async ({ caller, body }, { services }) => ({ status: 201, body: await (await services.memory.service()).newRecoveryKey(caller, body.credential) }),
  }),
  route({
    method: 'post', path: '/v1/memory/key-file', id: 'makeMemoryKeyFile', summary: 'Create a key file, which unlocks memory without a prompt', description: 'An earlier key file stops working.',
    access: change, body: z.strictObject({ credential: Unlock }), answers: { 201: { description: 'The content of the file; it cannot be shown again.', schema: z.strictObject({ keyFile: z.string() }) } },
    handle: async ({ caller, body }, { services }) => {
      const { fileKey } = await (await services.memory.service()).newFileKey(caller, body.credential);
      return { status: 201, body: { keyFile: keyFileText({ user: caller.user, space: body.credential.space ?? MAIN_SPACE, fileKey }) } };
    },
  }),
];

const memories: readonly Route[] = [
  route({
    method: 'post', path: '/v1/memory/remember', id: 'remember', summary: 'Store a memory', description: 'When this returns, the memory is on disk and can be found by its words; search by meaning follows within a second.',
    access: { scope: 'write', limitedKeys: true }, body: RememberInput, idempotent: true, maxBodyBytes: REMEMBER_BYTES,
    answers: { 200: { description: 'Already stored, or only recalled text.', schema: Remembered }, 201: { description: 'Stored.', schema: Remembered } },
    handle: async ({ caller, body, idempotencyKey }, { services }) => {
      const remembered = await (await services.memory.service()).remember(caller, body, idempotencyKey);
      return remembered.outcome === 'stored' ? { status: 201, headers: { location: `/v1/memory/memories/${remembered.id}` }, body: remembered } : { status: 200, body: remembered };
    },
  }),
  route({
    method: 'post', path: '/v1/memory/remember-all', id: 'rememberAll', summary: 'Store several memories of one space, all or none',
    access: { scope: 'write', limitedKeys: true }, body: z.strictObject({ memories: z.array(RememberInput).min(1).max(MOST_AT_ONCE) }), idempotent: true, maxBodyBytes: IMPORT_BYTES,
    answers: { 200: { description: 'The result for each memory, in order.', schema: z.strictObject({ results: z.array(Remembered) }) } },
    handle: async ({ caller, body, idempotencyKey }, { services }) => ({ status: 200, body: { results: await (await services.memory.service()).rememberAll(caller, body.memories, idempotencyKey) } }),
  }),
  route({
    method: 'get', path: '/v1/memory/memories', id: 'listMemories', summary: 'List memories, newest first',
    access: see, query: ListInput, answers: { 200: { description: 'A page.', schema: MemoryPage } },
    handle: async ({ caller, query }, { services }) => ({ status: 200, body: await (await services.memory.service()).list(caller, query) satisfies MemoryPage }),
  }),
  route({
    method: 'get', path: '/v1/memory/memories/{id}', id: 'getMemory', summary: 'Show a memory',
    access: see, params: IdParams, query: InSpace, answers: { 200: { description: 'The memory.', schema: Memory } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await (await services.memory.service()).get(caller, params.id, query) }),
  }),
  route({
    method: 'patch', path: '/v1/memory/memories/{id}', id: 'updateMemory', summary: 'Change the text, importance or metadata of a memory', description: 'The id stays the same, and earlier texts are kept in `edits` until the memory is forgotten. Facts and summaries are derived again from the new text.',
    access: change, params: IdParams, body: UpdateInput, answers: { 200: { description: 'The changed memory.', schema: Memory } },
    handle: async ({ caller, params, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).update(caller, params.id, body) }),
  }),
  route({
    method: 'delete', path: '/v1/memory/memories/{id}', id: 'forgetMemory', summary: 'Permanently forget a memory and everything derived from it',
    access: change, params: IdParams, query: InSpace, answers: { 200: { description: 'Removed from results, index and disk.', schema: Forgotten } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await (await services.memory.service()).forget(caller, { ids: [params.id], space: query.space }) }),
  }),
  route({
    method: 'get', path: '/v1/memory/memories/{id}/history', id: 'getMemoryHistory', summary: 'Get the sources, derived memories and successor of a memory',
    access: see, params: IdParams, query: InSpace, answers: { 200: { description: 'The history.', schema: MemoryHistory } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await (await services.memory.service()).history(caller, params.id, query) }),
  }),
  route({
    method: 'post', path: '/v1/memory/forget', id: 'forgetMemories', summary: 'Permanently forget several memories, or all of a session, environment or conversation',
    access: change, body: ForgetInput, answers: { 200: { description: 'Removed from results, index and disk.', schema: Forgotten } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).forget(caller, body) }),
  }),
  route({
    method: 'post', path: '/v1/memory/recall', id: 'recall', summary: 'Search memory',
    description: '`nothingRelevant` says that no memory matches well. `explain` adds the rank in each retriever, the cosine and the boost. `vector` is one that you compute with a model of your own; it finds the memories whose vectors of the same model and length '
      + 'are nearest. If you also give `query`, both rankings are joined by rank (reciprocal rank fusion), and 1 is the best possible score.',
    access: { scope: 'read', limitedKeys: true }, body: RecallInput, maxBodyBytes: RECALL_BYTES, answers: { 200: { description: 'The memories, best first.', schema: Recalled } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).recall(caller, body) }),
  }),
  route({
    method: 'post', path: '/v1/memory/recall-sessions', id: 'recallSessions', summary: 'List the sessions that best match a question',
    access: see, body: RecallSessionsInput,
    answers: { 200: { description: 'Best first.', schema: z.strictObject({ sessions: z.array(z.strictObject({ session: z.string(), score: z.number() })) }) } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: { sessions: await (await services.memory.service()).recallSessions(caller, body) } }),
  }),
  route({
    method: 'post', path: '/v1/memory/context', id: 'getMemoryContext', summary: 'Get the context that an agent needs, within a token budget',
    description: 'Contains instructions and facts, the recent turns of the conversation in full, older turns as summaries, and memories that match the query.',
    access: { scope: 'read', limitedKeys: true }, body: ContextInput, answers: { 200: { description: 'The text to inject, marked as memory, and its parts with their sources.', schema: Context } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).context(caller, body) }),
  }),
];

const upkeep: readonly Route[] = [
  route({
    method: 'get', path: '/v1/memory/stats', id: 'getMemoryStats', summary: 'Get statistics of a memory space',
    access: see, query: InSpace, answers: { 200: { description: 'The figures.', schema: MemoryStats } },
    handle: async ({ caller, query }, { services }) => ({ status: 200, body: await (await services.memory.service()).stats(caller, query) }),
  }),
  route({
    method: 'post', path: '/v1/memory/compact', id: 'compactMemory', summary: 'Summarize older turns of a conversation', description: 'The turns are kept and can still be found.',
    access: change, body: z.strictObject({ space: Space, conversationId: z.string().min(1).max(200).optional(), environmentId: z.string().optional() }), answers: { 200: { description: 'What was summarized.', schema: Compaction } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).compact(caller, body.conversationId, { space: body.space, environmentId: body.environmentId }) }),
  }),
  route({
    method: 'post', path: '/v1/memory/rebuild', id: 'rebuildMemory', summary: 'Rebuild the indexes from the stored memories', description: '`verify` checks the result; `dryRun` only checks.',
    access: change, body: RebuildInput, answers: { 200: { description: 'What was found.', schema: Rebuilt } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).rebuild(caller, body) }),
  }),
  route({
    method: 'post', path: '/v1/memory/consolidate', id: 'consolidateMemory', summary: 'Consolidate memory: hide duplicates, link names, write summaries, propose topics', description: 'Continues where the last run stopped. `dryRun` shows what would change without changing anything.',
    access: change, body: ConsolidateInput, answers: { 200: { description: 'What was done, or would be done.', schema: ConsolidationDiff } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).consolidate(caller, body) }),
  }),
  route({
    method: 'post', path: '/v1/memory/consolidate/undo', id: 'undoConsolidation', summary: 'Undo the last consolidation',
    access: change, body: InSpace, answers: { 200: { description: 'Number of memories restored.', schema: z.strictObject({ restored: z.int() }) } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).undoConsolidation(caller, body) }),
  }),
  route({
    method: 'post', path: '/v1/memory/reload', id: 'reloadMemorySettings', summary: 'Reload memory.yaml', description: 'If the file is not valid, the old settings stay in effect. Also retries opening memory that failed to open.',
    access: { scope: 'admin', limitedKeys: false }, answers: { 200: { description: 'Reloaded.', schema: MemoryStatus } },
    handle: async ({ caller }, { services }) => {
      await services.memory.reload();
      return { status: 200, body: await services.memory.status(caller) };
    },
  }),
];

const elsewhere: readonly Route[] = [
  route({
    method: 'post', path: '/v1/memory/backup', id: 'backUpMemory', summary: 'Copy the memory of all users to folders on the host', description: 'The content stays encrypted. The wrapped keys are copied only to a separate folder. Memory can be in use, locked or not.',
    access: { scope: 'admin', limitedKeys: false }, body: BackupInput, answers: { 200: { description: 'The backup is complete and on disk.', schema: BackedUp } },
    handle: async ({ body }, { services }) => ({ status: 200, body: await (await services.memory.opened()).backUp(body) }),
  }),
  route({
    method: 'post', path: '/v1/memory/restore', id: 'restoreMemory', summary: 'Replace the memory of all users with a backup', description: 'All spaces are locked afterwards. Keys are added only for spaces that have none and whose keys were not destroyed here, so what was shredded stays unreadable.',
    access: { scope: 'admin', limitedKeys: false }, body: BackupInput, answers: { 200: { description: 'Restored.', schema: Restored } },
    handle: async ({ body }, { services }) => ({ status: 200, body: await services.memory.restore(body) }),
  }),
  route({
    method: 'post', path: '/v1/memory/export', id: 'exportMemory', summary: 'Export memory as an encrypted file',
    access: see, body: ExportInput, answers: { 200: { description: 'The file, encrypted with the passphrase.', contentType: 'application/vnd.somnus.memory' } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, headers: { 'content-type': 'application/vnd.somnus.memory' }, body: await (await services.memory.service()).export(caller, body) }),
  }),
  route({
    method: 'post', path: '/v1/memory/import', id: 'importMemory', summary: 'Import an export', description: 'Stores all memories or none. Memories that are already stored are skipped.',
    access: change, body: z.strictObject({ space: Space, passphrase: Secret, file: FileText }), maxBodyBytes: IMPORT_BYTES, answers: importedDoc,
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).import(caller, body.file, body.passphrase, { space: body.space }) }),
  }),
  route({
    method: 'post', path: '/v1/memory/import-chat', id: 'importChatLog', summary: 'Import a chat log', description: 'Accepts OpenAI and Claude exports, and JSONL with one turn per line. Turns that are already stored are skipped.',
    access: change, body: z.strictObject({ space: Space, format: ChatLogFormat, text: FileText }), maxBodyBytes: IMPORT_BYTES, answers: importedDoc,
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).importChatLog(caller, body.format, body.text, { space: body.space }) }),
  }),
  route({
    method: 'post', path: '/v1/memory/memories/{id}/token', id: 'exportMemoryToken', summary: 'Export a memory as a Fernet token with its own key',
    access: see, params: IdParams, body: InSpace, answers: { 200: { description: 'The token and its key.', schema: Token } },
    handle: async ({ caller, params, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).exportToken(caller, params.id, body) }),
  }),
  route({
    method: 'post', path: '/v1/memory/import-token', id: 'importMemoryToken', summary: 'Import a memory from a Fernet token',
    access: change, body: Token.extend({ space: Space }), maxBodyBytes: 2 * REMEMBER_BYTES, answers: importedDoc,
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).importToken(caller, body.token, body.key, { space: body.space }) }),
  }),
  route({
    method: 'get', path: '/v1/memory/training', id: 'getTrainingState', summary: 'List consents for training data and exports',
    access: see, query: InSpace, answers: { 200: { description: 'Consents and exports, with what has been revoked or forgotten since.', schema: TrainingState } },
    handle: async ({ caller, query }, { services }) => ({ status: 200, body: await (await services.memory.service()).trainingState(caller, query) }),
  }),
  route({
    method: 'post', path: '/v1/memory/training/consent', id: 'consentToTraining', summary: 'Give or revoke consent to use a conversation as training data',
    access: change, body: TrainingConsent, answers: { 200: { description: 'The new consents and the exports.', schema: TrainingState } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, body: await (await services.memory.service()).consentToTraining(caller, body) }),
  }),
  route({
    method: 'post', path: '/v1/memory/training/export', id: 'exportTraining', summary: 'Export conversations with consent as training data', description: 'One line of JSON per conversation, with the ids of its memories.',
    access: change, body: InSpace, answers: { 200: { description: 'JSONL.', contentType: 'application/x-ndjson' } },
    handle: async ({ caller, body }, { services }) => ({ status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: await (await services.memory.service()).exportTraining(caller, body) }),
  }),
];

export const memoryRoutes: readonly Route[] = [...keys, ...memories, ...memoryFileRoutes, ...upkeep, ...elsewhere];
