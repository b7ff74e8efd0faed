// Defines a memory: the zod object that storage, REST, CLI and MCP share. Other files decide how memories are stored and found.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';

export const MemoryType = z.enum(['core_fact', 'conversation', 'document', 'code_snippet', 'tool_result', 'custom_instruction', 'system_event']);
export type MemoryType = z.infer<typeof MemoryType>;

/** How long a memory is kept; `retention` in memory.yaml sets the days for each. */
export const Importance = z.enum(['critical', 'high', 'medium', 'low', 'temporary']);
export type Importance = z.infer<typeof Importance>;

/** raw: as captured. fact: extracted by rules. summary: lines that each name the memories they summarize. */
export const Layer = z.enum(['raw', 'fact', 'summary']);
export type Layer = z.infer<typeof Layer>;

export const MemoryId = idSchema('mem');

/** The largest text of one memory; longer documents are files. */
export const MAX_TEXT_BYTES = 1_048_576;

/** Where the bytes of an attached file are, and how many there are. */
export const AttachedContent = z.strictObject({ of: MemoryId.meta({ description: 'The memory that they were stored with; a copy shares them.' }), bytes: z.int(), sha256: z.string() });

/** Content attached to the text: a file, or an image's caption. */
export const Attachment = z.strictObject({
  kind: z.enum(['code', 'file', 'image']),
  name: z.string().max(255).optional(),
  mediaType: z.string().max(255).optional(),
  /** What an image shows; searched like text. */
  caption: z.string().max(2000).optional(),
  /** The bytes in base64, as they are sent with a memory. They are stored separately from it. */
  data: z.base64().max(Math.ceil(MAX_TEXT_BYTES * 4 / 3)).optional(),
  content: AttachedContent.optional(),
});
export type Attachment = z.infer<typeof Attachment>;

/** The longest vector that a caller can send. */
export const MAX_DIMENSIONS = 4096;

/** A vector that a caller computed with a model of its own, for example of an image. It is stored with the memory, and no answer contains it. */
export const CallerVector = z.strictObject({
  model: z.string().min(1).max(100).meta({ description: 'The name of the model, chosen by the caller. Vectors are only compared with those of the same model and length.' }),
  values: z.array(z.number()).min(1).max(MAX_DIMENSIONS),
}).refine(({ values }) => values.some((value) => value !== 0), { path: ['values'], error: 'needs a value other than 0' });
export type CallerVector = z.infer<typeof CallerVector>;

/** A relation between two entities, extracted from a text by rules. */
export const Relation = z.strictObject({
  subject: z.string().min(1).max(200),
  predicate: z.string().min(1).max(100),
  object: z.string().min(1).max(500),
  /** When it became true and when it stopped being true, ISO 8601; a superseded fact keeps its validity. */
  validFrom: z.iso.datetime().optional(),
  validTo: z.iso.datetime().optional(),
  /** 0–1: confidence of the rule. */
  confidence: z.number().min(0).max(1),
});
export type Relation = z.infer<typeof Relation>;

export const SummaryLine = z.strictObject({ text: z.string(), sources: z.array(MemoryId).min(1) });
export type SummaryLine = z.infer<typeof SummaryLine>;

export const Memory = z.strictObject({
  id: MemoryId,
  layer: Layer,
  type: MemoryType,
  text: z.string(),
  importance: Importance,
  /** When it was said or when it happened. */
  occurredAt: z.iso.datetime(),
  createdAt: z.iso.datetime(),
  conversationId: z.string().max(200).optional(),
  sessionId: z.string().max(200).optional(),
  environmentId: z.string().max(200).optional(),
  /** The agent that stored it, by the name it gives itself. */
  agentId: z.string().max(200).optional(),
  /** Who said it: a name, or "user", "assistant", "tool". */
  speaker: z.string().max(200).optional(),
  /** The sender's own id for this turn; the same turn sent twice is stored once. */
  sourceId: z.string().max(200).optional(),
  attachment: Attachment.optional(),
  relation: Relation.optional(),
  lines: z.array(SummaryLine).optional(),
  /** The memories this one was derived from; forgetting one of them forgets this one. */
  sources: z.array(MemoryId).optional(),
  metadata: z.record(z.string().max(100), z.string().max(2000)).optional(),
  /** Its earlier texts, oldest first, each with the time at which it was replaced. */
  edits: z.array(z.strictObject({ at: z.iso.datetime(), text: z.string() })).optional(),
  /** Where else it was stored since, as the same text. */
  also: z.array(z.strictObject({ at: z.iso.datetime(), sessionId: z.string().optional(), conversationId: z.string().optional(), agentId: z.string().optional(), sourceId: z.string().optional() })).optional(),
});
export type Memory = z.infer<typeof Memory>;

/** Parses a stored memory. Data written by 0.1.0 calls the summary layer `crystal`. */
export function memoryFromJson(text: string): Memory {
  const memory = JSON.parse(text) as Omit<Memory, 'layer'> & { layer: Layer | 'crystal' };
  return { ...memory, layer: memory.layer === 'crystal' ? 'summary' : memory.layer };
}

/** The searchable text of a memory: its text and its attachment's name and caption. */
export function searchableText(memory: Pick<Memory, 'text' | 'attachment'>): string {
  const shown = [memory.attachment?.name, memory.attachment?.caption].filter((part) => part !== undefined).join(' ');
  return shown === '' ? memory.text : `${memory.text} [${shown}]`;
}
