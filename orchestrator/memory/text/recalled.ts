// Text that came out of the memory: marked where it is injected, and taken out again before anything is stored, so that memory never feeds on itself.

const OPEN = '<recalled-memory>';
const CLOSE = '</recalled-memory>';
const BLOCK = /<recalled-memory>[\s\S]*?(?:<\/recalled-memory>|$)/g;

/** Wraps injected text. Marks inside are defused: a stored text cannot end its block early and pose as something else. */
export function markRecalled(text: string): string {
  return `${OPEN}\n${text.replaceAll(/<(\/?)recalled-memory>/g, '‹$1recalled-memory›')}\n${CLOSE}`;
}

/** The text without recalled blocks. */
export function withoutRecalled(text: string): string {
  return text.includes(OPEN) ? text.replace(BLOCK, '').trim() : text;
}

/** What makes two texts the same text: letters and digits, whatever the case, spacing and punctuation. */
export function normalized(text: string): string {
  return text.normalize('NFKC').toLowerCase().match(/[\p{L}\p{N}]+/gu)?.join(' ') ?? text.trim();
}

/** Words in common as a share of all words of both (Jaccard). */
export function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  if (small.size === 0) return 0;
  let common = 0;
  for (const word of small) if (large.has(word)) common += 1;
  return common / (a.size + b.size - common);
}
