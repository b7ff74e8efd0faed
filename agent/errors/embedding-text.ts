// What the embedding model gets of an entry: the words that carry its meaning, short enough to embed hundreds in a second.
import type { LogEntry } from './reading/log-entry.ts';
import { templateOf } from './template.ts';

/** Characters of the start and of the end. The subject is at the start; the cause of a wrapped error is at the end. */
const HEAD = 150;
const TAIL = 90;

export function embeddingText(entry: LogEntry): string {
  const words = templateOf(entry.cause ?? entry.text)
    .replaceAll(/<(?:time|id|ip|hex|n|email)>/g, ' ')
    .replaceAll(/(?:\/[\w.@+-]+){2,}\/(?=[\w.-])/g, '') // of a path, the last name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2') // compound names become words
    .replaceAll(/[_|=~#*]{1,}|-{2,}|[\s\u2500-\u257F]+|[()[\]{}"'`<>]+/g, ' ')
    .replaceAll(/ +/g, ' ').trim();
  return words.length <= HEAD + TAIL ? words : `${words.slice(0, HEAD)} ${words.slice(-TAIL)}`;
}
