// memory.yaml: every setting of the memory core, its default, and what it means. Read by `loadMemoryConfig`, and again by the service's `reload`.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Importance, MAX_TEXT_BYTES, MemoryType } from './memory.ts';

export const MemoryConfig = z.strictObject({
  storage: z.strictObject({
    /** Memories that a space may hold, facts and summaries included: an unlocked space is in RAM, about 5 KiB each. */
    maxMemories: z.int().min(1).default(1_000_000),
    /** Bytes of one text. */
    maxTextBytes: z.int().min(1).max(MAX_TEXT_BYTES).default(MAX_TEXT_BYTES),
  }).prefault({}),
  embeddings: z.strictObject({
    /** Off: keywords, names and dates alone; no model is loaded. */
    enabled: z.boolean().default(true),
    /** Threads of the model's session. */
    threads: z.int().min(1).max(16).default(1),
  }).prefault({}),
  retention: z.strictObject({
    /** Days that memories of each importance are kept; critical ones never expire. */
    highDays: z.number().positive().default(365),
    mediumDays: z.number().positive().default(90),
    lowDays: z.number().positive().default(30),
    temporaryDays: z.number().positive().default(1),
    /** A memory that is used starts its time again. */
    adaptive: z.boolean().default(true),
    /** Turns of the conversation are raw capture, the truth that everything else is rebuilt from: kept until forgotten. */
    keepConversation: z.boolean().default(true),
  }).prefault({}),
  privacy: z.strictObject({
    /** Passwords, tokens and private keys are replaced before anything is stored. */
    redactSecrets: z.boolean().default(true),
  }).prefault({}),
  retrieval: z.strictObject({
    /** Where vectors are compared: in this process, exactly, or by a Chroma server. */
    vectorIndex: z.enum(['exact', 'chroma']).default('exact'),
    chroma: z.strictObject({
      /** A server of yours. It sees vectors (from which text can be guessed) and opaque ids: leave it out to have one started here, its folder in RAM. */
      url: z.url().optional(),
      /** The `chroma` command that starts a server here. */
      command: z.string().default('chroma'),
    }).prefault({}),
    /** Memories in an answer when the caller does not say. */
    limit: z.int().min(1).max(200).default(10),
    /** The least cosine of any memory with a question that counts as knowing something about it. */
    minCosine: z.number().min(0).max(1).default(0.27),
    /** The share of a question's words, by weight, that finds something without any likeness of meaning. */
    minCoverage: z.number().min(0).max(2).default(0.7),
    /** How much importance and age may change a score, as a share: bounded, for as plain weights they wreck recall. */
    maxBoost: z.number().min(0).max(0.15).default(0.1),
    /** Days after which a memory that is not critical has lost half of what decay may take of its score; 0 for no decay. */
    decayHalfLifeDays: z.number().min(0).default(0),
    /** Two answers with more of their words in common than this are one answer. */
    duplicateOverlap: z.number().min(0.5).max(1).default(0.9),
  }).prefault({}),
  classification: z.strictObject({
    /** Facts are extracted from what people say. */
    extractFacts: z.boolean().default(true),
    /** Importance of a memory whose caller gives none: by the first of these phrases that is in its text, whatever the case; */
    rules: z.array(z.strictObject({ contains: z.string().min(2), importance: Importance })).default([]),
    /** else by its type. */
    importance: z.partialRecord(MemoryType, Importance).default({
      core_fact: 'critical', custom_instruction: 'critical', conversation: 'high', document: 'high', code_snippet: 'medium', tool_result: 'low', system_event: 'low',
    }),
  }).prefault({}),
  performance: z.strictObject({
    /** Minutes between two looks for memories that have expired. */
    expireEveryMinutes: z.number().min(1).default(60),
    /** Memories that one consolidation run looks at before it pauses. */
    consolidationBudget: z.int().min(10).default(2000),
    /** Minutes without any use of memory after which changes are consolidated; 0 for never. */
    consolidateAfterIdleMinutes: z.number().min(0).default(10),
  }).prefault({}),
  session: z.strictObject({
    /** Turns of the conversation that context gives in full. */
    recentTurns: z.int().min(1).max(500).default(50),
    /** Tokens of an assembled context when the caller does not say. */
    contextTokens: z.int().min(200).default(8000),
    /** Share of the context budget at which older turns are summarised in the background, and at once. */
    compactAt: z.number().min(0.1).max(1).default(0.8),
    compactNowAt: z.number().min(0.1).max(1).default(0.9),
    /** What a rollback or fork of a VM does to the memories of its environment. */
    onSnapshot: z.enum(['stay', 'roll_back', 'branch']).default('stay'),
  }).prefault({}),
});
export type MemoryConfig = z.infer<typeof MemoryConfig>;

/** Reads memory.yaml; a missing file means all defaults. @throws SomnusError `config_invalid` naming the key */
export function loadMemoryConfig(path: string): MemoryConfig {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw new SomnusError('config_invalid', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return parseMemoryConfig(text, path);
}

export function parseMemoryConfig(text: string, path: string): MemoryConfig {
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (cause) {
    throw new SomnusError('config_invalid', `${path} is not YAML: ${(cause as Error).message}`, { cause });
  }
  const parsed = MemoryConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = [...issue?.path ?? [], ...issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []].join('.');
  throw new SomnusError('config_invalid', `${path}: ${key}: ${issue?.message ?? 'not valid'}`, { details: { key } });
}
