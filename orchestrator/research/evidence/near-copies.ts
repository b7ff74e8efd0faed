// Finds pages that have the same text, such as a story of a news agency on many sites, so that they count as one source. Pure.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { words } from '../../memory/text/terms.ts';

export interface SourceText {
  id: string;
  text: string;
  /** ISO 8601. The earliest text counts as the original. */
  published: string | null;
}

const SHINGLE_WORDS = 5;
/** Shorter texts have too few shingles to tell a copy from a common phrase. */
const MIN_SHINGLES = 12;
/**
 * A text is a copy if the two share at least this part of the shorter one's shingles, because copies are often shortened, embedded in other text and lightly edited
 * (Broder, "On the resemblance and containment of documents", 1997).
 */
const COPIED_SHARE = 0.5;

/** Only this many characters of a longer text are compared. */
const COMPARED_CHARACTERS = 20_000;

/** Maps the id of each text to its group: the id of the copy that was published first. A text without copies is its own group. Yields to other work between texts. */
export async function copyGroups(sources: readonly SourceText[]): Promise<Map<string, string>> {
  const ordered = sources.toSorted((a, b) => (a.published ?? '9999').localeCompare(b.published ?? '9999') || a.id.localeCompare(b.id));
  const groupOf = new Map<string, string>();
  const sizes = new Map<string, number>();
  const textsWith = new Map<number, string[]>();
  for (const { id, text } of ordered) {
    await nextTurn();
    const shingles = shinglesOf(text.slice(0, COMPARED_CHARACTERS));
    const shared = new Map<string, number>();
    for (const shingle of shingles) for (const earlier of textsWith.get(shingle) ?? []) shared.set(earlier, (shared.get(earlier) ?? 0) + 1);
    const original = [...shared].find(([earlier, count]) => {
      const shorter = Math.min(shingles.size, sizes.get(earlier) ?? 0);
      return shorter >= MIN_SHINGLES && count >= shorter * COPIED_SHARE;
    })?.[0];
    groupOf.set(id, original === undefined ? id : groupOf.get(original) ?? original);
    sizes.set(id, shingles.size);
    for (const shingle of shingles) textsWith.set(shingle, [...textsWith.get(shingle) ?? [], id]);
  }
  return groupOf;
}

function shinglesOf(text: string): Set<number> {
  const all = words(text);
  const found = new Set<number>();
  for (let at = 0; at + SHINGLE_WORDS <= all.length; at += 1) found.add(hash(all.slice(at, at + SHINGLE_WORDS).join(' ')));
  return found;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
