// The greeting of a guest's first shell.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const script = resolve(import.meta.dirname, '../../images/guest/files/etc/profile.d/somnus.sh');

test('The first interactive shell greets with three lines; no other shell prints anything', () => {
  const HOME = mkdtempSync(join(tmpdir(), 'somnus-greeting-'));
  const shell = (...options: string[]): string => execFileSync('bash', ['--norc', '--noprofile', ...options, '-c', `set -e; . ${script}; echo end`], { env: { HOME, PATH: process.env['PATH'] }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    expect(shell()).toBe('end\n');
    const [first = '', ...rest] = shell('-i').trim().split('\n');
    expect([first.startsWith('Welcome'), rest.length, rest.at(-1)]).toEqual([true, 3, 'end']);
    expect(shell('-i')).toBe('end\n');
  } finally {
    rmSync(HOME, { recursive: true });
  }
});
