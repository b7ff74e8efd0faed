// Adds the `--` that users omit: in `somnus exec demo ls -l` the -l belongs to ls. Pure.
import { isNamed, type Command, type CommandSection, type Option } from './command.ts';

/** Returns the words with `--` before the guest's command if the command line has one without it. */
export function separateCommand(table: readonly CommandSection[], argv: readonly string[]): string[] {
  const words = [...argv];
  const at = words.findIndex((word, index) => !word.startsWith('-') && !takesValue(words[index - 1], []));
  const command = table.flatMap(({ entries }) => entries).find((entry): entry is Command => entry.kind === 'command' && isNamed(entry, words[at]));
  if (command?.passesCommand !== true) return words;
  const options = Object.values(command.options);
  let positionals = Object.keys(command.arguments).length - 1;
  for (let index = at + 1; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--') return words;
    if (word.startsWith('-') && word !== '-') continue;
    if (takesValue(words[index - 1], options)) continue;
    if (positionals === 0) return words.toSpliced(index, 0, '--');
    positionals -= 1;
  }
  return words;
}

/** Whether a word is an option that takes a value. */
function takesValue(word: string | undefined, options: readonly Option<unknown>[]): boolean {
  if (word === '-o' || word === '--output') return true;
  return options.some(({ flags, kind }) => (kind === 'value' || kind === 'list') && flags.split(/[ ,]+/).includes(word ?? ''));
}
