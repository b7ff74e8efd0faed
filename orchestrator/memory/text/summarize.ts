// Extractive summaries by rule: the most informative turns of a range, each with the turns it stands for. Invents nothing.
import type { SummaryLine, Memory } from '../memory.ts';
import { HAS_NAME, HAS_TIME, QUESTION, traits } from './traits.ts';
import type { Clock } from './temporal.ts';
import { terms } from './terms.ts';

const MAX_LINE_LENGTH = 240;

/** Returns at most `count` lines that together refer to every turn: each turn belongs to the nearest line before it, or to the first. */
export function summarize(turns: readonly Memory[], count: number, clock: Clock): SummaryLine[] {
  if (turns.length === 0) return [];
  const documents = turns.map((turn) => new Set(terms(turn.text)));
  const frequency = new Map<string, number>();
  for (const document of documents) for (const term of document) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  const weights = turns.map((turn, i) => {
    const { flags } = traits(turn.text);
    const rarity = [...documents[i]!].reduce((sum, term) => sum + Math.log(1 + turns.length / frequency.get(term)!), 0);
    const informative = ((flags & HAS_TIME) === 0 ? 1 : 1.2) * ((flags & HAS_NAME) === 0 ? 1 : 1.2) * ((flags & QUESTION) === 0 ? 1 : 0.5);
    return informative * rarity / Math.sqrt(documents[i]!.size + 4);
  });
  const chosen = weights.map((_, i) => i).toSorted((a, b) => weights[b]! - weights[a]! || a - b).slice(0, count).toSorted((a, b) => a - b);
  return chosen.map((index, i) => {
    const from = i === 0 ? 0 : index;
    const to = chosen[i + 1] ?? turns.length;
    // The quoted turn comes first.
    const sources = [turns[index]!.id, ...turns.slice(from, to).map((turn) => turn.id).filter((id) => id !== turns[index]!.id)];
    return { text: quote(turns[index]!, clock), sources };
  });
}

function quote(turn: Memory, clock: Clock): string {
  const text = turn.text.replaceAll(/\s+/g, ' ');
  const cut = text.length <= MAX_LINE_LENGTH ? text : `${text.slice(0, MAX_LINE_LENGTH).replace(/\s+\S*$/, '')} …`;
  return `[${clock.dayOf(Date.parse(turn.occurredAt))}] ${turn.speaker === undefined ? '' : `${turn.speaker}: `}${cut}`;
}
