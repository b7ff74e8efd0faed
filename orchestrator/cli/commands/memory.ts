// somnus memory remember, recall, sessions, context, ls, show, history, forget
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { SomnusError } from '../../../common/errors.ts';
import type { Importance, Memory, MemoryLayer, MemoryPage, MemoryType } from '../../client/schema.d.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { page, type PageOptions } from '../paging.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatFacts } from '../terminal/text-table.ts';
import { rememberFile } from './memory-files.ts';
import { readVector } from './memory-vectors.ts';

interface Scope { environment: string | undefined; agent: string | undefined; session: string | undefined; conversation: string | undefined }
type InSpace = { space: string | undefined };

interface RememberOptions extends Scope, InSpace {
  type: MemoryType | undefined; importance: Importance | undefined; file: string | undefined; attach: string | undefined; caption: string | undefined; speaker: string | undefined; at: string | undefined; vector: string | undefined;
}

export async function rememberText(cli: Cli, args: { text: string[] }, options: RememberOptions): Promise<void> {
  const api = await cli.api();
  const { type, importance, speaker, at, space } = options;
  const scope = await scopeOf(api, options);
  const vector = options.vector === undefined ? undefined : await readVector(options.vector);
  if (options.attach !== undefined) {
    const note = args.text.length > 0 ? args.text.join(' ') : options.file === undefined ? undefined : decoded(await readFile(options.file));
    return await rememberFile(cli, api, options.attach, { text: note, type, importance, caption: options.caption, speaker, occurredAt: at, space, vector, ...scope });
  }
  const text = args.text.length > 0 ? args.text.join(' ') : decoded(options.file === undefined ? await buffer(process.stdin) : await readFile(options.file));
  const stored = await api.call('post', '/v1/memory/remember', { body: { text, type, importance, speaker, occurredAt: at, space, vector, ...scope }, headers: { 'idempotency-key': randomUUID() } });
  const secrets = stored.redactedSecrets === 0 ? '' : `; ${stored.redactedSecrets} secrets were redacted`;
  cli.out.result(stored, () => (cli.out.quiet ? stored.id ?? '' : `${{ stored: 'Stored', duplicate: 'Already stored', recalled_text: 'Not stored: the text only repeats recalled memories' }[stored.outcome]} ${stored.id ?? ''}${secrets}`.trim()));
}

interface RecallOptions extends Scope {
  space: string[]; limit: number | undefined; tokens: number | undefined; type: MemoryType[]; layer: MemoryLayer[]; from: string | undefined; to: string | undefined; asOf: string | undefined; minImportance: Importance | undefined; metadata: string[]; explain: boolean; vector: string | undefined;
}

export async function recallMemories(cli: Cli, args: { query: string[] }, options: RecallOptions): Promise<void> {
  const api = await cli.api();
  const { limit, tokens, from, to, minImportance, explain } = options;
  if (args.query.length === 0 && options.vector === undefined) throw new SomnusError('invalid_request', 'Pass a question, or a vector with --vector', { hint: 'See `somnus memory recall --help`.' });
  const given = <T>(values: T[]): T[] | undefined => (values.length === 0 ? undefined : values);
  const answer = await api.call('post', '/v1/memory/recall', {
    body: { query: args.query.length === 0 ? undefined : args.query.join(' '), vector: options.vector === undefined ? undefined : await readVector(options.vector), spaces: given(options.space), limit, tokens, types: given(options.type), layers: given(options.layer), from, to, asOf: options.asOf === undefined ? undefined : endOfDay(options.asOf), minImportance, metadata: options.metadata.length === 0 ? undefined : pairs(options.metadata, ''), explain, ...await scopeOf(api, options) },
  });
  if (cli.out.json) return cli.out.result(answer, () => '');
  if (answer.hits.length === 0) return cli.out.note('No memories found.');
  for (const { memory, score, weak, part, explain: why } of answer.hits) {
    if (cli.out.quiet) cli.out.line(memory.id);
    else {
      cli.out.line(`${cli.out.paint('gray', `${memory.id}  ${memory.occurredAt.slice(0, 10)}  ${score.toFixed(2)}${weak === true ? ' weak' : ''}`)}  ${said(part === undefined ? memory : { ...memory, text: part.text })}`);
      if (part !== undefined) cli.out.line(cli.out.paint('gray', `    part ${part.number} of ${part.of}${memory.attachment?.name === undefined ? '' : ` of ${sanitize(memory.attachment.name)}`}${part.heading === null ? '' : `, under ${sanitize(part.heading)}`}`));
      if (why !== undefined) {
        const reasons = [...Object.entries(why.ranks).map(([retriever, rank]) => `${retriever} #${rank}`), why.cosine === undefined ? undefined : `cosine ${why.cosine.toFixed(2)}`, why.vector === undefined ? undefined : `vector #${why.vector.rank} (cosine ${why.vector.cosine.toFixed(2)})`, `boost ${why.boost.toFixed(2)}`];
        cli.out.line(`    ${reasons.filter((reason) => reason !== undefined).join(', ')}`);
      }
    }
  }
}

export async function recallSessions(cli: Cli, args: { query: string[] }, options: InSpace & { limit: number | undefined }): Promise<void> {
  const api = await cli.api();
  const { sessions } = await api.call('post', '/v1/memory/recall-sessions', { body: { query: args.query.join(' '), ...options } });
  cli.out.list({ items: sessions, nextCursor: null }, {
    columns: [{ title: 'SESSION' }, { title: 'SCORE', align: 'right' }], row: ({ session, score }) => [sanitize(session), score.toFixed(2)], name: ({ session }) => sanitize(session), none: 'No sessions.',
  });
}

export async function memoryContext(cli: Cli, args: { query: string[] }, options: Scope & InSpace & { tokens: number | undefined }): Promise<void> {
  const api = await cli.api();
  const { tokens, space } = options;
  const context = await api.call('post', '/v1/memory/context', {
    body: { query: args.query.length === 0 ? undefined : args.query.join(' '), tokens, space, ...await scopeOf(api, options) },
  });
  cli.out.result(context, () => sanitizeLines(context.text));
}

export async function listMemories(cli: Cli, _args: unknown, options: PageOptions & InSpace & { type: MemoryType | undefined; layer: MemoryLayer | undefined; conversation: string | undefined; environment: string | undefined; agent: string | undefined }): Promise<void> {
  const { type, layer, space } = options;
  const { environmentId, agentId, conversationId } = await scopeOf(await cli.api(), { ...options, session: undefined });
  const memories: MemoryPage = await page(cli, '/v1/memory/memories', { query: { type, layer, space, environmentId, agentId, conversationId } }, options);
  cli.out.list(memories, {
    columns: ['ID', 'TYPE', 'IMPORTANCE', 'WHEN', 'TEXT'].map((title) => ({ title })),
    row: (memory) => [memory.id, memory.layer === 'raw' ? memory.type : `${memory.type} (${memory.layer})`, memory.importance, formatWhen(memory.occurredAt), said(memory)],
    name: ({ id }) => id, none: 'No memories.',
  });
}

export async function showMemory(cli: Cli, args: { id: string }, options: InSpace): Promise<void> {
  const api = await cli.api();
  const memory = await api.call('get', '/v1/memory/memories/{id}', { path: { id: args.id }, query: { space: options.space } });
  cli.out.result(memory, () => `${facts(memory)}\n\n${sanitizeLines(memory.text)}`);
}

export async function memoryHistory(cli: Cli, args: { id: string }, options: InSpace): Promise<void> {
  const api = await cli.api();
  const history = await api.call('get', '/v1/memory/memories/{id}/history', { path: { id: args.id }, query: { space: options.space } });
  const section = (title: string, lines: string[]): string[] => (lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]);
  cli.out.result(history, () => [
    facts(history.memory), `uses          ${history.uses}`, ...(history.supersededBy === undefined ? [] : [`superseded by ${history.supersededBy}`]),
    ...section('Derived from:', history.sources.map((one) => `${one.id}  ${said(one)}`)),
    ...section('Derived memories:', history.derived.map((one) => `${one.id}  ${said(one)}`)),
    ...section('Versions:', history.versions.map(({ memory, validTo }) => `${memory.occurredAt.slice(0, 10)} – ${validTo?.slice(0, 10) ?? 'now'}  ${said(memory)}`)),
  ].join('\n'));
}

export async function editMemory(cli: Cli, args: { id: string; text: string[] }, options: InSpace & { importance: Importance | undefined; set: string[] }): Promise<void> {
  const api = await cli.api();
  const memory = await api.call('patch', '/v1/memory/memories/{id}', {
    path: { id: args.id }, body: { space: options.space, text: args.text.length === 0 ? undefined : args.text.join(' '), importance: options.importance, metadata: options.set.length === 0 ? undefined : pairs(options.set, null) },
  });
  cli.out.result(memory, () => `Changed ${memory.id}`);
}

/** Converts NAME=VALUE pairs to an object; a name without a value gets the value `empty`. */
function pairs<E>(typed: readonly string[], empty: E): Record<string, string | E> {
  return Object.fromEntries(typed.map((pair) => {
    const at = pair.indexOf('=');
    return at === -1 || at === pair.length - 1 ? [at === -1 ? pair : pair.slice(0, at), empty] : [pair.slice(0, at), pair.slice(at + 1)];
  }));
}

interface ForgetOptions extends Scope, InSpace { user: boolean; yes: boolean }

export async function forgetMemories(cli: Cli, args: { ids: string[] }, options: ForgetOptions): Promise<void> {
  const api = await cli.api();
  const ways = [args.ids.length > 0, options.user, options.environment !== undefined, options.agent !== undefined, options.session !== undefined, options.conversation !== undefined].filter(Boolean).length;
  if (ways !== 1) throw new SomnusError('invalid_request', 'Pass ids, or one of --session, --environment, --agent, --conversation and --user', { hint: 'See `somnus memory forget --help`.' });
  if (options.user) {
    await confirm('Destroy all your memory with its keys and content?', options.yes);
    const gone = await api.call('delete', '/v1/memory', { query: { confirm: 'everything' } });
    return cli.out.result(gone, () => `Destroyed your memory: ${gone.spaces === 1 ? 'one space' : `${gone.spaces} spaces`}`);
  }
  const gone = await api.call('post', '/v1/memory/forget', { body: { ids: args.ids.length === 0 ? undefined : args.ids, space: options.space, ...await scopeOf(api, options) } });
  cli.out.result(gone, () => [`Forgot ${gone.forgotten} memories and ${gone.derived} derived from them`, ...gone.exports.map(({ id, at }) => `  the export ${id} of ${at} still contains some of it; delete that file`)].join('\n'));
}

/** Resolves environment names to ids, since memories know environments by id. Keeps names of removed environments unchanged. */
async function scopeOf(api: ApiClient, { environment, agent, session, conversation }: Scope): Promise<{ environmentId: string | undefined; agentId: string | undefined; sessionId: string | undefined; conversationId: string | undefined }> {
  const environmentId = environment === undefined ? undefined : await api.call('get', '/v1/environments/{ref}', { path: { ref: environment } }).then(({ id }) => id, (error: unknown) => {
    if (error instanceof SomnusError && error.code === 'not_found' && environment.startsWith('env_')) return environment;
    throw error;
  });
  return { environmentId, agentId: agent, sessionId: session, conversationId: conversation };
}

/** A date stands for its last moment: what was said on that day is known. */
function endOfDay(date: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(date) ? `${date}T23:59:59.999Z` : date;
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SomnusError('invalid_request', 'The text is not UTF-8', { hint: 'Pass binary content with --attach.', cause });
  }
}

function facts(memory: Memory): string {
  const lines: [string, string | undefined][] = [
    ['id', memory.id], ['type', memory.layer === 'raw' ? memory.type : `${memory.type} (${memory.layer})`], ['importance', memory.importance], ['happened', memory.occurredAt], ['stored', memory.createdAt],
    ['speaker', memory.speaker], ['conversation', memory.conversationId], ['session', memory.sessionId], ['environment', memory.environmentId], ['agent', memory.agentId],
    ['attachment', memory.attachment === undefined ? undefined : [[memory.attachment.name ?? memory.attachment.kind, memory.attachment.content === undefined ? undefined : `(${memory.attachment.content.bytes} bytes)`].filter((part) => part !== undefined).join(' '), memory.attachment.caption].filter((part) => part !== undefined).join(': ')],
    ['relation', memory.relation === undefined ? undefined : `${memory.relation.subject} ${memory.relation.predicate} ${memory.relation.object} (${memory.relation.confidence})`],
    ...Object.entries(memory.metadata ?? {}).map(([name, text]): [string, string] => ['metadata', `${name}=${text}`]), ...(memory.edits ?? []).map(({ at, text }): [string, string] => [`until ${at.slice(0, 10)}`, text.replaceAll(/\s+/g, ' ')]),
  ];
  return formatFacts(lines.filter((fact): fact is [string, string] => fact[1] !== undefined).map(([name, value]) => [name, sanitize(value)] as const));
}

const LINE_LENGTH = 120;

/** What a memory says, in one line. */
function said(memory: Memory): string {
  const line = `${memory.speaker === undefined ? '' : `${memory.speaker}: `}${memory.text}`.replaceAll(/\s+/g, ' ');
  return sanitize(line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH - 1)}…` : line);
}

function sanitizeLines(text: string): string {
  return text.split('\n').map(sanitize).join('\n');
}
