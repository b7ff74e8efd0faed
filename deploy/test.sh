#!/usr/bin/env bash
# Sets up what the tests need, from bare, and runs them all, real VMs included. A control plane that runs on this host is not touched:
# the tests bring their own, with its own data folder, port, pool and addresses.
#   --slow   also runs the tests that take hours. Other arguments go to vitest.
#   --host   instead sets up, uses, reboots and uninstalls a whole host in a VM: Debian 12, or --host=13; see tests/host/host-test.ts.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

NEED_GIB=15           # in /var/tmp, at the most that is held at once
NEED_MEMORY_GIB=6
TIME_LIMIT=80m        # of the tests themselves; half of it is usual on two slow cores
CHROMA=chromadb==1.5.0   # the server that memory's vectors are tried against; beside Node, so that the next run finds it
CHROMA_HOME=$SOMNUS_LIB/chroma

# The tests know where it is. Put in place when it is whole: an interrupted attempt is begun anew.
install_chroma() {
  [ "$(cat "$CHROMA_HOME/installed" 2>/dev/null)" != "$CHROMA" ] || return 0
  rm -rf "$CHROMA_HOME"
  mkdir -p "$SOMNUS_LIB"
  python3 -m venv "$CHROMA_HOME"
  retry 3 "$CHROMA_HOME/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check "$CHROMA"
  echo "$CHROMA" >"$CHROMA_HOME/installed"
}

# Before anything is installed: a machine that is too small says so at once, not in the middle of a test.
require_resources() {
  local free_gib memory_gib
  free_gib=$(df --output=avail -B1G /var/tmp | tail -n 1 | tr -d ' ')
  memory_gib=$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
  say "The tests use up to $NEED_GIB GiB in /var/tmp ($free_gib GiB free) and $NEED_MEMORY_GIB GiB of memory ($memory_gib GiB available)."
  [ "$free_gib" -ge $NEED_GIB ] || fail "the tests need $NEED_GIB GiB in /var/tmp, and $free_gib GiB are free" "Free some space there."
  [ "$memory_gib" -ge $NEED_MEMORY_GIB ] || fail "the tests need $NEED_MEMORY_GIB GiB of memory, and $memory_gib GiB are available" "End other programs, such as VMs."
}

case ${1:-} in
  --host | --host=12 | --host=13)
    release=${1#--host} release=${release#=}
    shift
    require_debian_root
    lock_setup
    say "Setting up the test host"
    prepare_host "${PACKAGES[@]}" "${TEST_PACKAGES[@]}"
    finish_services
    exec 9>&-
    node "$REPO/tests/host/host-test.ts" --release "${release:-12}" "$@" || exit 1
    exit
    ;;
esac

slow=no
if [ "${1:-}" = --slow ]; then slow=yes; shift; fi
selection=(--project '!slow')
if [ $slow = yes ]; then selection=() TIME_LIMIT=8h; fi
case " $*" in *" --project"*) selection=() ;; esac

require_debian_root "$@"
lock_setup
require_resources

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
TEST_RUN_ID=$(cat /proc/sys/kernel/random/uuid)
TEST_RUN_ID=$TEST_RUN_ID timeout --foreground --kill-after=120 $TIME_LIMIT \
  node node_modules/vitest/vitest.mjs run --reporter=default --reporter=json --outputFile.json="$SCRATCH/report.json" "${selection[@]}" "$@" </dev/null || tests=$?
[ $tests != 124 ] || say "The tests were ended after $TIME_LIMIT."
node tests/support/clean-up.ts "$TEST_RUN_ID" || tests=1   # of a run that was killed: otherwise nothing is left
node deploy/test-summary.ts "$SCRATCH/report.json" $check $tests
