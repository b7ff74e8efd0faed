import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBytes, formatDuration, formatWhen } from '../../../orchestrator/cli/terminal/humanize.ts';
import { sanitize, sanitizeConsole } from '../../../orchestrator/cli/terminal/sanitize.ts';
import { formatFacts, formatTable } from '../../../orchestrator/cli/terminal/text-table.ts';

describe('Text from a guest', () => {
  test('Nothing in a sanitized line can move the cursor, color or reorder text', () => {
    expect(sanitize('a\u001b[31mred\u0007\n\tb\u009b2J\u202eevil')).toBe('a\\x1b[31mred\\x07\\n\\tb\\x9b2J\\u202eevil');
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(sanitize(text))), { numRuns: 50 });
  });

  test('Ordinary text in any language is unchanged', () => {
    expect(sanitize('naïve 名前 🙂 ~`|')).toBe('naïve 名前 🙂 ~`|');
  });

  test('A console keeps its lines and loses its colors, titles and carriage returns', () => {
    expect(sanitizeConsole('\u001b[32m[  OK  ]\u001b[0m Started\tx\r\n\u001b]0;title\u0007next\r\nlast\u0008')).toBe('[  OK  ] Started\tx\nnext\nlast\\x08');
  });
});

describe('Numbers and times', () => {
  test.each([[0, '0 B'], [999, '999 B'], [1536, '1.5 KiB'], [1024 ** 2 * 512, '512 MiB'], [1024 ** 3, '1.0 GiB'], [1023 * 1024, '1.0 MiB']])('%d bytes are shown as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([[0, '0.0 s'], [400, '0.4 s'], [59_949, '59.9 s'], [59_960, '1m 00s'], [65_000, '1m 05s'], [3_720_000, '1h 02m']])('%d ms are shown as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test.each([['2026-01-02T00:00:00Z', 'now'], ['2026-01-01T23:59:55Z', '5s ago'], ['2026-01-01T20:00:00Z', '4h ago'], ['2026-01-09T00:00:00Z', 'in 7d'], [null, '-']])('%s is shown as %s', (at, text) => {
    expect(formatWhen(at, Date.parse('2026-01-02T00:00:00Z'))).toBe(text);
  });
});

describe('Tables', () => {
  test('Columns are aligned, colors take no width, and no line ends in spaces', () => {
    expect(formatTable([{ title: 'NAME' }, { title: 'SIZE', align: 'right' }, { title: '' }], [['a', '1', ''], ['longer', '\u001b[32m100\u001b[39m', 'x']]))
      .toBe('NAME     SIZE\na           1\nlonger    \u001b[32m100\u001b[39m   x');
  });

  test('Facts are listed one below the other', () => {
    expect(formatFacts([['id', '1'], ['longer', '']])).toBe('id       1\nlonger');
  });
});
