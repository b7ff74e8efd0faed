// Counts words in texts without building arrays.

/** The number of words, as in the F1 over words: runs of letters, digits, marks and underscores. Beyond ASCII, everything except punctuation and spaces counts as a letter. */
export function countWords(text: string): number {
  let count = 0;
  let inside = false;
  for (let i = 0; i < text.length; i += 1) {
    const letter = isWordCode(text.charCodeAt(i));
    if (letter && !inside) count += 1;
    inside = letter;
  }
  return count;
}

function isWordCode(code: number): boolean {
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
  if (code < 0xc0) return code === 0xaa || code === 0xb5 || code === 0xba || code === 0xb2 || code === 0xb3 || code === 0xb9;
  if (code >= 0x2000 && code < 0x2c00) return code >= 0x2070 && code < 0x20a0;
  if (code >= 0x3000 && code < 0x3040) return code >= 0x3005 && code <= 0x3007;
  return !(code >= 0xff00 && code < 0xff10) && code !== 0xfffd && code !== 0xfeff && code !== 0xd7 && code !== 0xf7;
}

export function commas(text: string): number {
  let count = 0;
  for (let at = text.indexOf(','); at !== -1; at = text.indexOf(',', at + 1)) count += 1;
  return count;
}

/** The words of a text in lowercase, as the F1 over words compares them. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}\p{M}_]+/gu) ?? [];
}
