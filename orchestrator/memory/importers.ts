// Reads chat logs of other programs as turns: OpenAI's and Claude's exports, and JSONL with one turn per line. Their content is data: it is
// stored as is and never treated as instructions.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { RememberInput } from './remembering.ts';

export const ChatLogFormat = z.enum(['openai', 'claude', 'jsonl']);
export type ChatLogFormat = z.infer<typeof ChatLogFormat>;

const OpenAi = z.array(z.object({
  id: z.string().optional(), conversation_id: z.string().optional(), title: z.string().nullish(),
  mapping: z.record(z.string(), z.object({
    message: z.object({
      id: z.string(), author: z.object({ role: z.string() }), create_time: z.number().nullish(),
      content: z.object({ parts: z.array(z.unknown()).optional() }),
    }).nullish(),
  })),
}));
const Claude = z.array(z.object({
  uuid: z.string(),
  chat_messages: z.array(z.object({
    uuid: z.string(), sender: z.string(), created_at: z.string(), text: z.string().optional(),
    content: z.array(z.object({ type: z.string(), text: z.string().optional() })).optional(),
  })),
}));
const Line = z.object({
  text: z.string().optional(), content: z.string().optional(), speaker: z.string().optional(), role: z.string().optional(), id: z.string().optional(),
  at: z.iso.datetime({ offset: true }).optional(), timestamp: z.iso.datetime({ offset: true }).optional(), conversation: z.string().optional(),
});

/** A line that cannot be imported. In a log that is one JSON document, the number of the message. */
export const Refused = z.strictObject({ line: z.int(), problem: z.string() });
export type Refused = z.infer<typeof Refused>;

export interface ChatLog { turns: { line: number; turn: RememberInput }[]; refused: Refused[] }

/**
 * Returns the turns of a log in chronological order, each with an id, so that a second import stores nothing. Of JSONL, lines that cannot be
 * read are listed and the others returned. @throws SomnusError `invalid_request` for a file that is no such log at all
 */
export function readChatLog(format: ChatLogFormat, text: string): ChatLog {
  const log = format === 'jsonl' ? jsonl(text) : { turns: (format === 'openai' ? openAi(text) : claude(text)).map((turn, i) => ({ line: i + 1, turn })), refused: [] };
  const turns = log.turns.filter(({ turn }) => turn.text.trim() !== '').toSorted((a, b) => (a.turn.occurredAt ?? '').localeCompare(b.turn.occurredAt ?? '') || a.line - b.line);
  return { turns, refused: log.refused };
}

function openAi(text: string): RememberInput[] {
  return read(OpenAi, parseJson(text), 'an OpenAI export').flatMap((conversation, number) => Object.values(conversation.mapping).flatMap(({ message }) => {
    if (message === null || message === undefined || !['user', 'assistant'].includes(message.author.role)) return [];
    const content = (message.content.parts ?? []).filter((part): part is string => typeof part === 'string').join('\n');
    return [turn(`openai ${conversation.conversation_id ?? conversation.id ?? number}`, message.id, message.author.role, content, message.create_time == null ? undefined : new Date(message.create_time * 1000).toISOString())];
  }));
}

function claude(text: string): RememberInput[] {
  return read(Claude, parseJson(text), 'a Claude export').flatMap((conversation) => conversation.chat_messages.map((message) => {
    const content = message.content?.filter((part) => part.type === 'text').map((part) => part.text ?? '').join('\n') || message.text || '';
    return turn(`claude ${conversation.uuid}`, message.uuid, message.sender === 'human' ? 'user' : 'assistant', content, message.created_at);
  }));
}

function jsonl(text: string): ChatLog {
  const log: ChatLog = { turns: [], refused: [] };
  // A line without an id gets one from its file and number: the same file again is known, another file is not.
  const file = createHash('sha256').update(text).digest('hex').slice(0, 16);
  let line = 0;
  for (let from = 0; from < text.length;) {
    const end = text.indexOf('\n', from);
    const raw = text.slice(from, end === -1 ? text.length : end);
    from = end === -1 ? text.length : end + 1;
    line += 1;
    if (raw.trim() === '') continue;
    try {
      log.turns.push({ line, turn: readLine(raw, `line ${line} of ${file}`) });
    } catch (thrown) {
      log.refused.push({ line, problem: toSomnusError(thrown).message });
    }
  }
  if (log.turns.length === 0 && log.refused.length > 0) throw new SomnusError('invalid_request', `No line can be read as a turn; line ${log.refused[0]!.line}: ${log.refused[0]!.problem}`, { details: { line: log.refused[0]!.line } });
  return log;
}

function readLine(raw: string, fallbackId: string): RememberInput {
  const line = read(Line, parseJson(raw, 'the line'), 'a turn');
  const content = line.text ?? line.content;
  if (content === undefined) throw new SomnusError('invalid_request', 'needs text or content');
  return turn(line.conversation ?? 'imported', line.id ?? fallbackId, line.speaker ?? line.role ?? 'user', content, line.at ?? line.timestamp);
}

function turn(conversationId: string, sourceId: string, speaker: string, text: string, at: string | undefined): RememberInput {
  return { type: 'conversation', conversationId, sourceId, speaker, text, ...at === undefined ? {} : { occurredAt: new Date(at).toISOString() } };
}

function parseJson(text: string, where = 'the file'): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SomnusError('invalid_request', `${where} is not JSON`, { cause });
  }
}

function read<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new SomnusError('invalid_request', `This is not ${what}: ${issue?.path.join('.')}: ${issue?.message}`, { cause: parsed.error });
}
