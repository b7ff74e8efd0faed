// Imports many turns in batches, so that other work continues; skips what cannot be stored.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { readChatLog, type ChatLogFormat } from './importers.ts';
import type { Imported } from './portability.ts';
import type { Remembered, RememberInput } from './remembering.ts';

/** Turns that are stored in one transaction before other work gets a turn. */
const AT_ONCE = 250;

type RememberAll = (inputs: readonly RememberInput[]) => Promise<Remembered[]>;

/** Stores another program's chat log. Repeatable: each turn is stored once, and an interrupted import continues. A line that cannot be read is reported; the others are stored. */
export async function importChatLog(format: ChatLogFormat, text: string, space: string, rememberAll: RememberAll): Promise<Imported> {
  const { turns, refused } = readChatLog(format, text);
  const done: Imported = { stored: 0, duplicates: 0, forgotten: 0, refused };
  for (let at = 0; at < turns.length; at += AT_ONCE) {
    const batch = turns.slice(at, at + AT_ONCE);
    const results = await rememberEach(batch.map(({ turn }) => ({ ...turn, space })), rememberAll);
    results.forEach((result, i) => {
      if (result instanceof SomnusError) done.refused.push({ line: batch[i]!.line, problem: result.message });
      else if (result.outcome === 'stored') done.stored += 1;
      else done.duplicates += 1;
    });
    await nextTurn();
  }
  done.refused.sort((a, b) => a.line - b.line);
  return done;
}

/** Stores what can be stored of many: if the whole is refused, each by itself. */
async function rememberEach(inputs: readonly RememberInput[], rememberAll: RememberAll): Promise<(Remembered | SomnusError)[]> {
  const whole = await refusedOr(() => rememberAll(inputs));
  if (!(whole instanceof SomnusError)) return whole;
  const results: (Remembered | SomnusError)[] = [];
  for (const input of inputs) {
    const one = await refusedOr(() => rememberAll([input]));
    results.push(one instanceof SomnusError ? one : one[0]!);
  }
  return results;
}

/** Returns the error if the input caused it, and throws any other. */
async function refusedOr<T>(work: () => Promise<T>): Promise<T | SomnusError> {
  try {
    return await work();
  } catch (thrown) {
    const error = toSomnusError(thrown);
    if (error.code !== 'invalid_request' && error.code !== 'too_large') throw thrown;
    return error;
  }
}
