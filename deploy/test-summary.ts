// The last line of the test command, in a form that is read without knowing the test runner. For deploy/test.sh.
//   node deploy/test-summary.ts REPORT CHECK-EXIT-CODE TESTS-EXIT-CODE
import { readFileSync } from 'node:fs';

/** What is used of vitest's JSON report, which has Jest's form. */
export interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; status: string; message: string; assertionResults: { status: string }[] }[];
}

/** Whatever is wrong counts as failed, also where no single test is to blame. Pure. */
export function summarize(report: Report | undefined, exitCodes: { check: number; tests: number }): { lines: string[]; ok: boolean } {
  const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests, testResults } = report
    ?? { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  const broken = testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'));
  const others = broken.map(({ name, message }) => `${name} (${message.split('\n')[0] ?? ''})`);
  if (exitCodes.check !== 0) others.push('npm run check');
  if (exitCodes.tests !== 0 && numFailedTests + broken.length === 0) others.push(report === undefined ? 'the test run, which gave no report' : 'the test run, outside of any test');
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
    // Said in the summary.
  }
  const { lines, ok } = summarize(report, { check: Number(check), tests: Number(tests) });
  process.stdout.write(`\n${lines.join('\n')}\n`);
  process.exitCode = ok ? 0 : 1;
}
