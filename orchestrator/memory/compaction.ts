// Compacts the endless conversation: turns older than the recent ones become summaries, old summaries become shorter ones. The turns themselves do
// not change and stay in the index: compaction only decides what context shows, so it can be repeated, interrupted and discarded.
import { z } from 'zod';
import type { SummaryLine, Memory } from './memory.ts';
import { timeZoneOf } from './memory-config.ts';
import { tokensOf } from './matched-part.ts';
import { writeDerived, type WriteContext } from './remembering.ts';
import { conversationKey, conversationOf } from './scope.ts';
import { newMemoryId } from './spaces.ts';
import { summarize } from './text/summarize.ts';
import { Clock } from './text/temporal.ts';

/** Turns that one summary covers, and its number of lines. */
const TURNS_PER_SUMMARY = 25;
const LINES_PER_SUMMARY = 5;
/** Number of summaries that are kept as they are, and of older ones that are joined into one archive. */
const KEPT_SUMMARIES = 20;
const SUMMARIES_PER_ARCHIVE = 10;
const LINES_PER_ARCHIVE = 5;

export const Compaction = z.strictObject({ summarizedTurns: z.int(), newSummaries: z.int(), archivedSummaries: z.int() });
export type Compaction = z.infer<typeof Compaction>;

/** How full the context of a conversation (by conversationKey) is: the share of the budget that its unsummarized turns would take. */
export function fullness(writeContext: WriteContext, conversation: string): number {
  const { space, config } = writeContext;
  const tokens = space.catalog.unsummarized(conversation).reduce((sum, record) => sum + tokensOf(space.book.get(record).text), 0);
  return tokens / config.session.contextTokens;
}

/** Summarizes turns older than the recent ones. Repeatable: skips what is already summarized. */
export function compact(writeContext: WriteContext, conversation: string): Compaction {
  const { space, config } = writeContext;
  const open = space.catalog.unsummarized(conversation);
  const old = open.slice(0, Math.max(0, open.length - config.session.recentTurns));
  const summaries: Memory[] = [];
  for (let at = 0; at + TURNS_PER_SUMMARY <= old.length; at += TURNS_PER_SUMMARY) {
    const turns = old.slice(at, at + TURNS_PER_SUMMARY).map((record) => space.book.get(record));
    summaries.push(summary(writeContext, conversation, summarize(turns, LINES_PER_SUMMARY, clockOf(writeContext)), turns));
  }
  if (summaries.length > 0) writeDerived(writeContext, summaries);
  return { summarizedTurns: summaries.length * TURNS_PER_SUMMARY, newSummaries: summaries.length, archivedSummaries: archive(writeContext, conversation) };
}

/** Replaces summaries that were forgotten together with some of their turns, from the remaining turns. */
export function resummarize(writeContext: WriteContext, lost: readonly Memory[]): void {
  const summaries = lost.flatMap((old) => {
    const turns = (old.sources ?? []).map((id) => writeContext.space.recordOf(id)).filter((record) => record !== undefined).map((record) => writeContext.space.book.get(record));
    return turns.length === 0 || old.conversationId === undefined ? [] : [summary(writeContext, conversationKey(old.conversationId, old.environmentId), summarize(turns, LINES_PER_SUMMARY, clockOf(writeContext)), turns, old.metadata?.['form'])];
  });
  if (summaries.length > 0) writeDerived(writeContext, summaries);
}

/** Joins the oldest summaries when there are many; returns how many. */
function archive(writeContext: WriteContext, conversation: string): number {
  const { space } = writeContext;
  const summaries = space.catalog.summaries(conversation).filter((one) => one.metadata?.['form'] === 'summary');
  if (summaries.length < KEPT_SUMMARIES + SUMMARIES_PER_ARCHIVE) return 0;
  const joined = summaries.slice(0, SUMMARIES_PER_ARCHIVE);
  const lines = joined.flatMap((one) => one.lines ?? []);
  const turns = lines.map((one) => space.recordOf(one.sources[0] ?? '')).filter((record) => record !== undefined).map((record) => space.book.get(record));
  const kept = summarize(turns, LINES_PER_ARCHIVE, clockOf(writeContext)).map((line): SummaryLine => ({
    text: line.text, sources: [...new Set(line.sources.flatMap((id) => lines.find((one) => one.sources[0] === id)?.sources ?? [id]))],
  }));
  const all = joined.flatMap((one) => one.sources ?? []).map((id) => space.recordOf(id)).filter((record) => record !== undefined).map((record) => space.book.get(record));
  writeDerived(writeContext, [summary(writeContext, conversation, kept, all, 'archive')]);
  space.remove(joined.map((one) => one.id));
  return joined.length;
}

function summary({ nowMs }: WriteContext, conversation: string, lines: SummaryLine[], turns: readonly Memory[], form = 'summary'): Memory {
  const at = new Date(nowMs).toISOString();
  const last = turns.at(-1);
  const { conversationId, environmentId } = conversationOf(conversation);
  return {
    id: newMemoryId(nowMs), layer: 'summary', type: 'conversation', text: lines.map((line) => line.text).join('\n'), importance: 'high', occurredAt: last?.occurredAt ?? at, createdAt: at,
    conversationId, ...environmentId === undefined ? {} : { environmentId }, lines, sources: turns.map((turn) => turn.id), metadata: { form, ...last === undefined ? {} : { lastTurn: last.id } },
  };
}

function clockOf({ config }: WriteContext): Clock {
  return new Clock(timeZoneOf(config));
}
