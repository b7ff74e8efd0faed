// Redacts secrets in text before anything is stored. Recognizes them by their issuers' formats and by words such as "password" before them.

const RULES: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g],
  ['token', /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g],
  ['token', /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{18,}|xox[abprs]-[\w-]{10,}|npm_[A-Za-z0-9]{30,}|hf_[A-Za-z0-9]{30,})\b/g],
  ['API key', /\b(?:sk-(?:[a-z]+-)*[\w-]{20,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,})/g],
  ['password', /(?<=\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{1,100}:)[^\s@/]{3,200}(?=@)/gi],
  ['token', /(?<=\bBearer\s{1,3})[\w.~+/-]{16,}=*/g],
  ['password', /(?<=\b(?:password|passwd|passphrase|pwd|secret|api[_ -]?key|access[_ -]?token|auth[_ -]?token)["']?\s{0,3}(?:[:=]|\bis\b)\s{0,3}["']?)[^\s"',;]{6,200}/gi],
];

/** Replaces a text's secrets by their kind, and counts them. */
export function redact(text: string): { text: string; secrets: number } {
  let secrets = 0;
  let result = text;
  for (const [kind, pattern] of RULES) {
    result = result.replace(pattern, (found) => {
      if (found.startsWith('[redacted')) return found;
      secrets += 1;
      return `[redacted ${kind}]`;
    });
  }
  return { text: result, secrets };
}
