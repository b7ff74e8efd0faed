// Classifies an entry by meaning: votes of the nearest example lines, a linear classifier trained on all of them, and the rules' verdict as evidence.
import { SomnusError } from '../../common/errors.ts';
import { embeddingText } from './embedding-text.ts';
import { digestOf, type ExampleLine } from './example-lines.ts';
import type { ExampleVectors } from './example-vectors.ts';
import { linearScores } from './linear-classifier.ts';
import type { LogEntry } from './reading/log-entry.ts';
import { classifyByRules } from './rules-engine.ts';
import type { ErrorLabel, Evidence, Verdict } from './verdict.ts';

/** Votes of the nearest examples: how many vote, and how fast a vote fades with distance (found on held-out families). */
const NEIGHBORS = 8;
const SHARPNESS = 12;
/** The shares of the three sources in a label's score. */
const NEAREST_SHARE = 0.5;
const LINEAR_SHARE = 0.5;
const RULES_SHARE = 0.8;
/** Below these distances between the best two labels the verdict abstains. Between an error and NONE more is asked for than between two errors. */
const MARGIN_TO_ERROR = 0.03;
const MARGIN_TO_NONE = 0.2;

export type Embed = (text: string) => Promise<Float32Array>;

interface Neighbor { line: ExampleLine; similarity: number }

export class EmbeddingEngine {
  readonly #embed: Embed;
  readonly #lines: readonly ExampleLine[];
  readonly #examples: ExampleVectors;

  /** @throws SomnusError `corrupt` when the vectors belong to other lines */
  constructor(embed: Embed, lines: readonly ExampleLine[], examples: ExampleVectors) {
    if (examples.digest !== digestOf(lines)) throw new SomnusError('corrupt', 'The vectors belong to other example lines', { hint: 'Build them again with `npm run train:errors`.' });
    this.#embed = embed;
    this.#lines = lines;
    this.#examples = examples;
  }

  async classify(entry: LogEntry): Promise<Verdict> {
    return this.classifyVector(entry, await this.#embed(embeddingText(entry)));
  }

  /** @param leftOut a family whose examples do not vote, to measure how well the others do without it */
  classifyVector(entry: LogEntry, vector: Float32Array, leftOut?: string, weights = this.#examples.weights): Verdict {
    const { labels } = this.#examples;
    const nearest = this.#nearest(vector, leftOut);
    const votes = nearest.map(({ similarity }) => Math.exp((similarity - 1) * SHARPNESS));
    const allVotes = votes.reduce((sum, vote) => sum + vote, 0);
    const linear = linearScores(weights, vector, labels.length);
    const rules = classifyByRules(entry);
    const scores = labels.map((label, row) => LINEAR_SHARE * linear[row]!
      + nearest.reduce((sum, { line }, at) => sum + (line.label === label ? NEAREST_SHARE * votes[at]! / allVotes : 0), 0)
      + (rules.label === label ? RULES_SHARE * (rules.evidence.length > 0 ? rules.confidence : 0.5) : 0));
    const order = labels.map((label, row) => ({ label, score: scores[row]! })).toSorted((a, b) => b.score - a.score);
    const margin = order[0]!.score - order[1]!.score;
    const label = order[0]!.label;
    const smallest = label !== 'NONE' && order[1]!.label === 'NONE' ? MARGIN_TO_NONE : MARGIN_TO_ERROR;
    return {
      engine: 'embedding', label, abstained: margin < smallest,
      confidence: Math.min(1, order[0]!.score / scores.reduce((sum, score) => sum + score, 0)),
      evidence: [...rules.evidence, ...examplesFor(label, nearest)],
    };
  }

  #nearest(vector: Float32Array, leftOut: string | undefined): Neighbor[] {
    const { dimensions, scales, vectors } = this.#examples;
    const query = quantized(vector);
    const best: Neighbor[] = [];
    for (let at = 0; at < scales.length; at += 1) {
      if (leftOut !== undefined && this.#lines[at]!.family === leftOut) continue;
      const start = at * dimensions;
      let sum = 0;
      for (let d = 0; d < dimensions; d += 1) sum += vectors[start + d]! * query.values[d]!;
      const similarity = sum * scales[at]! * query.scale;
      if (best.length === NEIGHBORS && similarity <= best[NEIGHBORS - 1]!.similarity) continue;
      const place = best.findIndex((each) => each.similarity < similarity);
      best.splice(place < 0 ? best.length : place, 0, { line: this.#lines[at]!, similarity });
      best.length = Math.min(best.length, NEIGHBORS);
    }
    return best;
  }
}

/** Integers multiply fast, and 16 bits are exact enough for the query. */
function quantized(vector: Float32Array): { scale: number; values: Int16Array } {
  const scale = Math.max(...vector.map(Math.abs)) / 16_383 || 1;
  return { scale, values: Int16Array.from(vector, (value) => Math.round(value / scale)) };
}

function examplesFor(label: ErrorLabel, nearest: readonly Neighbor[]): Evidence[] {
  return nearest.filter(({ line }) => line.label === label).slice(0, 2).map(({ line, similarity }) => (
    { label, kind: 'example', source: line.family, text: line.text, weight: Math.max(0, Math.min(1, similarity)) }
  ));
}
