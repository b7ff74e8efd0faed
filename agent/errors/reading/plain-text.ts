// Removes from a line what only a terminal needs: colors, cursor movements, titles, and progress that a carriage return overwrites.

/** CSI, OSC and other escape sequences (ECMA-48), in their 7-bit forms. */
// oxlint-disable-next-line no-control-regex -- control characters are what this removes
const escapes = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[PX^_][^\u001B]*(?:\u001B\\)?|[ -/]*[0-~])/g;
// oxlint-disable-next-line no-control-regex -- control characters are what this removes
const controls = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u200B\uFEFF]/g;
// oxlint-disable-next-line no-control-regex -- control characters are what this finds
const unusual = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B\uFEFF]/;

/** Returns the text as a reader sees it on a terminal. Lines stay lines. */
export function plainText(text: string): string {
  if (!unusual.test(text)) return text;
  return text.replace(escapes, '').replaceAll('\r\n', '\n').split('\n').map((line) => lastWritten(line).replace(controls, '')).join('\n');
}

/** A carriage return starts the line again, so only what was written last is visible. */
function lastWritten(line: string): string {
  if (!line.includes('\r')) return line;
  return line.split('\r').findLast((part) => part.trim() !== '') ?? '';
}
