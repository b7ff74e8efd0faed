// Assembles the context of a query within a budget: standing instructions and facts, the recent turns in full, summaries of earlier
// turns, and what the query recalls. It depends only on the memory, so it is the same for a new, a restored and a moved VM.
import { z } from 'zod';
import { Name } from '../../common/ids.ts';
import type { Memory } from './memory.ts';
import { recall, RecallInput, tokensOf, type RecallContext } from './recalling.ts';
import { MAIN_SPACE } from './spaces.ts';
import { markRecalled } from './text/recalled.ts';

/** The default conversation: the user's endless one. */
export const MAIN_CONVERSATION = 'main';

export const ContextInput = z.strictObject({
  space: Name.default(MAIN_SPACE),
  query: z.string().trim().min(1).max(4000).optional(),
  conversationId: z.string().min(1).max(200).default(MAIN_CONVERSATION),
  environmentId: z.string().optional(),
  tokens: z.int().min(100).max(1_000_000).optional(),
});
export type ContextInput = z.input<typeof ContextInput>;

export const ContextPart = z.strictObject({
  name: z.enum(['instructions', 'facts', 'summary', 'recalled', 'recent']),
  lines: z.array(z.strictObject({ text: z.string(), sources: z.array(z.string()) })),
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
const TITLES: Record<ContextPart['name'], string> = { instructions: 'Standing instructions', facts: 'Known facts', summary: 'Earlier in this conversation', recalled: 'Remembered about this', recent: 'Most recent turns' };

export async function context(recallContext: RecallContext, input: z.output<typeof ContextInput>): Promise<Context> {
  const { space, config } = recallContext;
  const budget = input.tokens ?? config.session.contextTokens;
  const standing = space.standing().toSorted(byImportance);
  const turns = recentTurns(recallContext, input.conversationId);
  const shown = new Set(turns.map((turn) => turn.id));
  const hits = input.query === undefined ? [] : (await recall(recallContext, RecallInput.parse({
    query: input.query, space: input.space, tokens: budget, limit: 30, ...input.environmentId === undefined ? {} : { environmentId: input.environmentId },
  }))).hits;
  const candidates: Record<ContextPart['name'], Line[]> = {
    instructions: standing.filter((memory) => memory.type === 'custom_instruction').map(line),
    facts: standing.filter((memory) => memory.type !== 'custom_instruction').map(line),
    // Newest first, so that the budget cuts the oldest.
    recent: turns.toReversed().map(turnLine),
    summary: space.summaries(input.conversationId).toReversed().flatMap((summary) => summary.lines ?? []).filter((one) => !one.sources.every((id) => shown.has(id))),
    recalled: hits.filter(({ memory }) => !shown.has(memory.id) && !standing.some((other) => other.id === memory.id)).map(({ memory }) => turnLine(memory)),
  };

  let left = budget;
  const parts = (['instructions', 'facts', 'recent', 'summary', 'recalled'] as const).map((name): ContextPart => {
    let share = name === 'recalled' ? left : Math.min(left, Math.floor(budget * SHARES[name]));
    const lines: Line[] = [];
    for (const one of candidates[name]) {
      const cost = tokensOf(one.text) + 2;
      if (cost > share) {
        if (name === 'recent') break; // a gap between turns would mislead
        continue;
      }
      lines.push(one);
      share -= cost;
      left -= cost;
    }
    return { name, lines: name === 'recent' || name === 'summary' ? lines.toReversed() : lines };
  }).filter((part) => part.lines.length > 0);
  const order: ContextPart['name'][] = ['instructions', 'facts', 'summary', 'recalled', 'recent'];
  parts.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  return { text: parts.length === 0 ? '' : markRecalled(parts.map(section).join('\n\n')), parts, tokens: budget - left };
}

/** The last turns of a conversation that context includes in full, oldest first. */
export function recentTurns({ space, config }: Pick<RecallContext, 'space' | 'config'>, conversationId: string): Memory[] {
  const turns: Memory[] = [];
  const records = space.book.conversation(conversationId);
  for (let i = records.length - 1; i >= 0 && turns.length < config.session.recentTurns; i -= 1) {
    const record = records[i]!;
    if (space.book.alive.values[record] === 0) continue;
    const memory = space.book.get(record);
    if (memory.layer === 'raw') turns.push(memory);
  }
  return turns.reverse();
}

function section(part: ContextPart): string {
  return [`## ${TITLES[part.name]}`, ...part.lines.map((one) => `- ${one.text.replaceAll('\n', '\n  ')}`)].join('\n');
}

function line(memory: Memory): Line {
  return { text: memory.text, sources: [memory.id] };
}

function turnLine(memory: Memory): Line {
  const who = memory.speaker === undefined ? '' : `${memory.speaker}: `;
  return { text: `[${memory.occurredAt.slice(0, 10)}] ${who}${memory.text}${memory.attachment?.caption === undefined ? '' : ` [${memory.attachment.caption}]`}`, sources: [memory.id] };
}

function byImportance(a: Memory, b: Memory): number {
  const order = ['critical', 'high', 'medium', 'low', 'temporary'];
  return order.indexOf(a.importance) - order.indexOf(b.importance) || b.occurredAt.localeCompare(a.occurredAt);
}
