// The end of what a guest has said on its console. The guest is not trusted: a bounded part of the file is read, and control characters are taken out.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { printable } from './bounded-text.ts';

const READ_BYTES = 16_384;
/** The reason of a panic stands before its call trace, which has some forty lines. */
const MOST_LINES = 64;
const LONGEST_LINE = 200;

/** Up to 64 lines, the last one at the end; empty when it has said nothing. Never throws. */
export async function lastWords(consoleLog: string): Promise<string[]> {
  try {
    await using file = await open(consoleLog, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, READ_BYTES));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    const lines = stripVTControlCharacters(buffer.toString('utf8', 0, bytesRead)).split(/[\r\n]+/);
    return lines.map((line) => printable(line, LONGEST_LINE)).filter((line) => line !== '').slice(-MOST_LINES);
  } catch {
    return [];
  }
}
