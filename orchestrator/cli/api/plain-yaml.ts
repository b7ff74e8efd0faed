// Reads YAML that consists of plain `key: value` lines, at most two levels deep, which is what set-up writes. Loading the yaml package takes a quarter
// of the time of `somnus ls`; it reads every other file. Pure.

type Scalar = string | number | boolean | null;
export type PlainYaml = Record<string, Scalar | Record<string, Scalar>>;

/** The same as the yaml package reads, or undefined for text that may mean anything else. */
export function readPlainYaml(text: string): PlainYaml | undefined {
  const found: PlainYaml = {};
  let section: Record<string, Scalar> | undefined;
  for (const line of text.split('\n')) {
    if (/^ *(#.*)?$/.test(line)) continue;
    const [, indent, key = '', typed] = /^( {2})?([A-Za-z]+):(?: ([\w/.-]*[A-Za-z0-9/_-]))?$/.exec(line) ?? [];
    const into = indent === undefined ? found : section;
    if (into === undefined || Object.hasOwn(into, key) || key === '' || /^null$/i.test(key)) return undefined;
    if (indent === undefined) section = undefined;
    if (typed === undefined) {
      if (indent !== undefined) return undefined;
      section = {};
      found[key] = section;
      continue;
    }
    const value = scalar(typed);
    if (value === undefined) return undefined;
    into[key] = value;
  }
  return Object.values(found).some((value) => value !== null && typeof value === 'object' && Object.keys(value).length === 0) ? undefined : found;
}

/** Undefined for what YAML may read as something else, such as 0x10, 1e3 or 2026-01-01. */
function scalar(typed: string): Scalar | undefined {
  if (/^(0|[1-9]\d{0,14})$/.test(typed)) return Number(typed);
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(typed) || typed.startsWith('/')) return typed;
  if (typed === 'true' || typed === 'false') return typed === 'true';
  return /^[a-z]+$/.test(typed) && !['null', 'yes', 'no', 'on', 'off', 'y', 'n'].includes(typed) ? typed : undefined;
}
