#!/usr/bin/env bash
# Sets up what the tests need, from bare, and runs them all, real VMs included. A control plane that runs on this host is not touched:
# the tests bring their own, with its own data folder, port, pool and addresses. Arguments go to vitest.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CHROMA=chromadb==1.5.0   # the server that memory's vectors are tried against; beside Node, so that the next run finds it
CHROMA_HOME=$SOMNUS_LIB/chroma

# The tests know where it is. Put in place when it is whole: an interrupted attempt is begun anew.
install_chroma() {
  [ "$(cat "$CHROMA_HOME/installed" 2>/dev/null)" != "$CHROMA" ] || return 0
  rm -rf "$CHROMA_HOME"
  mkdir -p "$SOMNUS_LIB"
  python3 -m venv "$CHROMA_HOME"
  retry 3 "$CHROMA_HOME/bin/pip" install --quiet --disable-pip-version-check "$CHROMA"
  echo "$CHROMA" >"$CHROMA_HOME/installed"
}

require_debian_root "$@"
lock_setup

say "Setting up the tests"
prepare_host "${PACKAGES[@]}" "${TEST_PACKAGES[@]}"
begin "Chroma" install_chroma
begin "embedding model" node "$REPO/orchestrator/memory/embedding/fetch-model.ts" "$SOMNUS_LIB/models/all-MiniLM-L6-v2"
finish_services
finish "Chroma" "embedding model"
exec 9>&-   # a quickstart may run beside the tests

cd "$REPO"
say "" "Types and lint"
check=0
npm run --silent check || check=$?
say "" "Tests"
tests=0
npx vitest run --reporter=default --reporter=json --outputFile.json="$SCRATCH/report.json" "$@" </dev/null || tests=$?
node deploy/test-summary.ts "$SCRATCH/report.json" $check $tests
