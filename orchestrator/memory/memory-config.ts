// memory.yaml: every setting of the memory core, its default and its meaning. Read by `loadMemoryConfig`, and again by the service's `reload`.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Importance, MAX_TEXT_BYTES, MemoryType } from './memory.ts';

const HOST_ZONE = 'host';

/** The IANA name of the time zone of days. */
export function timeZoneOf({ language }: MemoryConfig): string {
  return language.timeZone === HOST_ZONE ? new Intl.DateTimeFormat().resolvedOptions().timeZone : language.timeZone;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export const MemoryConfig = z.strictObject({
  storage: z.strictObject({
    /** Maximum number of memories in a space, including facts and summaries; an unlocked space is in RAM, about 5 KiB per memory. */
    maxMemories: z.int().min(1).default(1_000_000),
    /** Maximum size of one text, in bytes. */
    maxTextBytes: z.int().min(1).max(MAX_TEXT_BYTES).default(MAX_TEXT_BYTES),
    /** Maximum size of one attached file, in bytes. */
    maxFileBytes: z.int().min(1).default(2 ** 30),
    /** Maximum size of all attached files of a space together, in bytes. */
    maxFilesBytes: z.int().min(1).default(10 * 2 ** 30),
  }).prefault({}),
  files: z.strictObject({
    /** Commands that read files of a media type: they get the file on standard input and write text, such as a transcript or a description. The first one that matches is used. */
    readers: z.array(z.strictObject({
      /** Such as audio/mpeg or audio/* */
      mediaType: z.string().regex(/^[a-z]+\/[a-z0-9.+*-]+$/),
      /** The program and its arguments. It runs as the user that runs Somnus. */
      command: z.array(z.string().min(1)).min(1),
      timeoutSeconds: z.number().min(1).max(86_400).default(600),
    })).default([]),
  }).prefault({}),
  embeddings: z.strictObject({
    /** False: search by keywords, names and dates only; no model is loaded. */
    enabled: z.boolean().default(true),
    /** Threads of the model's session. */
    threads: z.int().min(1).max(16).default(1),
  }).prefault({}),
  language: z.strictObject({
    /** The time zone of days ("yesterday", "on Monday", "in March"): an IANA name, or `host` for the time zone of the host. */
    timeZone: z.string().refine((name) => name === HOST_ZONE || isTimeZone(name), 'must be the IANA name of a time zone, such as Europe/Tallinn, or host').default(HOST_ZONE),
  }).prefault({}),
  retention: z.strictObject({
    /** Days that memories of each importance are kept; critical ones never expire. */
    highDays: z.number().positive().default(365),
    mediumDays: z.number().positive().default(90),
    lowDays: z.number().positive().default(30),
    temporaryDays: z.number().positive().default(1),
    /** Using a memory restarts its retention period. */
    adaptive: z.boolean().default(true),
    /** Turns are kept until they are forgotten: they are the raw capture from which everything else is rebuilt. */
    keepConversation: z.boolean().default(true),
  }).prefault({}),
  privacy: z.strictObject({
    /** Passwords, tokens and private keys are replaced before anything is stored. */
    redactSecrets: z.boolean().default(true),
    /** Minutes without use after which a user's main space is locked; 0: never. */
    lockAfterIdleMinutes: z.number().min(0).default(0),
    /** The same for private spaces. */
    lockPrivateAfterIdleMinutes: z.number().min(0).default(60),
  }).prefault({}),
  retrieval: z.strictObject({
    /** Where vectors are compared: exactly, in the memory process, or by a Chroma server. */
    vectorIndex: z.enum(['exact', 'chroma']).default('exact'),
    chroma: z.strictObject({
      /** URL of your own server. It sees vectors, from which text can be guessed, and opaque ids. If omitted, Somnus starts a server with its folder in RAM. */
      url: z.url().optional(),
      /** Tenant and database on your server; default: those of the server. */
      tenant: z.string().min(1).optional(),
      database: z.string().min(1).optional(),
      /** A file with the token for your server (`X-Chroma-Token`). Only the user that runs Somnus may have access to it. */
      tokenFile: z.string().startsWith('/').optional(),
      /** The `chroma` command that starts a server on this host. */
      command: z.string().default('chroma'),
    }).prefault({}),
    /** Memories in an answer if the caller sets no limit. */
    limit: z.int().min(1).max(200).default(10),
    /** The lowest cosine between a question and a memory at which memory has an answer. */
    minCosine: z.number().min(0).max(1).default(0.27),
    /** The weighted share of a question's words at which a memory also counts as a match, whatever its cosine. */
    minCoverage: z.number().min(0).max(2).default(0.7),
    /** How much importance and age may change a score, as a share. Bounded, because as plain weights they ruin recall. */
    maxBoost: z.number().min(0).max(0.15).default(0.1),
    /** Days after which a memory that is not critical has lost half of the score that decay may take; 0: no decay. */
    decayHalfLifeDays: z.number().min(0).default(0),
    /** Two answers that share more than this part of their words are duplicates. */
    duplicateOverlap: z.number().min(0.5).max(1).default(0.9),
  }).prefault({}),
  classification: z.strictObject({
    /** Facts are extracted from what people say. */
    extractFacts: z.boolean().default(true),
    /** A language model that also extracts facts, over OpenAI's chat completions API. It receives what people say, so preferably use one on this host. */
    extractor: z.strictObject({
      /** Such as http://127.0.0.1:11434/v1 */
      url: z.url({ protocol: /^https?$/ }),
      model: z.string().min(1),
      timeoutSeconds: z.number().min(1).max(600).default(60),
    }).optional(),
    /** Importance of a memory whose caller sets none: the first rule whose phrase is in its text applies, ignoring case. */
    rules: z.array(z.strictObject({ contains: z.string().min(2), importance: Importance })).default([]),
    /** Importance by type, if no rule applies. */
    importance: z.partialRecord(MemoryType, Importance).default({
      core_fact: 'critical', custom_instruction: 'critical', conversation: 'high', document: 'high', code_snippet: 'medium', tool_result: 'low', system_event: 'low',
    }),
  }).prefault({}),
  performance: z.strictObject({
    /** Estimated RAM for the content of all unlocked spaces, in MiB. Above it, the content of the least recently used spaces is dropped, and loaded again at their next use. */
    memoryBudgetMiB: z.int().min(1).default(4096),
    /** Minutes between two searches for expired memories. */
    expireEveryMinutes: z.number().min(1).default(60),
    /** Memories that one consolidation run processes before it pauses. */
    consolidationBudget: z.int().min(10).default(2000),
    /** Minutes without use of memory after which changes are consolidated; 0: never. */
    consolidateAfterIdleMinutes: z.number().min(0).default(10),
  }).prefault({}),
  session: z.strictObject({
    /** Turns of the conversation that context includes in full. */
    recentTurns: z.int().min(1).max(500).default(50),
    /** Size of a context in tokens if the caller sets none. */
    contextTokens: z.int().min(200).default(8000),
    /** Share of the context budget at which older turns are summarized: in the background, and immediately. */
    compactAt: z.number().min(0.1).max(1).default(0.8),
    compactNowAt: z.number().min(0.1).max(1).default(0.9),
    /** What a rollback or fork of a VM does to its environment's memories. */
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
    throw new SomnusError('config_invalid', `${path} is not valid YAML: ${(cause as Error).message}`, { cause });
  }
  const parsed = MemoryConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = [...issue?.path ?? [], ...issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []].join('.');
  throw new SomnusError('config_invalid', `${path}: ${key}: ${issue?.message ?? 'not valid'}`, { details: { key } });
}
