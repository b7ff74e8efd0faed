import { expect, test } from 'vitest';
import { summarize, type Report } from '../../deploy/test-summary.ts';

const good = { check: 0, tests: 0 };

function report(changes: Partial<Report> = {}): Report {
  return {
    numPassedTests: 2, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1,
    testResults: [{ name: 'a.test.ts', status: 'passed', message: '', assertionResults: [{ status: 'passed' }, { status: 'passed' }] }], ...changes,
  };
}

test('a good run ends with only its numbers', () => {
  expect(summarize(report(), good)).toEqual({ lines: ['2 passed, 0 failed, 2 skipped'], ok: true });
});

test('a failed test is counted once', () => {
  const failed = report({ numFailedTests: 1, testResults: [{ name: 'a.test.ts', status: 'failed', message: '', assertionResults: [{ status: 'failed' }, { status: 'passed' }] }] });
  expect(summarize(failed, { check: 0, tests: 1 })).toEqual({ lines: ['2 passed, 1 failed, 2 skipped'], ok: false });
});

test('a file that fails outside its tests is a failure with its name and reason', () => {
  const broken = report({ testResults: [{ name: 'b.test.ts', status: 'failed', message: 'no import\nat …', assertionResults: [{ status: 'pending' }] }] });
  expect(summarize(broken, { check: 0, tests: 1 })).toEqual({ lines: ['FAILED: b.test.ts (no import)', '2 passed, 1 failed, 2 skipped'], ok: false });
});

test.for([
  ['types or lint', report(), { check: 2, tests: 0 }, 'npm run check'],
  ['an error that no test caught', report(), { check: 0, tests: 1 }, 'the test run, outside of any test'],
  ['no tests at all', report({ numPassedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }), good, 'the test run, which had no tests'],
  ['no report', undefined, { check: 0, tests: 1 }, 'the test run, which wrote no report'],
] as const)('%s: fails and says so', ([, found, exitCodes, said]) => {
  const { lines, ok } = summarize(found, exitCodes);
  expect(ok).toBe(false);
  expect(lines[0]).toBe(`FAILED: ${said}`);
  expect(lines.at(-1)).toMatch(/^\d+ passed, 1 failed, \d+ skipped$/);
});
