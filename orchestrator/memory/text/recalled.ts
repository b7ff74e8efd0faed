// Marks text from memory where it is injected, and removes it before anything is stored, so that memory never stores its own output.

const OPEN = '<recalled-memory>';
const CLOSE = '</recalled-memory>';
const BLOCK = /<recalled-memory>[\s\S]*?(?:<\/recalled-memory>|$)/g;

/** Wraps injected text. Escapes marks inside, so that a stored text cannot end its block early and pass as something else. */
export function markRecalled(text: string): string {
  return `${OPEN}\n${text.replaceAll(/<(\/?)recalled-memory>/g, '‹$1recalled-memory›')}\n${CLOSE}`;
}

/** Removes recalled blocks from a text. */
export function withoutRecalled(text: string): string {
  return text.includes(OPEN) ? text.replace(BLOCK, '').trim() : text;
}

/** The letters and digits of a text, ignoring case, spacing and punctuation: two texts with the same result are the same. */
export function normalized(text: string): string {
  return text.normalize('NFKC').toLowerCase().match(/[\p{L}\p{N}]+/gu)?.join(' ') ?? text.trim();
}

/** Shared words as a part of all words of both (Jaccard). */
export function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  if (small.size === 0) return 0;
  let common = 0;
  for (const word of small) if (large.has(word)) common += 1;
  return common / (a.size + b.size - common);
}
