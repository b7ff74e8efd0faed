// Trains a multinomial logistic regression on normalized vectors, by stochastic gradient descent with weight decay. The same input gives the same weights.

const EPOCHS = 40;
const FIRST_RATE = 0.5;
const RATE_DECAY = 0.93;
const WEIGHT_DECAY = 0.97;
/** Components of normalized vectors are small; scaled, they learn at the pace of the bias. */
export const INPUT_SCALE = 4;

export interface Sample { vector: Float32Array; label: number }

/** Returns a row of weights for each label, with its bias at the end. */
export function trainLinear(samples: readonly Sample[], labels: number, dimensions: number): Float32Array {
  const width = dimensions + 1;
  const weights = new Float32Array(labels * width);
  const order = samples.map((_, at) => at);
  const random = randomFrom(1);
  let rate = FIRST_RATE;
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    shuffle(order, random);
    for (const at of order) step(weights, samples[at]!, labels, dimensions, rate);
    for (let at = 0; at < weights.length; at += 1) if (at % width !== dimensions) weights[at] = weights[at]! * WEIGHT_DECAY;
    rate *= RATE_DECAY;
  }
  return weights;
}

function step(weights: Float32Array, { vector, label }: Sample, labels: number, dimensions: number, rate: number): void {
  const likelihood = linearScores(weights, vector, labels);
  for (let row = 0; row < labels; row += 1) {
    const change = rate * (likelihood[row]! - (row === label ? 1 : 0));
    if (Math.abs(change) < 1e-5) continue;
    const start = row * (dimensions + 1);
    for (let at = 0; at < dimensions; at += 1) weights[start + at] = weights[start + at]! - change * vector[at]! * INPUT_SCALE;
    weights[start + dimensions] = weights[start + dimensions]! - change;
  }
}

/** The likelihood of each label; together 1. */
export function linearScores(weights: Float32Array, vector: Float32Array, labels: number): number[] {
  const dimensions = vector.length;
  const logits = Array.from({ length: labels }, (_, row) => {
    const start = row * (dimensions + 1);
    let sum = 0;
    for (let at = 0; at < dimensions; at += 1) sum += weights[start + at]! * vector[at]!;
    return sum * INPUT_SCALE + weights[start + dimensions]!;
  });
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

function shuffle(order: number[], random: () => number): void {
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
}

/** Repeatable randomness (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6D_2B_79_F5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
