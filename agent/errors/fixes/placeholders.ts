// Finds in an entry what a fix needs to know: a unit, a package, a path, a host, a port. Candidates only: fix.ts validates them.
import type { LogEntry } from '../reading/log-entry.ts';
import type { Found } from './fill.ts';

const sources: readonly (readonly [keyof Found, RegExp])[] = [
  ['unit', /\b([A-Za-z0-9][\w@.:-]*\.(?:service|timer|socket|mount))\b/],
  ['package', /\bNo module named ['"]?([\w-]+)/],
  ['package', /\b(?:Cannot find (?:module|package)) ['"]((?!\.|\/)[\w.@/-]+)['"]/],
  ['package', /\bUnable to locate package (\S+)/],
  ['package', /\b([\w.+-]+): (?:command )?not found\b/],
  ['path', /(?:^|[\s'"`=([])(\/[^\s'"`:,;()<>|&$*?!\\]+)/],
  ['host', /\b(?:resolve|resolving|resolve host|resolve hostname|ENOTFOUND|EAI_AGAIN|lookup|UnknownHostException)[: ]+['"]?([\w.-]+)/i],
  ['host', /\bhttps?:\/\/([\w.-]+)/],
  ['host', /\bhost=['"]([\w.-]+)['"]/],
  ['port', /\b(?:port|bind\(\) to \S+?:|address already in use[^\d]{0,12}:{0,3}|EADDRINUSE[^\n]{0,40}:)[ =]*(\d{2,5})\b/i],
];

export function placeholdersIn({ text, cause }: LogEntry): Found {
  const found: Found = {};
  for (const part of cause === undefined ? [text] : [cause, text]) {
    for (const [name, pattern] of sources) {
      const value = found[name] === undefined ? pattern.exec(part)?.[1] : undefined;
      if (value !== undefined) found[name] = value;
    }
  }
  return found;
}
