// Prints the last line of the test command, readable without knowing the test runner. For deploy/test.sh.
//   node deploy/test-summary.ts REPORT CHECK-EXIT-CODE TESTS-EXIT-CODE
import { readFileSync } from 'node:fs';

/** The part of vitest's JSON report that is used here; the report has Jest's format. */
export interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; status: string; message: string; assertionResults: { status: string }[] }[];
}

/** Counts every problem as failed, also one outside any single test. Pure. */
export function summarize(report: Report | undefined, exitCodes: { check: number; tests: number }): { lines: string[]; ok: boolean } {
  const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests, testResults } = report
    ?? { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  const broken = testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'));
  const others = broken.map(({ name, message }) => `${name} (${message.split('\n')[0] ?? ''})`);
  if (exitCodes.check !== 0) others.push('npm run check');
  if (exitCodes.tests !== 0 && numFailedTests + broken.length === 0) others.push(report === undefined ? 'the test run, which wrote no report' : 'the test run, outside of any test');
  else if (passed + numFailedTests + broken.length === 0) others.push('the test run, which had no tests');
  const failed = numFailedTests + others.length;
  return {
    lines: [...others.map((what) => `FAILED: ${what}`), `${passed} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped`],
    ok: failed === 0,
  };
}

if (import.meta.main) {
  const [file = '', check, tests] = process.argv.slice(2);
  let report: Report | undefined;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    // The summary reports it.
  }
  const { lines, ok } = summarize(report, { check: Number(check), tests: Number(tests) });
  process.stdout.write(`\n${lines.join('\n')}\n`);
  process.exitCode = ok ? 0 : 1;
}
