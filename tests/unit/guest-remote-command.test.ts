import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPosixShell, programCommand, scriptCommand, shellQuote } from '../../supervisor/guest/remote-command.ts';

const runFile = promisify(execFile);

describe('A shell command', () => {
  test.for(['bash', 'dash', 'sh'])('%s passes every argument on unchanged', async (shellName) => {
    await fc.assert(fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')), { maxLength: 5 }), async (args) => {
      const { stdout } = await runFile(shellName, ['-c', `printf '%s\\0' ${['', ...args].map(shellQuote).join(' ')}`]);
      expect(stdout).toBe(['', ...args].map((arg) => `${arg.toWellFormed()}\0`).join(''));
    }), { numRuns: 40 });
  });

  test('Quotes and backslashes are outside of single quotes, where fish reads them as POSIX shells do', () => {
    expect(shellQuote('it\'s \\n')).toBe(String.raw`'it'\''s '\\'n'`);
    expect(() => shellQuote('a\0b')).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  test('A program without variables costs only the shell itself', () => {
    expect(programCommand({ command: ['ls', '-l'], env: {} }, '/r')).toBe('{ read -r _somnus </proc/$$/stat; echo "$_somnus" >\'/r\'; } 2>/dev/null; exec \'ls\' \'-l\'');
    expect(programCommand({ command: ['ls'], env: { A: 'b' }, cwd: '-' }, '/r')).toContain('; cd \'./-\' || exit 126; exec \'env\' \'--\' \'A=b\' \'ls\'');
  });

  test('Scripts run in sh, whatever the login shell is', async () => {
    const { stdout } = await runFile('bash', ['-c', scriptCommand('printf %s "$1"; readlink /proc/$$/exe', ['a b'])]);
    expect(stdout).toMatch(/^a b\/.*(dash|bash|busybox)\n$/);
    expect(['/bin/bash', '/usr/bin/zsh', 'sh', '/usr/bin/fish', '/bin/tcsh', ''].map(isPosixShell)).toEqual([true, true, true, false, false, false]);
  });
});
