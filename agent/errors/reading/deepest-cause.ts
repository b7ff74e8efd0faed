// Finds in a joined trace the error that started it: what everything above or below it only passes along.

/** Sentences between the tracebacks of Python's chained exceptions. The first traceback is the oldest. */
const pythonChain = /^(?:The above exception was the direct cause|During handling of the above exception)/m;
const pythonException = /^(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Warning|Timeout|Failed|NotFound|Refused|Denied|Missing|Group)\w*(?::.*)?$/;

/** Lines that introduce a cause. The last one is the deepest. */
const causedBy = /^\s*(?:\[?(?:cause|caused by|causedby|root cause|wrapped by|nested exception is|reason)\]?:|---> |→ caused by:?)\s*(.*)$/i;
const goPanic = /^\s*(?:panic|fatal error): (.*)$/;
const rustPanic = /^thread '[^']*'(?: \(\d+\))? panicked at /;

/** Returns the deepest cause of a text with several lines, or undefined if none of its lines is one. */
export function deepestCause(text: string): string | undefined {
  if (!text.includes('\n')) return undefined;
  const lines = text.split('\n');
  return pythonCause(text, lines) ?? introducedCause(lines) ?? lines.map((line) => goPanic.exec(line)?.[0].trim()).find((line) => line !== undefined) ?? rustCause(lines);
}

function pythonCause(text: string, lines: readonly string[]): string | undefined {
  if (!text.includes('Traceback (most recent call last)') && !pythonChain.test(text)) return undefined;
  const first = lines.findIndex((line) => pythonException.test(line));
  if (first < 0) return undefined;
  const after = lines.slice(first + 1, first + 4);
  const end = after.findIndex((line) => line.trim() === '' || pythonChain.test(line));
  return [lines[first], ...after.slice(0, end < 0 ? after.length : end)].join('\n');
}

/** Java and Node put the cause on the same line; Rust's error chains put the numbered causes on the lines below. */
function introducedCause(lines: readonly string[]): string | undefined {
  const at = lines.findLastIndex((line) => causedBy.test(line));
  if (at < 0) return undefined;
  const same = causedBy.exec(lines[at]!)?.[1]?.trim() ?? '';
  if (same !== '') return same;
  const below: string[] = [];
  for (const line of lines.slice(at + 1)) {
    if (!/^\s+\S/.test(line) || /^\s+at\s/.test(line)) break;
    below.push(line.trim().replace(/^\d+:\s+/, ''));
  }
  return below.at(-1);
}

/** Since Rust 1.73 the message is on the line after the place. */
function rustCause(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) => rustPanic.test(line));
  if (at < 0) return undefined;
  const next = lines[at + 1]?.trim() ?? '';
  return next === '' || /^(?:stack backtrace|note):/.test(next) ? lines[at] : next;
}
