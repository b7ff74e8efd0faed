// Assembles the context of a query within a budget: standing instructions and facts, the recent turns in full, summaries of earlier
// turns, and what the query recalls. It depends only on the memory, so it is the same for a new, a restored and a moved VM.
import { z } from 'zod';
import { Name } from '../../common/ids.ts';
import type { Memory } from './memory.ts';
import { timeZoneOf } from './memory-config.ts';
import { tokensOf } from './matched-part.ts';
import { recall, RecallInput, type RecallContext, type RecallHit } from './recalling.ts';
import { conversationKey, sees } from './scope.ts';
import { MAIN_SPACE } from './spaces.ts';
import { markRecalled } from './text/recalled.ts';
import { summarize } from './text/summarize.ts';
import { Clock } from './text/temporal.ts';

/** The default conversation: the user's endless one. */
export const MAIN_CONVERSATION = 'main';

export const ContextInput = z.strictObject({
  space: Name.default(MAIN_SPACE),
  query: z.string().trim().min(1).max(4000).optional(),
  conversationId: z.string().min(1).max(200).default(MAIN_CONVERSATION),
  environmentId: z.string().optional(),
  agentId: z.string().optional(),
  sessionId: z.string().optional(),
  tokens: z.int().min(100).max(1_000_000).optional(),
});
export type ContextInput = z.input<typeof ContextInput>;

export const ContextPart = z.strictObject({
  name: z.enum(['instructions', 'facts', 'summary', 'recalled', 'recent']),
  lines: z.array(z.strictObject({
    text: z.string(),
    sources: z.array(z.string()),
    /** The text did not fit; it ends with a mark that names the memory. */
    shortened: z.boolean().optional(),
  })),
});
export type ContextPart = z.infer<typeof ContextPart>;

export const Context = z.strictObject({
  /** Ready to inject: marked, so that it is not stored again when it is sent back. */
  text: z.string(),
  parts: z.array(ContextPart),
  tokens: z.int(),
});
export type Context = z.infer<typeof Context>;

type Line = ContextPart['lines'][number];

/** Maximum share of the budget for each part; what one part leaves, the next may use. */
const SHARES = { instructions: 0.2, facts: 0.2, recent: 0.4, summary: 0.15 } as const;
/** Lines about recent turns that did not fit. */
const DIGEST_LINES = 5;
/** Weak hits in a context: without a model, more would be noise. */
const MAX_WEAK = 3;
/** A shorter beginning of a text says nothing. */
const LEAST_TOKENS = 40;
const TITLES: Record<ContextPart['name'], string> = { instructions: 'Standing instructions', facts: 'Known facts', summary: 'Earlier in this conversation', recalled: 'Remembered about this', recent: 'Most recent turns' };

export async function context(recallContext: RecallContext, input: z.output<typeof ContextInput>): Promise<Context> {
  const { space, config, scope } = recallContext;
  const clock = new Clock(timeZoneOf(config));
  const budget = input.tokens ?? config.session.contextTokens;
  const conversation = conversationKey(input.conversationId, scope.environmentId);
  const standing = space.catalog.standing(scope).toSorted(byImportance);
  const turns = recentTurns(recallContext, conversation);
  const parts = new Map<ContextPart['name'], Line[]>();
  let left = budget;
  const put = (name: ContextPart['name'], candidates: readonly Line[], share: number): void => {
    const { lines, cost } = fill(candidates, Math.min(left, share));
    parts.set(name, lines);
    left -= cost;
  };

  put('instructions', standing.filter((memory) => memory.type === 'custom_instruction').map(line), Math.floor(budget * SHARES.instructions));
  put('facts', standing.filter((memory) => memory.type !== 'custom_instruction').map(line), Math.floor(budget * SHARES.facts));
  let recent = fillRecent(turns, clock, Math.min(left, Math.floor(budget * SHARES.recent)));
  left -= recent.cost;
  // What is not shown as a turn stays in reach: in a summary, or among what the query recalls.
  const summaries = space.catalog.summaries(conversation).toReversed().flatMap((summary) => summary.lines ?? []);
  const cut = new Set(turns.slice(0, turns.length - recent.lines.length));
  const digest = summarize([...cut], DIGEST_LINES, clock).toReversed();
  put('summary', [...digest, ...summaries], Math.floor(budget * SHARES.summary));
  const shown = new Set(recent.lines.flatMap(({ sources, shortened }) => shortened === true ? [] : sources));
  const hits = input.query === undefined ? [] : (await recall(recallContext, { ...RecallInput.parse({ query: input.query, space: input.space, tokens: budget, limit: 30 }), query: input.query })).hits;
  const recalled = hits.filter(({ memory }) => !shown.has(memory.id) && memory.type !== 'custom_instruction' && !standing.some((other) => other.id === memory.id));
  put('recalled', recalled.filter(({ weak }, i) => weak !== true || i < MAX_WEAK).map((hit) => hitLine(hit, clock)), left);
  // What the other parts left is for more turns.
  recent = fillRecent(turns, clock, recent.cost + left);
  parts.set('recent', recent.lines);
  parts.set('summary', (parts.get('summary') ?? []).toReversed());

  const order: ContextPart['name'][] = ['instructions', 'facts', 'summary', 'recalled', 'recent'];
  const filled = order.map((name): ContextPart => ({ name, lines: parts.get(name) ?? [] })).filter((part) => part.lines.length > 0);
  const tokens = filled.flatMap((part) => part.lines).reduce((sum, one) => sum + costOf(one.text), 0);
  return { text: filled.length === 0 ? '' : markRecalled(filled.map(section).join('\n\n')), parts: filled, tokens };
}

/** Takes the lines that fit, in order. One that is too long is shortened with a mark, not dropped. */
function fill(candidates: readonly Line[], share: number): { lines: Line[]; cost: number } {
  const lines: Line[] = [];
  let cost = 0;
  for (const candidate of candidates) {
    const one = fitted(candidate, share - cost);
    if (one === undefined) continue;
    lines.push(one);
    cost += costOf(one.text);
  }
  return { lines, cost };
}

/** Takes the newest turns without a gap, which would mislead. If not all fit in full, none takes more than a quarter, so that one long turn does not displace the others. */
function fillRecent(turns: readonly Memory[], clock: Clock, share: number): { lines: Line[]; cost: number } {
  const all = turns.map((turn) => turnLine(turn, clock));
  const total = all.reduce((sum, one) => sum + costOf(one.text), 0);
  const most = total <= share ? share : Math.max(LEAST_TOKENS, Math.floor(share / 4));
  const lines: Line[] = [];
  let cost = 0;
  for (const candidate of all.toReversed()) {
    const one = fitted(candidate, Math.min(most, share - cost));
    if (one === undefined) break;
    lines.push(one);
    cost += costOf(one.text);
  }
  return { lines: lines.reverse(), cost };
}

/** A line that costs at most so many tokens; undefined if not even its beginning would fit. */
function fitted(one: Line, tokens: number): Line | undefined {
  if (costOf(one.text) <= tokens) return one;
  if (tokens < LEAST_TOKENS) return undefined;
  const mark = ` … [shortened; the whole text is ${one.sources[0] ?? 'in memory'}]`;
  const kept = one.text.slice(0, Math.max(0, (tokens - 2) * 4 - mark.length)).replace(/[\ud800-\udbff]$/, '').replace(/\s+\S{0,30}$/, '');
  return { text: `${kept}${mark}`, sources: one.sources, shortened: true };
}

/** A line with its bullet. */
function costOf(text: string): number {
  return tokensOf(text) + 2;
}

/** The last turns of a conversation (by conversationKey) that context includes in full, oldest first. */
export function recentTurns({ space, config, scope }: Pick<RecallContext, 'space' | 'config' | 'scope'>, conversation: string): Memory[] {
  const turns: Memory[] = [];
  const records = space.book.conversation(conversation);
  for (let i = records.length - 1; i >= 0 && turns.length < config.session.recentTurns; i -= 1) {
    const record = records[i]!;
    if (space.book.alive.values[record] === 0) continue;
    const memory = space.book.get(record);
    if (memory.layer === 'raw' && sees(scope, memory)) turns.push(memory);
  }
  return turns.reverse();
}

function section(part: ContextPart): string {
  return [`## ${TITLES[part.name]}`, ...part.lines.map((one) => `- ${one.text.replaceAll('\n', '\n  ')}`)].join('\n');
}

function line(memory: Memory): Line {
  return { text: memory.text, sources: [memory.id] };
}

function turnLine(memory: Memory, clock: Clock): Line {
  const who = memory.speaker === undefined ? '' : `${memory.speaker}: `;
  return { text: `[${clock.dayOf(Date.parse(memory.occurredAt))}] ${who}${memory.text}${memory.attachment?.caption === undefined ? '' : ` [${memory.attachment.caption}]`}`, sources: [memory.id] };
}

/** The line for a hit. A long text is shown as the part that matched. */
function hitLine({ memory, part }: RecallHit, clock: Clock): Line {
  const { text, sources } = turnLine(memory, clock);
  return { text: part === undefined || part.whole ? text : `${text} [part ${part.number} of ${part.of} of ${memory.id}]`, sources };
}

function byImportance(a: Memory, b: Memory): number {
  const order = ['critical', 'high', 'medium', 'low', 'temporary'];
  return order.indexOf(a.importance) - order.indexOf(b.importance) || b.occurredAt.localeCompare(a.occurredAt);
}
