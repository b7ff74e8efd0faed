#!/usr/bin/env bash
# Installs what the tests need on a bare host and runs them all, including tests on real VMs. A control plane that runs on this host is not affected:
# the tests start their own, with its own data folder, port, pool and addresses.
#   --slow   also run the tests that take hours, and all cases of the fault tests. Other arguments go to vitest.
#   --host   instead set up, use, reboot and uninstall a whole host in a VM: Debian 12, or --host=13; see tests/host/host-test.ts.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

NEED_GIB=15           # in /var/tmp, at the peak
NEED_MEMORY_GIB=6
TIME_LIMIT=80m        # for the tests themselves; they usually take half of it on two slow cores
CHROMA=chromadb==1.5.0   # the vector server that memory is tested with; installed beside Node, so that the next run finds it
CHROMA_HOME=$SOMNUS_LIB/chroma

# Marks the installation when it is complete: an interrupted attempt starts over.
install_chroma() {
  [ "$(cat "$CHROMA_HOME/installed" 2>/dev/null)" != "$CHROMA" ] || return 0
  rm -rf "$CHROMA_HOME"
  mkdir -p "$SOMNUS_LIB"
  python3 -m venv "$CHROMA_HOME"
  retry 3 "$CHROMA_HOME/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check "$CHROMA"
  echo "$CHROMA" >"$CHROMA_HOME/installed"
}

# Checks before anything is installed that the host is large enough, so that no test fails halfway.
require_resources() {
  local free_gib memory_gib
  free_gib=$(df --output=avail -B1G /var/tmp | tail -n 1 | tr -d ' ')
  memory_gib=$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
  say "The tests use up to $NEED_GIB GiB in /var/tmp ($free_gib GiB free) and $NEED_MEMORY_GIB GiB of memory ($memory_gib GiB available)."
  [ "$free_gib" -ge $NEED_GIB ] || fail "the tests need $NEED_GIB GiB in /var/tmp, but only $free_gib GiB are free" "Free some space there."
  [ "$memory_gib" -ge $NEED_MEMORY_GIB ] || fail "the tests need $NEED_MEMORY_GIB GiB of memory, but only $memory_gib GiB are available" "Stop other programs, such as VMs."
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
if [ $slow = yes ]; then selection=() TIME_LIMIT=8h; export SOMNUS_TEST_SLOW=1; fi
case " $*" in *" --project"*) selection=() ;; esac

require_debian_root "$@"
lock_setup
require_resources

say "Setting up the tests"
prepare_host "${PACKAGES[@]}" "${TEST_PACKAGES[@]}"
begin "Chroma" install_chroma
begin "embedding model" node "$REPO/common/embedding/fetch-model.ts" "$SOMNUS_LIB/models/all-MiniLM-L6-v2"
finish_services
finish "Chroma" "embedding model"
exec 9>&-   # allows a quickstart during the tests

cd "$REPO"
say "" "Types and lint"
check=0
npm run --silent check || check=$?
say "" "Tests"
tests=0
TEST_RUN_ID=$(cat /proc/sys/kernel/random/uuid)
TEST_RUN_ID=$TEST_RUN_ID timeout --foreground --kill-after=120 $TIME_LIMIT \
  node node_modules/vitest/vitest.mjs run --reporter=default --reporter=json --outputFile.json="$SCRATCH/report.json" "${selection[@]}" "$@" </dev/null || tests=$?
[ $tests != 124 ] || say "The tests reached their time limit of $TIME_LIMIT and were stopped."
node tests/support/clean-up.ts "$TEST_RUN_ID" || tests=1   # only a run that was killed leaves anything behind
node deploy/test-summary.ts "$SCRATCH/report.json" $check $tests
