// Reads conversations in LoCoMo's format, and measures rankings against the evidence of their questions.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { RememberInput } from '../../orchestrator/memory/remembering.ts';

const Turn = z.object({ speaker: z.string(), dia_id: z.string(), text: z.string(), blip_caption: z.string().optional() });
const Sample = z.object({
  sample_id: z.string().optional(),
  conversation: z.record(z.string(), z.unknown()),
  qa: z.array(z.object({ question: z.string(), category: z.int(), evidence: z.array(z.string()) })),
});

export const CATEGORIES: Record<number, string> = { 1: 'multi-hop', 2: 'temporal', 3: 'open-domain', 4: 'single-hop', 5: 'adversarial' };

export interface Dialogue {
  turns: RememberInput[];
  questions: { text: string; category: string; turns: string[]; sessions: string[] }[];
  lastMs: number;
}

export function readDialogues(path: string): Dialogue[] {
  return z.array(Sample).parse(JSON.parse(readFileSync(path, 'utf8'))).map(({ conversation, qa }) => {
    const sessions = Object.keys(conversation).filter((key) => /^session_\d+$/.test(key)).toSorted((a, b) => Number(a.slice(8)) - Number(b.slice(8)));
    let lastMs = 0;
    const turns = sessions.flatMap((session) => {
      const startMs = readDate(String(conversation[`${session}_date_time`]));
      return z.array(Turn).parse(conversation[session]).map((turn, i): RememberInput => {
        lastMs = Math.max(lastMs, startMs + i * 30_000);
        return {
          type: 'conversation', text: turn.text, speaker: turn.speaker, sourceId: turn.dia_id, sessionId: `D${session.slice(8)}`, occurredAt: new Date(startMs + i * 30_000).toISOString(),
          ...turn.blip_caption === undefined ? {} : { attachment: { kind: 'image', caption: turn.blip_caption } },
        };
      });
    });
    const known = new Set(turns.map((turn) => turn.sourceId));
    const questions = qa.map((question) => {
      const evidence = [...new Set(question.evidence.flatMap((text) => text.match(/D\d+:\d+/g) ?? []))].filter((id) => known.has(id));
      return { text: question.question, category: CATEGORIES[question.category] ?? `category-${question.category}`, turns: evidence, sessions: [...new Set(evidence.map((id) => id.split(':')[0]!))] };
    }).filter((question) => question.turns.length > 0);
    return { turns, questions, lastMs };
  });
}

/** Such as "1:56 pm on 8 May, 2023". */
function readDate(text: string): number {
  const match = /(\d+):(\d+) (am|pm) on (\d+) (\w+),? (\d{4})/i.exec(text);
  if (match === null) return Date.UTC(2023, 0);
  const hours = Number(match[1]) % 12 + (match[3]!.toLowerCase() === 'pm' ? 12 : 0);
  return Date.parse(`${match[4]} ${match[5]} ${match[6]} UTC`) + (hours * 60 + Number(match[2])) * 60_000;
}

/** NDCG@10 of a ranking, 0–1. */
export function gainOf(ranking: readonly string[], evidence: readonly string[]): number {
  const relevant = new Set(evidence);
  const gain = (position: number): number => 1 / Math.log2(position + 2);
  const best = Array.from({ length: Math.min(10, relevant.size) }, (_, i) => gain(i)).reduce((sum, value) => sum + value, 0);
  return ranking.slice(0, 10).reduce((sum, id, i) => sum + (relevant.has(id) ? gain(i) : 0), 0) / best;
}

export interface Quality { r5: number; r10: number; ndcg10: number }

/** Collects the quality of rankings by category and overall: recall is the mean share of evidence found. */
export class Judge {
  readonly #sums = new Map<string, { r5: number; r10: number; ndcg10: number; questions: number }>();

  add(category: string, ranking: readonly string[], evidence: readonly string[]): void {
    const relevant = new Set(evidence);
    const found = (count: number): number => ranking.slice(0, count).filter((id) => relevant.has(id)).length / relevant.size;
    const ndcg10 = gainOf(ranking, evidence);
    for (const key of ['overall', category]) {
      const sum = this.#sums.get(key) ?? { r5: 0, r10: 0, ndcg10: 0, questions: 0 };
      this.#sums.set(key, { r5: sum.r5 + found(5), r10: sum.r10 + found(10), ndcg10: sum.ndcg10 + ndcg10, questions: sum.questions + 1 });
    }
  }

  result(): Record<string, Quality> {
    const percent = (sum: number, of: number): number => Math.round(1000 * sum / of) / 10;
    return Object.fromEntries([...this.#sums].map(([key, sum]) => [key, { r5: percent(sum.r5, sum.questions), r10: percent(sum.r10, sum.questions), ndcg10: percent(sum.ndcg10, sum.questions) }]));
  }
}
