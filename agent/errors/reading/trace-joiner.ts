// Joins the lines of one source into entries: the lines of a traceback, stack trace or kernel report become one. Bounded, so that endless traces do not grow.

const MAX_LINES = 200;
const MAX_CHARACTERS = 16_384;

/** Lines that belong to the entry above them, whatever it is. */
const continuation = /^(?:[ \t]+\S|Caused by:|Suppressed:|\.{3} \d+ more|The above exception was|During handling of the above|goroutine \d+ \[|created by |\[signal SIG|exit status \d+$|stack backtrace:|note: run with|#\d+ +(?:0x|<|_|[a-z]|[A-Z])|npm (?:ERR!|error) (?!code )|Call Trace:|RIP:|Code: |---\[ end trace|={3,} Backtrace|DETAIL:|HINT:|STATEMENT:|CONTEXT:|\tat |[}\])];?\s*$)/;
/** Entries that end only with a line of their own, and what may stand between. */
const openers: readonly (readonly [start: RegExp, inside: RegExp])[] = [
  [/^Traceback \(most recent call last\):/, /^(?:[ \t]|$|[\w.]+(?:Error|Exception|Exit|Interrupt|Warning)\b|[\w.]+: |Traceback|The above|During handling)/],
  [/^(?:panic: |fatal error: )/, /^(?:$|\t|\[signal|goroutine |[\w./*()·-]+\(.*\)$|created by |exit status|runtime stack:|runtime\.|\s)/],
  [/^thread '.*' (?:\(\d+\) )?panicked at /, /^(?:stack backtrace|note: |\s|called `|assertion |attempt to |index out)/],
  [/^(?:\[ *\d+\.\d+\] )?(?:BUG: |Oops: |general protection fault|kernel BUG|------------\[ cut here)/, /^(?:\[ *\d+\.\d+\] )?(?:[#A-Z][\w ]*:|CPU: |RIP|RSP|R[A-Z0-9]{2}|FS:|CS:|CR2|Call Trace|Code:|Modules linked| |\?|Hardware name|PGD|PKRU|---\[ end trace|<\/?TASK>|IP: |Oops|BUG)/],
];
/** A kernel line carries a time, which hides that it continues. */
const kernelTime = /^\[ *\d+\.\d+\] /;

/** Receives lines in order and returns entries when they are complete. */
export class TraceJoiner {
  #lines: string[] = [];
  #characters = 0;
  #inside: RegExp | undefined;

  /** Returns the entry that this line completes, if any: the one before it. */
  push(line: string): string | undefined {
    if (this.#lines.length > 0 && this.#continues(line) && this.#lines.length < MAX_LINES && this.#characters + line.length < MAX_CHARACTERS) {
      this.#add(line);
      return undefined;
    }
    const complete = this.flush();
    this.#inside = openers.find(([start]) => start.test(line))?.[1];
    this.#add(line);
    return complete;
  }

  /** Returns what has been joined so far, when the source is silent or ends. */
  flush(): string | undefined {
    if (this.#lines.length === 0) return undefined;
    const entry = this.#lines.join('\n').trimEnd();
    this.#lines = [];
    this.#characters = 0;
    this.#inside = undefined;
    return entry;
  }

  #add(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length + 1;
  }

  #continues(line: string): boolean {
    if (this.#inside?.test(line) === true) return !(line === '' && this.#lines.at(-1) === '');
    if (line === '') return false;
    return continuation.test(line) || (kernelTime.test(line) && kernelTime.test(this.#lines[0]!) && this.#inside !== undefined && continuation.test(line.replace(kernelTime, '')));
  }
}
