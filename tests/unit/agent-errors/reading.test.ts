import { describe, expect, test } from 'vitest';
import { deepestCause } from '../../../agent/errors/reading/deepest-cause.ts';
import { readEntry } from '../../../agent/errors/reading/log-entry.ts';
import { plainText } from '../../../agent/errors/reading/plain-text.ts';
import { TraceJoiner } from '../../../agent/errors/reading/trace-joiner.ts';
import { templateOf } from '../../../agent/errors/template.ts';

/** Joins lines as the agent reads them. */
function join(lines: readonly string[]): string[] {
  const joiner = new TraceJoiner();
  return [...lines.map((line) => joiner.push(line)), joiner.flush()].filter((entry) => entry !== undefined);
}

test('Colors, titles and overwritten progress are removed', () => {
  expect(plainText('\u001B[1;31mERROR\u001B[0m disk \u001B]0;title\u0007full')).toBe('ERROR disk full');
  expect(plainText('10 %\r50 %\r100 %\r\nnext')).toBe('100 %\nnext');
});

describe('Structured lines', () => {
  test('A JSON line gives its level, message and nested error, and empty error fields count as absent', () => {
    const entry = readEntry('web-1  | {"level":50,"msg":"request failed","err":{"message":"connect ECONNREFUSED","code":"ECONNREFUSED"},"stack":null}');
    expect(entry.level).toBe('error');
    expect(entry.text).toContain('request failed');
    expect(entry.text).toContain('ECONNREFUSED');
    expect(readEntry('{"level":"info","msg":"done","error":null}').text).toBe('done');
  });

  test('A logfmt line gives its level, message and error', () => {
    const entry = readEntry('time=2026-01-01T00:00:00Z level=warning msg="cannot save \\"a\\"" err="disk full" retries=3');
    expect(entry).toMatchObject({ level: 'warning', text: 'cannot save "a"\ndisk full' });
  });

  test('A line that only looks like JSON is read as text', () => {
    expect(readEntry('{"level":"error","msg":"cut o').text).toBe('{"level":"error","msg":"cut o');
  });

  test.each([
    ['2026-01-01 10:00:00 WARN  c.a.App - slow', 'warning'], ['E0301 10:00:00.000000 1 a.go:1] no', 'error'], ['<warn> dhcp', 'warning'], ['FATAL:  role', 'fatal'],
    ['I tensorflow/core/x.cc:1] ok', 'info'], ['[core:notice] up', 'info'],
  ])('The level of "%s" is %s', (line, level) => expect(readEntry(line).level).toBe(level));
});

describe('Traces', () => {
  const python = [
    'Traceback (most recent call last):', '  File "a.py", line 1, in f', "ConnectionRefusedError: [Errno 111] Connection refused", '',
    'The above exception was the direct cause of the following exception:', '', 'Traceback (most recent call last):', '  File "a.py", line 2, in g', 'RuntimeError: cannot start',
  ];
  const java = ['java.lang.IllegalStateException: no context', '\tat a.B.c(B.java:1)', 'Caused by: java.net.UnknownHostException: db', '\tat a.D.e(D.java:2)', '\t... 12 more'];
  const node = ['TypeError: fetch failed', '    at f (a.js:1:1) {', '  [cause]: Error: getaddrinfo ENOTFOUND api', '}'];
  const go = ['panic: runtime error: index out of range [3]', '', 'goroutine 1 [running]:', 'main.main()', '\t/app/main.go:7 +0x1d', 'exit status 2'];
  const rust = ["thread 'main' panicked at src/main.rs:2:5:", 'called `Option::unwrap()` on a `None` value', 'note: run with `RUST_BACKTRACE=1`'];
  const rustChain = ['Error: cannot load', '', 'Caused by:', '    0: cannot read a.toml', '    1: No space left on device (os error 28)'];
  const oops = ['[  1.000001] BUG: kernel NULL pointer dereference, address: 0', '[  1.000002] CPU: 0 PID: 1 Comm: a', '[  1.000003] Call Trace:', '[  1.000004]  foo+0x1/0x2', '[  1.000005] ---[ end trace 0 ]---'];
  const gdb = ['Program received signal SIGSEGV, Segmentation fault.', '#0  0x00005555 in f () at a.c:4', '#1  0x00005556 in main () at a.c:9'];

  test.each([['Python', python], ['Java', java], ['Node', node], ['Go', go], ['Rust', rust], ['the kernel', oops], ['gdb', gdb]])('A trace of %s becomes one entry', (_, lines) => {
    expect(join(['before', ...lines, 'after'])).toEqual(['before', lines.join('\n'), 'after']);
  });

  test.each([
    ['Python', python, 'ConnectionRefusedError: [Errno 111] Connection refused'], ['Java', java, 'java.net.UnknownHostException: db'], ['Node', node, 'Error: getaddrinfo ENOTFOUND api'],
    ['Go', go, 'panic: runtime error: index out of range [3]'], ['Rust', rust, 'called `Option::unwrap()` on a `None` value'], ['a chain of Rust', rustChain, 'No space left on device (os error 28)'],
  ])('The deepest cause of %s is found', (_, lines, cause) => expect(deepestCause(lines.join('\n'))).toBe(cause));

  test('An endless trace is cut into bounded entries', () => {
    const entries = join(['Error: deep', ...Array.from({ length: 1000 }, (_, at) => `    at f${at} (a.js:1:1)`)]);
    expect(Math.max(...entries.map((entry) => entry.split('\n').length))).toBeLessThanOrEqual(200);
    expect(entries.join('\n').split('\n')).toHaveLength(1001);
  });
});

describe('Templates', () => {
  test('What varies has one template', () => {
    const line = (n: number): string => `2026-03-0${n} 10:00:0${n},123 worker ${n}12 at 10.0.0.${n}:80${n}0 lost 0x${n}ffe after ${n}5.5 ms`;
    expect(templateOf(line(1))).toBe(templateOf(line(2)));
  });

  test('Nothing and something, and different codes, have different templates', () => {
    expect(templateOf('0 failed')).not.toBe(templateOf('1 failed'));
    expect(templateOf('2 failed')).toBe(templateOf('31 failed'));
    expect(templateOf('exit code 1')).not.toBe(templateOf('exit code 137'));
    expect(templateOf('"GET / HTTP/1.1" 200 12')).not.toBe(templateOf('"GET / HTTP/1.1" 502 12'));
  });

  test('The template of a template is the same', () => {
    const once = templateOf('Jan  2 03:04:05 host app[812]: user a@b.c at 1.2.3.4 id 123e4567-e89b-12d3-a456-426614174000');
    expect(templateOf(once)).toBe(once);
  });
});
