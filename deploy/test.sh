#!/usr/bin/env bash
# Sets up what the tests need, from bare, and runs them all, real VMs included. A control plane that runs on this host is not touched:
# the tests bring their own, with its own data folder, port, pool and addresses. Arguments go to vitest.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

require_debian_root "$@"
lock_setup

say "Setting up the tests"
prepare_host "${PACKAGES[@]}" "${TEST_PACKAGES[@]}"
finish_services
exec 9>&-   # a quickstart may run beside the tests

cd "$REPO"
say "" "Types and lint"
check=0
npm run --silent check || check=$?
say "" "Tests"
tests=0
npx vitest run --reporter=default --reporter=json --outputFile.json="$SCRATCH/report.json" "$@" </dev/null || tests=$?
node deploy/test-summary.ts "$SCRATCH/report.json" $check $tests
