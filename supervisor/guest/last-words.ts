// Reads the end of a guest's console log. The guest is not trusted: a bounded part of the file is read, and control characters are removed.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { printable } from './bounded-text.ts';

const READ_BYTES = 16_384;
/** The reason for a panic precedes its call trace, which has about forty lines. */
const MOST_LINES = 64;
const LONGEST_LINE = 200;

/** Returns up to 64 lines, newest last; empty when there are none. Never throws. */
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
