// Replaces what varies in an entry (times, addresses, ids, numbers, paths) by placeholders, so that equal messages have one template.
// Numbers that carry the meaning stay: 0 against any other count, and codes of errors, statuses, exits and signals.

const masks: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[ ]?[+-]\d\d:?\d\d)?)?/g, '<time>'],
  [/\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* [ \d]?\d \d\d:\d\d:\d\d(?: \d{4})?/g, '<time>'],
  [/\b\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}/g, '<time>'],
  [/^\[ *\d+\.\d{6}\] ?/gm, ''],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b(?:\d{1,3}\.){3}\d{1,3}\b(?::\d+)?/g, '<ip>'],
  [/(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}(?![\w:])|\[?::1?\]?(?=[:\s/]|$)/gi, '<ip>'],
  [/\b0x[0-9a-f]+\b/gi, '<hex>'],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b/gi, '<hex>'],
  [/\b[\w.+-]+@[\w-]+\.[\w.-]+\b/g, '<email>'],
];

/** A number with what may stand before it and makes it a code. */
const numbers = /(\b(?:code|status|errno|error|err|exit|exited|signal|http|returned|http\/[\d.]+"?|xid[^,\n]{0,40},)[ :=([#"]{0,3}-?)?(?<![\w.])\d+(?:[.,]\d+)*(?![\w]*[a-z]{4})/gi;

/** Returns the template of a text. Templates of templates are equal to them. */
export function templateOf(text: string): string {
  let result = text;
  for (const [pattern, name] of masks) result = result.replace(pattern, name);
  return result.replace(numbers, (found: string, code: string | undefined) => {
    if (code !== undefined) return found.length - code.length <= 3 ? found : `${code}<n>`;
    return found === '0' || found === '100' ? found : '<n>';
  });
}
