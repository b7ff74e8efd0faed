#!/usr/bin/env bash
# Sets up what the tests need, from bare, and runs them all, real VMs included. A control plane that runs on this host is not touched:
# the tests bring their own, with its own data folder, port, pool and addresses. Arguments go to vitest.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

require_debian_root "$@"
STATE=/var/lib/somnus-test

say "Setting up the tests"
step "Debian packages" install_packages $STATE/installed-packages "${PACKAGES[@]}" "${TEST_PACKAGES[@]}"
step "Node $NODE_MAJOR" install_node $STATE/installed-packages
step "npm packages" install_npm_packages
step "libvirt and Docker" start_services $STATE/daemons

cd "$REPO"
status=0
npm run --silent check || status=1
report=$(mktemp)
npx vitest run --reporter=default --reporter=json --outputFile.json="$report" "$@" || status=1
# Said in a form that is read without knowing the test runner.
node - "$report" <<'JS' || status=1
const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites, testResults } = JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8'));
const brokenFiles = testResults.filter((file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed')).length;
console.log(`\n${numPassedTests} passed, ${numFailedTests + brokenFiles} failed, ${numPendingTests + numTodoTests} skipped`);
process.exitCode = numFailedTests + brokenFiles + numFailedTestSuites > 0 || numPassedTests === 0 ? 1 : 0;
JS
rm -f "$report"
exit $status
