// Reads chat logs of other programs as turns: OpenAI's and Claude's exports, and JSONL with one turn per line. Their content is data: it is
// stored as is and never treated as instructions.
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
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

/** Returns the turns of a log in chronological order, each with an id, so that a second import stores nothing. @throws SomnusError `invalid_request` naming the position */
export function readChatLog(format: ChatLogFormat, text: string): RememberInput[] {
  const turns = format === 'openai' ? openAi(text) : format === 'claude' ? claude(text) : jsonl(text);
  return turns.filter((turn) => turn.text.trim() !== '').toSorted((a, b) => (a.occurredAt ?? '').localeCompare(b.occurredAt ?? ''));
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

function jsonl(text: string): RememberInput[] {
  return text.split('\n').flatMap((raw, number) => {
    if (raw.trim() === '') return [];
    const where = `line ${number + 1}`;
    const line = read(Line, parseJson(raw, where), where);
    const content = line.text ?? line.content;
    if (content === undefined) throw new SomnusError('invalid_request', `${where}: needs text or content`, { details: { line: number + 1 } });
    return [turn(line.conversation ?? 'imported', line.id ?? where, line.speaker ?? line.role ?? 'user', content, line.at ?? line.timestamp)];
  });
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
